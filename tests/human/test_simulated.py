"""The demo's simulated person: does with the phone what a person would, and plays nobody beyond this machine."""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tokenbroker.errors import UsageError
from tokenbroker.human.channels import CHANNELS
from tokenbroker.human.channels.simulated import Habits, Press, SimulatedPerson
from tokenbroker.human.checkpoint import Checkpoint, Kind, Outcome, PageChannel
from tokenbroker.human.phone import PhonePage
from tokenbroker.secret import Secret

pytestmark = pytest.mark.req("HUMAN-4")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ELSEWHERE = ["https://console.example.com", "http://127.0.0.1.evil.example", "http://10.0.0.1"]


@dataclass
class Phone:
    """A phone on which a code and a question stand."""

    code: Secret = field(default_factory=lambda: Secret(f"{secrets.randbelow(10**6):06}"))
    used: list[str] = field(default_factory=list)

    def newest_code(self) -> Secret:
        self.used.append("read")
        return self.code

    def approve(self) -> None:
        self.used.append("approve")

    def deny(self) -> None:
        self.used.append("deny")

    def captcha_answer(self) -> str:
        self.used.append("answer")
        return "1"


def checkpoint(kind: Kind, origin: str = "http://127.0.0.1:8000", seconds: float = 60) -> Checkpoint:
    deadline = NOW + timedelta(seconds=seconds)
    return Checkpoint(kind=kind, reason="Enter 2FA", flow_id="a/b", origin=origin, deadline=deadline)


def person(phone: Phone, pause: Callable[[float], None] | None = None, **habits: Any) -> SimulatedPerson:
    return SimulatedPerson(
        phone, habits=Habits(**habits), clock=lambda: NOW, pause=pause or (lambda seconds: None)
    )


def page_that_says(*said: Outcome | None) -> Callable[[], Outcome | None]:
    """A page that says one thing after the other, and keeps to the last."""
    words = itertools.chain(said, itertools.repeat(said[-1]))
    return lambda: next(words)


def test_a_code_is_read_where_a_person_would_read_it() -> None:
    phone = Phone()
    answer = person(phone).ask(checkpoint(Kind.OTP), page_that_says(None))
    assert (answer.outcome, answer.code, answer.at) == (Outcome.DONE, phone.code, NOW)
    assert (answer.who, answer.channel) == ("simulated person", "simulated")
    assert phone.used == ["read"]


@pytest.mark.req("HUMAN-1")
@pytest.mark.parametrize(
    ("habit", "said", "used"),
    [
        (Press.APPROVE, Outcome.DONE, ["approve"]),
        (Press.DENY, Outcome.DENIED, ["deny"]),
        (Press.NOTHING, Outcome.DONE, []),
    ],
)
def test_a_device_is_answered_on_the_phone_and_the_page_says_how_it_ended(habit, said, used) -> None:
    phone = Phone()
    answer = person(phone, device=habit).ask(checkpoint(Kind.DEVICE), page_that_says(None, None, said))
    assert (answer.outcome, answer.code, phone.used) == (said, None, used)


@pytest.mark.req("HUMAN-1")
def test_a_page_that_says_nothing_until_the_deadline_is_a_time_out() -> None:
    asked = checkpoint(Kind.DEVICE, seconds=0.1)
    assert person(Phone()).ask(asked, page_that_says(None)).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize("kind", [Kind.CONFIRM, Kind.ACTION])
def test_without_a_code_or_a_question_the_phone_is_left_alone(kind: Kind) -> None:
    phone = Phone()
    answer = person(phone).ask(checkpoint(kind), page_that_says(None))
    assert (answer.outcome, answer.code, phone.used) == (Outcome.DONE, None, [])


def test_wrong_codes_come_first_and_none_of_them_is_right() -> None:
    phone = Phone()
    somebody = person(phone, wrong_codes=3)
    codes = [somebody.ask(checkpoint(Kind.OTP), page_that_says(None)).code for _ in range(4)]
    assert [code == phone.code for code in codes] == [False, False, False, True]


def test_a_late_code_is_given_after_its_time() -> None:
    waited: list[float] = []
    phone = Phone()
    somebody = person(phone, pause=waited.append, late_codes=1, late_by_s=301)
    codes = [somebody.ask(checkpoint(Kind.OTP), page_that_says(None)).code for _ in range(2)]
    assert (codes, waited) == ([phone.code, phone.code], [301])


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_no_site_beyond_this_machine_is_answered(origin: str) -> None:
    phone = Phone()
    with pytest.raises(UsageError) as refused:
        person(phone).ask(checkpoint(Kind.OTP, origin), page_that_says(None))
    assert refused.value.code == "human.simulated"
    assert phone.used == []


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_no_phone_beyond_this_machine_is_looked_at(origin: str) -> None:
    def no_browser() -> Any:
        raise AssertionError("a browser was asked for")

    with pytest.raises(UsageError) as refused:
        PhonePage(f"{origin}/phone", no_browser)
    assert refused.value.code == "human.simulated"


def test_every_channel_stands_in_the_table_under_its_name() -> None:
    assert {name: channel.name for name, channel in CHANNELS.items()} == {name: name for name in CHANNELS}


def test_only_a_channel_that_can_act_in_the_page_counts_as_one() -> None:
    assert isinstance(person(Phone()), PageChannel)
    assert not issubclass(CHANNELS["terminal"], SimulatedPerson)
    assert not hasattr(CHANNELS["terminal"], "ask_at_page")
