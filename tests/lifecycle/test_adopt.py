"""What a person says of a key, and what its flow says, become its life (FLOW-8)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import UsageError
from tokenbroker.flow.cases import cases_of
from tokenbroker.flow.life import TokenLife, life_given
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.adopt import Said, Source, adopted, key_name_said, moment_said, source_of
from tokenbroker.sinks import Reference

pytestmark = pytest.mark.req("FLOW-8")

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PLACE = Reference(sink="tokens", path="a/key", version=3, fingerprint="0123456789abcdef")


def cases(*references: str, head: str = "") -> tuple[Flow, ...]:
    captures = [
        f"- capture_token: {{ selector: .t, secret_ref: '{each}', life: {{ expires_in: 90d, revokes: example/revoke }} }}"
        for each in references
    ]
    steps = ("- navigate: 'https://console.example.com/'", "- click: '#go'", *captures)
    return cases_of(flow_from(flow_text(*steps, head=head)))


MATRIX = "params: { who: {} }\nmatrix: { one: { who: a }, two: { who: b } }\n"


def test_the_case_that_stores_into_the_reference_is_found() -> None:
    source = source_of(cases("tokens:${who}/key", head=MATRIX), "tokens:b/key", {})
    assert source == Source(
        flow_id="example/sample[two]",
        life=TokenLife(expires_in=timedelta(days=90), revokes="example/revoke"),
        revoke_at="example/revoke",
    )


@pytest.mark.parametrize(
    ("references", "head", "params", "code"),
    [
        (("tokens:b/key",), "", {}, "adopt.other_reference"),
        ((), "", {}, "adopt.other_reference"),
        (("tokens:a/key", "tokens:a/key"), "", {}, "adopt.other_reference"),
        (("tokens:${who}/key",), "params: { who: {} }\n", {}, "adopt.other_reference"),
        (("tokens:${who}/key",), "params: { who: {} }\n", {"whom": "a"}, "param.unknown"),
        (("tokens:${who}/key",), "params: { who: { pattern: '[b]' } }\n", {"who": "a"}, "param.pattern"),
        (("tokens:${who}/key",), "params: { who: {} }\n", {"who": "a/b"}, "param.not_a_name"),
        (("tokens:a/key",), "params: { who: { personal: true } }\n", {"who": "a"}, "param.personal"),
        (("tokens:${who}/key",), MATRIX, {"who": "a"}, "param.fixed"),
    ],
)
def test_a_flow_that_is_not_this_tokens_is_refused(
    references: tuple[str, ...], head: str, params: dict[str, str], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        source_of(cases(*references, head=head), "tokens:a/key", params)
    assert caught.value.code == code


def test_of_several_captures_the_one_into_the_reference_counts() -> None:
    assert source_of(cases("tokens:a/id", "tokens:a/key"), "tokens:a/key", {}).flow_id == "example/sample"


def test_what_is_said_comes_before_what_is_known_and_that_before_the_flows_word() -> None:
    flow = Source(
        flow_id="example/create",
        life=TokenLife(
            expires_in=timedelta(days=90),
            owner="flow",
            labels=("flow",),
            grace=timedelta(hours=1),
            rotates="a/b",
        ),
        revoke_at="",
    )
    first = adopted(
        Said(life=TokenLife(owner="person"), source=flow, params={"who": "a"}), PLACE, None, now=NOW
    )
    assert (first.owner, first.labels, first.grace_s) == ("person", ("flow",), 3600)
    assert (first.created_at, first.ends_at) == (NOW, NOW + timedelta(days=90))
    assert first.fingerprint == PLACE.fingerprint
    later = NOW + timedelta(days=1)
    assert adopted(Said(life=TokenLife(), source=flow), PLACE, first, now=later) == first
    assert adopted(Said(life=TokenLife()), PLACE, first, now=later) == first
    ends_at = adopted(Said(life=TokenLife(expires_at=date(2026, 12, 31))), PLACE, first, now=later).ends_at
    assert ends_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_another_flow_takes_the_place_of_the_earlier_one_with_all_that_was_about_that() -> None:
    one = Source(flow_id="example/one", life=TokenLife(rotates="example/one-more"), revoke_at="")
    known = adopted(Said(life=TokenLife(), source=one, params={"who": "a"}), PLACE, None, now=NOW)
    known = replace(known, run_id="r", owner="platform")
    two = Source(flow_id="example/two", life=TokenLife(owner="flow"), revoke_at="")
    life = adopted(Said(life=TokenLife(), source=two), PLACE, known, now=NOW)
    assert (life.flow_id, life.rotates, life.run_id, life.params) == ("example/two", "", "", {})
    assert life.owner == "platform"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("2026-03-01T01:30+02:00", datetime(2026, 2, 28, 23, 30, tzinfo=UTC)),
        ("2026-11-28T12:00:00Z", NOW),
    ],
)
def test_a_creation_is_a_date_or_a_time_with_its_offset(text: str, moment: datetime) -> None:
    assert moment_said(text, now=NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2026-11-29",
        "2026-11-27T12:00",
        "yesterday",
        "0001-01-01T00:00+14:00",
        "2026-11-28T12:00:01Z",
    ],
)
def test_a_creation_that_is_none_or_still_to_come_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        moment_said(text, now=NOW)
    assert caught.value.code == "flow.bad_date"


def test_what_is_given_has_the_form_that_a_flow_would_have() -> None:
    given = life_given({"expires_in": "90d", "labels": ["prod", "eu", "prod"]})
    assert given == {"expires_in": "90d", "labels": "prod eu"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"expires_in": "90 days"}, "flow.schema"),
        ({"expires_at": "2027-02-29"}, "flow.bad_date"),
        ({"expires_at": "soon"}, "flow.schema"),
        ({"expires_in": "9d", "expires_at": "2027-02-28"}, "flow.schema"),
        ({"labels": ["two words"]}, "flow.schema"),
        ({"labels": [f"l{number}" for number in range(21)]}, "flow.schema"),
        ({"grace": "0h"}, "flow.schema"),
        ({"revokes": "revoke"}, "flow.schema"),
        ({"owner": "a\n"}, "flow.schema"),
    ],
)
def test_what_a_flow_could_not_say_is_refused(said: dict[str, str | list[str]], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        life_given(said)
    assert caught.value.code == code


@pytest.mark.parametrize("name", [" a", "a\n", "a" * 101])
def test_a_name_that_a_site_could_not_show_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        key_name_said(name)
