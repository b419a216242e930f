"""The life of a token, as its flow says it (FLOW-8)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import FlowError
from tokenbroker.flow.life import TokenLife, life_said
from tokenbroker.flow.model import Flow

pytestmark = pytest.mark.req("FLOW-8")

CREATED = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


def flow_with(life: str) -> Flow:
    capture = f"- capture_token: {{ selector: .token, secret_ref: 'tokens:a/key', life: {life} }}"
    return flow_from(flow_text("- navigate: 'https://console.example.com/'", capture))


def life_of(life: str) -> TokenLife:
    return TokenLife.of(life_said(flow_with(life).steps[1]))


def test_all_that_can_be_said_is_kept() -> None:
    assert life_of(
        "{ expires_in: 90d, rotates: a/rotate, revokes: a/revoke, grace: 24h, owner: Platform team }"
    ) == TokenLife(
        expires_in=timedelta(days=90),
        rotates="a/rotate",
        revokes="a/revoke",
        grace=timedelta(hours=24),
        owner="Platform team",
    )
    assert life_of("{ labels: [prod, billing.eu] }") == TokenLife(labels=("prod", "billing.eu"))
    assert life_of("{ expires_at: 2027-02-28 }") == TokenLife(expires_at=date(2027, 2, 28))
    assert TokenLife.of({}) == TokenLife()


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("{ expires_in: 90d }", datetime(2027, 2, 25, 23, 30, tzinfo=UTC)),
        ("{ expires_in: 90m }", datetime(2026, 11, 28, 1, 0, tzinfo=UTC)),
        ("{ expires_in: 6w }", datetime(2027, 1, 8, 23, 30, tzinfo=UTC)),
        ("{ expires_at: 2027-02-28 }", datetime(2027, 3, 1, tzinfo=UTC)),  # that day is the last
        ("{ expires_at: 9999-12-31 }", datetime.max.replace(tzinfo=UTC)),
        ("{ owner: platform }", None),
    ],
)
def test_the_end_counts_from_the_creation(said: str, ends: datetime | None) -> None:
    life = life_of(said)
    assert life.ends(CREATED) == ends
    elsewhere = CREATED.astimezone(timezone(timedelta(hours=-8)))
    assert life.ends(elsewhere) == ends


@pytest.mark.parametrize(
    ("life", "code"),
    [
        ("{}", "flow.schema"),
        ("{ expires_in: 90d, expires_at: 2027-02-28 }", "flow.schema"),
        ("{ expires_in: 90 }", "flow.schema"),
        ("{ expires_in: 0d }", "flow.schema"),
        ("{ expires_in: 90days }", "flow.schema"),
        ("{ expires_at: 2027-02-30 }", "flow.bad_date"),
        ("{ expires_at: tomorrow }", "flow.schema"),
        ("{ rotates: rotate }", "flow.schema"),
        ("{ owner: someone@example.com }", "flow.schema"),
        ("{ expires: 90d }", "flow.unknown_key"),
    ],
)
def test_what_makes_no_sense_is_refused(life: str, code: str) -> None:
    with pytest.raises(FlowError) as caught:
        flow_with(life)
    assert caught.value.code == code, caught.value.sentence
    assert ":7:" in caught.value.sentence.splitlines()[0]
    assert "someone@example.com" not in caught.value.sentence.splitlines()[0]


def test_a_flow_without_it_says_nothing() -> None:
    step = flow_from(flow_text("- navigate: 'https://a.example/'")).steps[0]
    assert life_said(step) == {}
