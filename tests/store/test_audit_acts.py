"""The acts that somebody asks about, out of the audit log of either database."""

from datetime import UTC, datetime, timedelta

import pytest

from tokenbroker.store.audit_acts import Asked, actions, acts
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.engine import Store

pytestmark = pytest.mark.req("AUDIT-1")

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def note(store: Store, action: str, key: str, *, actor: str = "ada", days_ago: int = 0) -> None:
    entry = AuditEntry(service_id="a", action=action, actor=actor, key=key, detail={"version": 1})
    record(store, entry, at=NOW - timedelta(days=days_ago))


def keys(store: Store, *wanted: str) -> list[str]:
    return [act.key for act in acts(store, Asked(keys=wanted, last=9))]


def test_of_a_reference_come_its_versions_fields_and_stop_and_nothing_that_begins_alike(store: Store) -> None:
    ours = ["local:a/my_key", "local:a/my_key@1", "local:a/my_key.rotating", "local:a/my_key#name"]
    for key in (*ours, "local:a/my_keys", "local:a/my-key@1", "local:a/my", "team:a/my_key"):
        note(store, "set_token", key)
    assert keys(store, "local:a/my_key") == ours[::-1]
    assert keys(store, "a/my_key", "team:a/my_key") == ["team:a/my_key"]
    assert keys(store, "local:a/my%") == []


def test_they_are_chosen_by_act_actor_and_time_the_newest_first(store: Store) -> None:
    note(store, "get_token", "local:a", days_ago=3)
    note(store, "rotate_token", "local:a", days_ago=2, actor="bob")
    note(store, "rotate_token", "local:b", days_ago=1)

    def found(**asked: object) -> list[tuple[int, str]]:
        return [(act.id, act.key) for act in acts(store, Asked(**{"last": 9, **asked}))]  # type: ignore[arg-type]

    assert found() == [(3, "local:b"), (2, "local:a"), (1, "local:a")]
    assert found(last=1) == [(3, "local:b")]
    assert found(action="rotate_token", actor="bob") == [(2, "local:a")]
    assert found(since=NOW - timedelta(days=2)) == [(3, "local:b"), (2, "local:a")]
    assert actions(store) == {"get_token", "rotate_token"}
    first = acts(store, Asked(last=1))[0]
    assert (first.at, first.detail, first.result) == (NOW - timedelta(days=1), {"version": 1}, "ok")
