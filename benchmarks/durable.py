"""What durability costs a run: the spool from intent to clear, and one row of the audit log; 99th percentiles."""

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure
from tests.postgres_server import new_database, place_of, serve_postgres
from tokenbroker.clock import system_clock
from tokenbroker.run.intent import Intent
from tokenbroker.run.spool import Spool
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import open_local
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.engine import Store
from tokenbroker.store.postgres import open_postgres_store

TARGET_MS = 10.0
_TIMES_PER_ROUND = 30
_INTENT = Intent(
    run_id="bench",
    flow_id="example/create_key",
    site="example",
    origin="http://127.0.0.1:8000",
    key_name="bench",
    revoke="example/revoke_key",
    targets=("local:example/key",),
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
)
_ENTRY = AuditEntry(service_id="example", action="get_token", actor="bench", key="local:example/key")


def measure(rounds: int) -> list[Figure]:
    """The figures of the issue: each ≤ 10 ms at the 99th percentile."""
    with tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch:
        home = Path(scratch) / "home"
        with open_local(home, default_home=False) as sink:
            spool = Spool(home / "spool", sink.custody.master_key.derive("spool"))
            times = rounds * _TIMES_PER_ROUND
            taken = {
                "the spool, from intent to clear": _taken(lambda: _one_token(spool), times),
                "a row of the audit log, SQLite": _rows(sink.store, times),
            }
    with (
        serve_postgres(fsync=True) as server,
        new_database(server) as url,
        open_postgres_store(place_of(url)) as store,
    ):
        taken["a row of the audit log, PostgreSQL"] = _rows(store, times)
    return [_figure(name, milliseconds) for name, milliseconds in taken.items()]


def _one_token(spool: Spool) -> None:
    """All that a run writes into the spool for one token."""
    opened = spool.intend(_INTENT)
    opened.mark_pressed()
    opened.seal(0, Secret(f"demo-only-{secrets.token_hex(16)}"))
    opened.mark_stored(0, "local:example/key@1")
    opened.clear()


def _rows(store: Store, times: int) -> list[float]:
    return _taken(lambda: record(store, _ENTRY, at=system_clock()), times)


def _taken(act: Callable[[], object], times: int) -> list[float]:
    milliseconds = []
    for number in range(-10, times):
        began = time.perf_counter()
        act()
        if number >= 0:
            milliseconds.append((time.perf_counter() - began) * 1000)
    return milliseconds


def _figure(name: str, milliseconds: list[float]) -> Figure:
    median, highest = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=100)[98]
    print(f"{name:<58} {median:7.2f} ms, 99th percentile {highest:.2f} ms")
    return Figure(
        name=name,
        value=round(highest, 2),
        unit=f"ms, 99th percentile of {len(milliseconds)}",
        baseline="none",
        target=TARGET_MS,
        ok=highest <= TARGET_MS,
    )
