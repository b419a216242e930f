"""For generated pages and redesigns: a set that is mended as proposed leads, with all of it, to what was found (RESIL-3)."""

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.run.targets.pages import Page, pages, redesigns
from tests.run.targets.test_accepted_is_right import Sheet, sheet
from tokenbroker.flow.mend import Act, is_enough, may_be_proposed, mended
from tokenbroker.flow.selector import SelectorSet
from tokenbroker.run.targets.found import Found
from tokenbroker.run.targets.mending import Mender
from tokenbroker.run.targets.sets import SetSearch
from tokenbroker.run.targets.verdict import Purpose

__all__ = ["sheet"]
pytestmark = [pytest.mark.browser, pytest.mark.req("RESIL-3")]
UID = "element => [...document.querySelectorAll('.c')].indexOf(element)"


def found_by(page: Any, selector: SelectorSet) -> Found | None:
    return SetSearch(
        selector=selector,
        frames=(page.main_frame,),
        site="test",
        as_written=lambda address: address,
        remaining_s=lambda: 5.0,
        redact=str,
        wordless=False,
        purpose=Purpose.ACT,
    ).now()


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), with_fingerprint=st.booleans())
def test_a_set_that_is_mended_as_proposed_leads_to_what_was_found_and_is_healed_no_more(
    sheet: Sheet, data: st.DataObject, with_fingerprint: bool
) -> None:
    page: Page = data.draw(pages(), label="page")
    target = data.draw(st.sampled_from(page.controls), label="target")
    sheet.show(page)
    selector = sheet.recorded(page, target, with_fingerprint=with_fingerprint)
    sheet.show(data.draw(redesigns(page, target, may_vanish=False), label="redesigned"))
    found = found_by(sheet.page, selector)
    if found is None or found.report is None or not found.report.is_healed:
        event("nothing to mend")
        return
    mend = Mender.of(selector, redact=str, inputs={}).mend(found, found.report, is_at_rest=True)
    event(", ".join(each.act.value for each in mend.proposals))
    uid = found.element.evaluate(UID)
    assert {selector.alternatives[each.number].family.value for each in mend.proposals} == {
        *found.report.failed
    }
    assert all(each.fresh is None or may_be_proposed(each.fresh) for each in mend.proposals)
    after = mended(selector, mend)
    if any(each.act is Act.DROP for each in mend.proposals):
        assert is_enough(after)
    if any(each.act is Act.KEEP for each in mend.proposals):
        return
    again = found_by(
        sheet.page,
        SelectorSet(
            alternatives=tuple(after.values()),
            fingerprint=found.report.fingerprint if with_fingerprint else None,
        ),
    )
    assert again is not None
    assert again.report is not None
    assert (again.element.evaluate(UID), again.report.failed) == (uid, ())
