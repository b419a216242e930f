"""JUnit: one test case, and XML whatever a run says."""

from xml.etree import ElementTree

import pytest

from tests.evidence.bundle.run_folders import FLOW, a_record
from tokenbroker.evidence.bundle.junit import junit_of

pytestmark = pytest.mark.req("AUDIT-2")


def suite(**changes: object) -> ElementTree.Element:
    (found,) = ElementTree.fromstring(junit_of(a_record(**changes)))
    return found


def test_a_good_run_is_one_case_that_passed() -> None:
    found = suite()
    (case,) = found.findall("testcase")
    assert (case.get("classname"), case.get("name")) == (FLOW.site, FLOW.name)
    assert [child.tag for child in case] == ["system-out"]
    assert (found.get("tests"), found.get("failures"), found.get("errors")) == ("1", "0", "0")


@pytest.mark.parametrize(
    ("status", "tag", "counter"),
    [
        ("failed", "failure", "failures"),
        ("interrupted", "error", "errors"),
        ("skipped", "skipped", "skipped"),
    ],
)
def test_another_end_has_its_own_element_and_count(status: str, tag: str, counter: str) -> None:
    found = suite(
        status=status,
        failure={"code": "expect.failed", "report": "it is not so"} if status == "failed" else None,
    )
    assert found.find(f"testcase/{tag}") is not None
    assert found.get(counter) == "1"


def test_what_xml_can_not_hold_does_not_break_it() -> None:
    report = "a\x00b\x1b[31m<c>&]]>\ud800\ufffe\U0001f600"
    found = suite(status="failed", failure={"code": "step.failed", "report": report})
    text = found.findtext("testcase/failure") or ""
    assert text.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert text.endswith("\U0001f600")
