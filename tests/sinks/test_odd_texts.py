"""Texts of a store that are none of ours, or were changed: they are said in our words, and no foreign error escapes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sinks.infisical_fixtures import OpenInfisical
from tests.sinks.infisical_server import Infisical
from tests.sinks.onepassword_fixtures import OpenOnePassword
from tests.sinks.onepassword_server import Connect
from tokenbroker.clock import system_clock
from tokenbroker.errors import BrokerError, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks.item_history import History, history_of
from tokenbroker.sinks.secrets_manager_claim import Claims
from tokenbroker.sinks.secrets_manager_note import Told, texts_of, told_by
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-3")

DEEP = 100_000
ODD: dict[str, object] = {
    "infinite": float("inf"),
    "no number": float("nan"),
    "a list": [1],
    "a lone surrogate": "\ud800",
    "long": 10**400,
    "nothing": None,
}


def note_with(change: Callable[[dict[str, Any]], None]) -> str:
    history = History(born="a", last=1).to_text()
    texts = texts_of(Told(value=Secret("demo-only"), history=history, held={1: Secret("demo-only")}))
    assert texts is not None
    said = json.loads(texts[1])
    change(said)
    return json.dumps(said, separators=(",", ":"))


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("where", ["last", "held", "history"])
def test_a_note_with_odd_values_has_a_history_that_can_not_be_read(where: str, odd: object) -> None:
    changes: dict[str, Callable[[dict[str, Any]], Any]] = {
        "last": lambda said: said["tokenbroker"].update(last=odd),
        "held": lambda said: said["held"].update({"1": odd}),
        "history": lambda said: said.update(tokenbroker=odd),
    }
    told = told_by("demo-only", note_with(changes[where]))
    assert told.value == Secret("demo-only")
    assert told.history is not None
    assert history_of(told.history) is None


@pytest.mark.parametrize("deep", ["[" * DEEP, '{"a":' * DEEP], ids=["lists", "objects"])
def test_what_is_nested_without_end_is_odd_too(deep: str) -> None:
    assert told_by("demo-only", f'{{"tokenbroker":{deep}').history == ""
    assert history_of(deep) is None


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01", 5, None]
)
def test_a_moment_that_no_clock_has_is_odd(moment: object) -> None:
    text = json.dumps({"born": "a", "last": 1, "versions": [[1, moment, "", ""]]})
    assert history_of(text) is None


@pytest.mark.parametrize(
    "note",
    [
        '{"writer":"a","lease_s":Infinity}',
        '{"writer":"a","lease_s":1e300}',
        '{"writer":"a","lease_s":NaN}',
        "[" * DEEP,
        "[]",
        "",
    ],
    ids=["infinite", "large", "no number", "deep", "list", "empty"],
)
def test_a_claim_that_can_not_be_read_holds(note: str) -> None:
    claims = Claims(lambda *_: None, lambda *_: None, timeout_s=1, clock=system_clock)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    assert claims._holds({"note": note, "created": long_ago.isoformat()})


def code_of(act: Callable[[], object]) -> str:
    """That of the refusal, or "" for none; whatever else is raised is no refusal."""
    try:
        act()
    except BrokerError as error:
        return error.code
    return ""


@pytest.mark.parametrize("key", ["version", "put", "fingerprint", "removed"])
def test_metadata_in_infisical_that_are_odd_are_said_or_do_not_matter(
    open_infisical: OpenInfisical, infisical: Infisical, key: str
) -> None:
    sink = open_infisical(cache_s=0)
    infisical.set_by_hand("/tokenbroker", "key", "demo-only")
    for text in ("[" * 1020, '"Infinity"', "Infinity", "{}", '"-1"', "not JSON"):
        infisical.rows[0].metadata = [{"key": f"tokenbroker-{key}", "value": text, "isEncrypted": False}]
        assert code_of(lambda: sink.get("key", actor=ACTOR)) in ("", "secret.unavailable")
        assert code_of(lambda: sink.list()) in ("", "secret.unavailable")


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00+23:59", "yesterday", "9999-12-31T23:59:59-23:59"])
def test_a_moment_of_infisical_s_that_no_clock_has_is_said(
    open_infisical: OpenInfisical, infisical: Infisical, created: str
) -> None:
    sink = open_infisical()
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    for row in infisical.rows:
        row.created = created
    with pytest.raises(SecretUnavailable, match="not one of the secrets API"):
        sink.list()


@pytest.mark.parametrize(
    "odd",
    [
        {"sections": ["tokenbroker"]},
        {"sections": 5},
        {"fields": [{"id": "credential", "value": "demo-only", "section": "tokenbroker"}]},
        {"fields": {"id": "credential"}},
        {"createdAt": "0001-01-01T00:00:00+23:59"},
    ],
    ids=["section", "sections", "section of a field", "fields", "moment"],
)
def test_an_item_of_another_shape_in_connect_is_said(
    open_onepassword: OpenOnePassword, connect: Connect, odd: dict[str, object]
) -> None:
    sink = open_onepassword()
    made = connect.add("example/key", {"id": "credential", "value": "demo-only"})
    connect.items[connect.vault, made["id"]] |= odd
    for act in (lambda: sink.get("example/key", actor=ACTOR), lambda: sink.list()):
        assert code_of(act) == ("" if "createdAt" in odd else "secret.unavailable")
