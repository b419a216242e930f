"""For generated pages whose right element is known: what is accepted is that element, or nothing is (RESIL-2)."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from tests.run.targets.pages import Control, Page, pages, redesigns
from tokenbroker.flow.selector import SelectorSet, selector_of
from tokenbroker.run.targets.sets import SetSearch
from tokenbroker.run.targets.verdict import Purpose

pytestmark = [pytest.mark.browser, pytest.mark.req("RESIL-2")]

PLACE = "uid => document.querySelectorAll('.c')[uid]"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A browser's page that shows what a test generates."""

    page: Any

    def show(self, page: Page) -> None:
        self.page.set_content(page.html())

    def accepted(self, shown: Page, selector: SelectorSet, *, only_healed: bool = False) -> Control | None:
        """The control that a press would act on; with `only_healed` None where all alternatives lead to it.

        Without a fingerprint nothing tells that they do so to a lookalike that stands where the element stood.
        """
        search = SetSearch(
            selector=selector,
            frames=(self.page.main_frame,),
            site="test",
            as_written=lambda address: address,
            remaining_s=lambda: 5.0,
            redact=str,
            wordless=False,
            purpose=Purpose.ACT,
        )
        found = search.now()
        if found is None or found.report is None or (only_healed and not found.report.is_healed):
            return None
        number = found.element.evaluate("element => [...document.querySelectorAll('.c')].indexOf(element)")
        return shown.controls[number]

    def recorded(self, shown: Page, target: Control, *, with_fingerprint: bool) -> SelectorSet:
        """The set that a recorder would write for `target`."""
        number = shown.controls.index(target)
        xpath = self.page.locator(".c").nth(number).evaluate(XPATH)
        role = {"button": "button", "a": "link", "div": "button"}[target.tag]
        said: list[dict[str, str]] = [{"role": role, "name": target.words}]
        said += [{"css": f"#{target.id}"}] if target.id else []
        said += [{"xpath": xpath}]
        if not with_fingerprint:
            return selector_of(said)  # type: ignore[return-value]  # a list makes a set
        search = SetSearch(
            selector=selector_of([{"xpath": xpath}, {"css": f":nth-match(.c, {number + 1})"}]),  # type: ignore[arg-type]
            frames=(self.page.main_frame,),
            site="test",
            as_written=lambda address: address,
            remaining_s=lambda: 5.0,
            redact=str,
            wordless=False,
            purpose=Purpose.LOOK,
        )
        found = search.now()
        assert found is not None
        assert found.report is not None
        assert found.report.fingerprint is not None
        return selector_of({"any": said, "fingerprint": found.report.fingerprint.as_options()})  # type: ignore[return-value]


XPATH = """element => {
  const steps = [];
  for (let each = element; each.tagName !== 'MAIN'; each = each.parentElement) {
    const twins = [...each.parentElement.children].filter(other => other.tagName === each.tagName);
    steps.unshift(`${each.tagName.toLowerCase()}[${twins.indexOf(each) + 1}]`);
  }
  return '//main/' + steps.join('/');
}"""


@pytest.fixture(scope="module")
def sheet(flow_browser: Browser) -> Any:
    context = flow_browser.new_context()
    yield Sheet(page=context.new_page())
    context.close()


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), with_fingerprint=st.booleans())
def test_what_is_accepted_after_a_redesign_is_what_was_recorded(
    sheet: Sheet, data: st.DataObject, with_fingerprint: bool
) -> None:
    page = data.draw(pages(), label="page")
    target = data.draw(st.sampled_from(page.controls), label="target")
    sheet.show(page)
    selector = sheet.recorded(page, target, with_fingerprint=with_fingerprint)
    redesigned = data.draw(redesigns(page, target, may_vanish=with_fingerprint), label="redesigned")
    sheet.show(redesigned)
    accepted = sheet.accepted(redesigned, selector, only_healed=not with_fingerprint)
    event("accepted" if accepted else "stopped")
    assert accepted is None or accepted.uid == target.uid, (
        f"{target} before, accepted {accepted}:\n{redesigned.html()}"
    )


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_on_the_page_as_it_was_recorded_the_element_is_accepted(sheet: Sheet, data: st.DataObject) -> None:
    page = data.draw(pages(), label="page")
    target = data.draw(st.sampled_from(page.controls), label="target")
    sheet.show(page)
    selector = sheet.recorded(page, target, with_fingerprint=True)
    accepted = sheet.accepted(page, selector)
    assert accepted is not None
    assert accepted.uid == target.uid
