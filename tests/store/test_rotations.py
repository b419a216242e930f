"""How far replacements have come: each step with its row in the audit (FLOW-8, AUDIT-1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.raw_sql import execute_raw
from tokenbroker.errors import SecretUnavailable
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.engine import Store
from tokenbroker.store.rotations import (
    Rotation,
    Stage,
    begin_rotation,
    keep_rotation,
    note_stop,
    rotations_under_way,
)

pytestmark = pytest.mark.req("FLOW-8", "AUDIT-1")

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ENTRY = AuditEntry(service_id="example", action="rotate_token", actor="tests", key="local:example/key")
BEGUN = Rotation(
    id="one",
    sink="local",
    path="example/key",
    old_version=1,
    flow_id="example/create",
    key_name="key-1",
    state=Stage.BEGUN,
    begun_at=NOW,
)


def under_way(store: Store) -> list[Rotation]:
    return rotations_under_way(store, ["local"])


@pytest.mark.parametrize(
    "act",
    [
        lambda store: begin_rotation(store, replace(BEGUN, id="two", path="example/other"), ENTRY),
        lambda store: keep_rotation(store, replace(BEGUN, state=Stage.PROVEN), ENTRY, at=LATER),
        lambda store: note_stop(store, BEGUN.id, "rotate.no_key", ENTRY, at=LATER),
    ],
)
def test_where_the_audit_takes_no_row_nothing_of_the_step_is_kept(
    store: Store, act: Callable[[Store], None]
) -> None:
    begin_rotation(store, BEGUN, ENTRY)
    execute_raw(store, "DELETE FROM store_meta WHERE name = 'audit_head'")
    with pytest.raises(SecretUnavailable):
        act(store)
    assert under_way(store) == [BEGUN]
