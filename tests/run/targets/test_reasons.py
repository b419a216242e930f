"""What a person is told where no candidate of a set was accepted (FLOW-3, RESIL-2)."""

from dataclasses import replace

import pytest

from tests.run.targets.test_verdict import CREATE, fits, seen
from tokenbroker.flow.selector import Fingerprint, selector_of
from tokenbroker.run.targets.fingerprint import Surroundings
from tokenbroker.run.targets.reasons import Reason, reason_of
from tokenbroker.run.targets.verdict import Purpose, judge

pytestmark = pytest.mark.req("FLOW-3", "RESIL-2")

RECORDED = Fingerprint(role="button", form="https://a.example.com/keys", name="0001", caption="0002")
BY_PLACE = [{"role": "button", "name": "Create"}, {"css": "form .go"}, {"xpath": "//form/button[2]"}]


def told(*evidence, alternatives=CREATE, now=RECORDED, recorded=RECORDED, purpose=Purpose.ACT) -> Reason:
    selector = selector_of(
        {"any": alternatives, "fingerprint": recorded.as_options()} if recorded else alternatives
    )
    verdict = judge(selector, evidence, purpose=purpose)
    assert verdict.accepted is None
    return reason_of(verdict, selector, evidence, [now] * len(evidence), purpose=purpose)


def test_what_contradicts_is_told_with_both_values():
    now = replace(RECORDED, form="https://evil.example.com/keys")
    reason = told(seen(0, 1, 2, fit=fits(contradicts="form")), now=now)
    assert reason.why == (
        "candidate 1 contradicts the fingerprint: its form is https://evil.example.com, and "
        "https://a.example.com was recorded"
    )
    assert "the fingerprint" in reason.next_step


def test_what_stands_elsewhere_and_what_has_changed_are_told():
    assert "stands elsewhere" in told(seen(0, fit=fits(surroundings=Surroundings.OTHER))).why
    now = replace(RECORDED, name="0009")
    why = told(seen(2, fit=fits(other_name=True)), now=now).why
    assert why == "too little speaks for candidate 1, and it differs from the fingerprint in name"


def test_without_a_fingerprint_the_lack_of_a_mark_is_told():
    reason = told(seen(1, 2), alternatives=BY_PLACE, recorded=None)
    assert reason.why.startswith(
        "css and xpath lead to candidate 1, the others don't, and none of them is a mark"
    )
    assert "the fingerprint that run.json tells" in reason.next_step


def test_one_piece_of_evidence_is_called_by_what_it_rests_on():
    assert "rests on the words that the page shows" in told(seen(0), recorded=None).why
    assert "rests on the same id or name" in told(seen(1), recorded=None).why


def test_different_elements_are_told_as_such():
    assert told(seen(0), seen(1), recorded=None).why == "the alternatives lead to different elements"


def test_a_look_is_told_that_the_words_are_not_shown():
    why = told(seen(1, 2, alone=(2,)), recorded=None, purpose=Purpose.SEE).why
    assert why == "candidate 1 does not show the words that the set asks for"


def test_what_was_just_pressed_is_told_as_that():
    pressed = replace(seen(1, 2), was_pressed=True)
    assert told(pressed, recorded=None).why == (
        "candidate 1 is what was pressed last, and no longer shows the words that the set asks for"
    )


def test_nothing_at_all_is_told_as_that():
    assert told().why == "none of the alternatives matches anything"
