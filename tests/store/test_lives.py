"""What is known of the life of tokens, and a store of the first release that learns of it (FLOW-8, DATA-1)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tokenbroker.store.engine import Store
from tokenbroker.store.lives import Life, known_lives, remember

pytestmark = pytest.mark.req("FLOW-8", "DATA-1")

LIFE = Life(
    sink="bitwarden",
    path="example/key",
    version=2,
    flow_id="example/create[a]",
    run_id="run-1",
    created_at=datetime(2026, 11, 27, 12, 0, 1, 5, tzinfo=UTC),
    ends_at=datetime(2027, 2, 25, 12, 0, 1, 5, tzinfo=UTC),
    rotates="example/rotate",
    revokes="",
    grace_s=3600,
    owner="platform",
    fingerprint="0123456789abcdef",
)


def test_a_life_comes_back_as_it_was_kept(store: Store) -> None:
    other = replace(LIFE, sink="local", ends_at=None, grace_s=None)
    for life in (LIFE, other):
        remember(store, life)
    assert known_lives(store, ["bitwarden"]) == {("bitwarden", "example/key", 2): LIFE}
    assert [*known_lives(store, ["bitwarden", "local"]).values()] == [LIFE, other]
    assert known_lives(store, ["elsewhere"]) == {}


def test_said_again_it_replaces_what_was_known(store: Store) -> None:
    remember(store, LIFE)
    anew = replace(LIFE, owner="search")
    remember(store, anew)
    assert known_lives(store, ["bitwarden"]) == {("bitwarden", "example/key", 2): anew}
