"""The selector that a step gets from the ways that led to its element (REC-1, FLOW-3)."""

import pytest

from tests.record.compose.sittings import Sitting, element, way
from tokenbroker.flow.selector import Fingerprint
from tokenbroker.record.compose import compose
from tokenbroker.record.compose.targets import chosen, spelled, target_of

pytestmark = pytest.mark.req("REC-1", "FLOW-3")
BUTTON = way("role", "button", "Create")


def test_a_set_has_one_alternative_for_each_thing_that_it_rests_on():
    ways = [
        BUTTON,
        way("text", "Create"),
        way("css", "#create"),
        way("test_id", "make"),
        way("xpath", "//form/button"),
    ]
    assert target_of(ways).option == [
        {"role": "button", "name": "Create"},
        {"css": "#create"},
        {"test_id": "make"},
        {"xpath": "//form/button"},
    ]


def test_a_set_has_four_alternatives_at_most():
    ways = [BUTTON, way("placeholder", "x"), way("css", "#a"), way("test_id", "b"), way("xpath", "//a")]
    assert len(chosen(ways)) == 4


def test_words_alone_are_one_string_and_no_set():
    assert target_of([BUTTON, way("text", "Create")]).option == "text=Create"


def test_one_way_is_enough_for_a_set_beside_a_fingerprint():
    told = target_of([BUTTON], Fingerprint(role="button", alike=1)).option
    assert told == {
        "any": [{"role": "button", "name": "Create"}],
        "fingerprint": {"role": "button", "alike": 1},
    }


@pytest.mark.parametrize("ways", [[], [way("css", "")], [way("text", "a\u2028b")], [way("css", "x" * 1001)]])
def test_what_no_flow_can_say_leads_nowhere(ways):
    assert target_of(ways).option is None


@pytest.mark.parametrize(
    ("said", "role", "text"),
    [
        (way("role", "heading", 'Say "yes"'), "", r'role=heading[name="Say \"yes\""]'),
        (way("role", "button", "Next >>"), "", 'role=button[name="Next >>"]'),
        (way("label", "Name"), "", "text=Name"),
        (way("label", "Name"), "textbox", 'role=textbox[name="Name"]'),
        (way("label", "write"), "checkbox", "text=write"),
        (way("text", "'quoted'"), "", "text=\"'quoted'\""),
        (way("placeholder", "ci-main"), "", '[placeholder="ci-main"]'),
        (way("test_id", "new-key"), "", "[data-testid=new-key]"),
        (way("test_id", "new key"), "", '[data-testid="new key"]'),
        (way("css", "#name"), "", "#name"),
        (way("css", "text='a'"), "", "css=text='a'"),
        (way("xpath", "//samp"), "", "xpath=//samp"),
    ],
)
def test_one_string_is_in_the_syntax_that_the_engine_knows(said, role, text):
    assert spelled(said, role=role) == text


def test_a_selector_that_breaks_easily_is_explained_where_there_is_no_other():
    sitting = Sitting()
    sitting.go("/keys")
    sitting.click(element(way("xpath", "//li[2]/a"), tag="a", role="link"))
    step = compose(sitting.recording(), site="example", flow="sample").steps[-1]
    assert step.options["selector"] == "xpath=//li[2]/a"
    assert "ignore[TB501]" in step.comment
