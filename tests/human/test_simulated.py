"""The demo's simulated person: reads the phone, and plays nobody beyond this machine."""

import secrets
from datetime import UTC, datetime

import pytest

from tokenbroker.errors import UsageError
from tokenbroker.human.channels import CHANNELS
from tokenbroker.human.channels.simulated import SimulatedPerson
from tokenbroker.human.checkpoint import Checkpoint, Kind, Outcome
from tokenbroker.secret import Secret

pytestmark = pytest.mark.req("HUMAN-4")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PHONE = "http://127.0.0.1:8000/phone"


class Phone:
    """A phone page on which a code stands."""

    def __init__(self) -> None:
        self.code = Secret(f"demo-only-{secrets.token_hex(4)}")
        self.read: list[str] = []

    def __call__(self, url: str) -> Secret:
        self.read.append(url)
        return self.code


def checkpoint(kind: Kind, origin: str = "http://127.0.0.1:8000") -> Checkpoint:
    return Checkpoint(kind=kind, reason="Enter 2FA", flow_id="a/b", origin=origin, deadline=NOW)


def person(phone: Phone) -> SimulatedPerson:
    return SimulatedPerson(PHONE, phone, clock=lambda: NOW)


def test_a_code_is_read_where_a_person_would_read_it() -> None:
    phone = Phone()
    answer = person(phone).ask(checkpoint(Kind.OTP), lambda: False)
    assert (answer.outcome, answer.code, answer.at) == (Outcome.DONE, phone.code, NOW)
    assert (answer.who, answer.channel) == ("simulated person", "simulated")
    assert phone.read == [PHONE]


@pytest.mark.parametrize("kind", [Kind.DEVICE, Kind.CONFIRM, Kind.ACTION])
def test_without_a_code_the_phone_is_left_alone(kind: Kind) -> None:
    phone = Phone()
    answer = person(phone).ask(checkpoint(kind), lambda: False)
    assert (answer.outcome, answer.code, phone.read) == (Outcome.DONE, None, [])


@pytest.mark.parametrize(
    "origin", ["https://console.example.com", "http://127.0.0.1.evil.example", "http://10.0.0.1"]
)
def test_no_site_beyond_this_machine_is_answered(origin: str) -> None:
    phone = Phone()
    with pytest.raises(UsageError) as refused:
        person(phone).ask(checkpoint(Kind.OTP, origin), lambda: False)
    assert refused.value.code == "human.simulated"
    assert phone.read == []
    with pytest.raises(UsageError):
        SimulatedPerson(f"{origin}/phone", phone)


def test_every_channel_stands_in_the_table_under_its_name() -> None:
    assert {name: channel.name for name, channel in CHANNELS.items()} == {name: name for name in CHANNELS}
