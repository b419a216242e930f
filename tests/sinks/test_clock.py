"""A clock that is set back changes moments, and nothing else: what was put last is the newest, and the log holds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.postgres_server import place_of
from tokenbroker.sinks.local import open_local
from tokenbroker.sinks.rotation import rotate
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.audit_log import verify_chain
from tokenbroker.store.postgres import open_postgres_store


class SetBack:
    """A clock that stands a year earlier each time that somebody looks."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now -= timedelta(days=365)
        return self._now


@pytest.mark.req("SECRET-4", "AUDIT-1")
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_was_put_last_is_the_newest_whatever_the_clock_says(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgres" else ""
    store = open_postgres_store(place_of(url)) if url else None
    clock = SetBack()
    with open_local(tmp_path / "home", default_home=False, store=store, clock=clock) as sink:
        values = [demo_secret() for _ in range(4)]
        for number, value in enumerate(values):
            assert sink.put("example/key", value, put_id=str(number), actor=ACTOR).version == number + 1
        assert sink.get("example/key", actor=ACTOR) == values[-1]
        assert [each.version for each in sink.list()] == [1, 2, 3, 4]
        moments = [each.created_at for each in sink.list()]
        assert moments == sorted(moments, reverse=True), "the clock did go back"
        sink.probe()
        assert rotate(sink.store, sink.custody.data_keys, actor=ACTOR, clock=clock).records == 4
        assert sink.get("example/key", version=1, actor=ACTOR) == values[0]
        assert sink.remove("example/key", actor=ACTOR) == 4
        assert sink.put("example/key", values[0], put_id="new", actor=ACTOR).version == 5
        assert verify_chain(sink.store).broken is None
