"""Where only a person may act (REC-1, RUN-12)."""

import pytest

from tests.record.compose.sittings import (
    CODE,
    CONSOLE,
    VERIFY,
    Sitting,
    button,
    element,
    submit,
    text_field,
    way,
)
from tokenbroker.human.checkpoint import Kind
from tokenbroker.record.compose import compose
from tokenbroker.record.draft import DraftStep
from tokenbroker.record.recording import FrameSeen, What

pytestmark = pytest.mark.req("REC-1", "RUN-12")
TOKEN = element(way("css", ".token"), tag="code")


@pytest.fixture
def sitting() -> Sitting:
    begun = Sitting()
    begun.go("/verify", shows="Security code")
    return begun


def steps_of(sitting: Sitting) -> list[DraftStep]:
    return [*compose(sitting.recording(), site="example", flow="sample").steps[1:]]


def verbs(sitting: Sitting) -> list[str]:
    return [each.verb for each in steps_of(sitting)]


def test_what_answers_a_code_is_the_runners(sitting):
    sitting.human(Kind.OTP, CODE)
    sitting.type(CODE)
    sitting.note(
        What.CHECK, element(way("label", "Trust this device"), tag="input", role="checkbox", type="checkbox")
    )
    sitting.click(VERIFY, to="/home")
    sitting.click(button("Next", "#next"))
    assert verbs(sitting) == ["wait_human", "click"]


def test_a_code_that_nobody_has_marked_is_one_all_the_same(sitting):
    sitting.type(CODE, "")
    sitting.note(What.PRESS, CODE, value="Enter", to="/home")
    (asked,) = steps_of(sitting)
    assert asked.options == {"reason": "Enter the code (Security code)", "kind": "otp"}


def test_one_field_for_each_digit_is_one_question(sitting):
    sitting.human(Kind.OTP)
    for number in range(6):
        sitting.type(
            element(way("css", f"#digit-{number}"), tag="input", role="textbox", type="text", max_length=1)
        )
    sitting.click(submit("Continue", "#go"), to="/home")
    assert verbs(sitting) == ["wait_human"]


def test_a_page_that_sends_the_code_by_itself_loses_no_later_press(sitting):
    sitting.human(Kind.OTP, CODE)
    sitting.type(CODE)
    sitting.click(button("New key", "#new"))
    assert verbs(sitting) == ["wait_human", "click"]


def test_a_press_on_a_captcha_is_the_persons(sitting):
    sitting.click(element(way("css", ".g-recaptcha"), tag="div", label="I'm not a robot"))
    assert verbs(sitting) == ["wait_human"]


def test_a_press_in_the_frame_of_a_captcha_is_the_persons(sitting):
    sitting.frames = (FrameSeen(name="", url="https://www.google.com/recaptcha/api2/anchor"),)
    sitting.note(What.CHECK, element(way("role", "checkbox", "I am a person"), tag="span", role="checkbox"))
    assert verbs(sitting) == ["wait_human"]


def test_what_is_there_only_afterwards_ends_the_waiting(sitting):
    sitting.human(Kind.DEVICE, to="/home")
    sitting.click(button("New key", "#new"))
    asked = steps_of(sitting)[0]
    assert asked.options["until"] == [{"role": "button", "name": "New key"}, {"css": "#new"}]


def test_a_heading_that_came_ends_it_where_the_page_stays(sitting):
    sitting.human(Kind.ACTION, shows="Thank you")
    sitting.click(button("Get my key", "#get"))
    asked = steps_of(sitting)[0]
    assert asked.options["until"] == 'role=heading[name="Thank you"]'


def test_what_may_have_been_there_before_ends_nothing(sitting):
    sitting.human(Kind.ACTION)
    sitting.click(button("Get my key", "#get"))
    assert "until" not in steps_of(sitting)[0].options


def test_names_with_numbers_are_not_told_as_a_reason(sitting):
    sitting.human(Kind.ACTION, text_field("Order 4711 of Ann", "#order"))
    sitting.events[0] = sitting.events[0].__class__(what=What.NAVIGATE, value=f"{CONSOLE}/verify")
    (asked,) = steps_of(sitting)
    assert asked.options["reason"] == "Do by hand what the page asks for"
