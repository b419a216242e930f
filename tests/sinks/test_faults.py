"""The fault table: what docs/faults.md says of each fault of each sink is what the sink says when it happens."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.sinks import (  # noqa: F401 - each adds its own to PROVOKED
    bitwarden_provocations,
    infisical_provocations,
    local_provocations,
    onepassword_provocations,
    postgres_provocations,
    secrets_manager_provocations,
    vault_provocations,
)
from tests.sinks.provocations import PATH, PROVOKED, SHORT_S, locked
from tests.store.plain import FOREIGN, assert_plain
from tokenbroker.errors import BrokerError, ExitCode
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SINKS, Sink, SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.testing import ACTOR, demo_secret
from tokenbroker.store.sqlite import FILE_NAME, open_store

pytestmark = pytest.mark.req("SECRET-3")

PAGE = Path(__file__).parents[2] / "docs/faults.md"
COLUMNS = ["fault", "code", "what it says", "what to do"]
FAULTS = [
    *("down", "slow", "403", "sealed", "wrong key", "disk full", "corrupt row", "expired credential"),
    *("TLS refused", "DNS fails", "answer cut off"),
]
CODES = {"secret.access_denied", "secret.timeout", "secret.unavailable"}
NEVER = "—"
SECTIONS = {
    "bitwarden": ["bitwarden", "bitwarden (Secrets Manager)"],
    "onepassword": ["onepassword (Connect)"],
}
"""The tables of a sink that has more than one client, or is told by another heading than its own name."""
SOUND = {
    "bitwarden": "bitwarden_sink",
    "bitwarden (Secrets Manager)": "manager_sink",
    "env": "env_sink",
    "infisical": "infisical_sink",
    "local": "local",
    "onepassword (Connect)": "onepassword_sink",
    "postgres": "postgres_sink",
    "vault": "vault_sink",
}
"""The fixture with each sink as it is before and after a fault."""
ACTS: dict[str, Callable[[Sink], object]] = {
    "get": lambda sink: sink.get(PATH, actor=ACTOR),
    "put": lambda sink: sink.put("example/other", demo_secret(), put_id=os.urandom(8).hex(), actor=ACTOR),
    "probe": lambda sink: sink.probe(),
}
FOREIGN_HERE = (
    *FOREIGN,
    *("sqlite", "update ", "pg_", "errno"),
    *("hvac", "requests", "urllib3", "/v1/", "hvs.", "httpx", "/api/", "reqid", "uuid"),
    *("node", "cipher", "econn", "session key"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the page says of one fault of one sink."""

    sink: str
    fault: str
    code: str
    says: str
    to_do: str


def _tables() -> dict[str, list[list[str]]]:
    found = {}
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, body = section.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("|")]
        if lines:
            found[name.replace("`", "")] = [
                [cell.strip() for cell in line[1:-1].split("|")] for line in lines
            ]
    return found


TABLES = _tables()
ROWS = [
    Row(sink=sink, fault=fault, code=code.strip("`"), says=says, to_do=to_do)
    for sink, (_, _, *rows) in TABLES.items()
    for fault, code, says, to_do in rows
]
HAPPENING = {(row.sink, row.fault): row for row in ROWS if row.code != NEVER}


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory() as name:  # tmp_path is closed to other users
        Path(name).chmod(0o755)
        yield Path(name) / "home"


@pytest.fixture
def local(home: Path) -> Iterator[LocalSink]:
    store = open_store(home / FILE_NAME, busy_timeout_s=SHORT_S)
    with open_local(home, default_home=False, store=store) as sink:
        yield sink


@pytest.fixture
def env_sink(local: LocalSink) -> Sink:
    variables = {"TOKENBROKER_SECRET_EXAMPLE_KEY": demo_secret()}
    inputs = SinkInputs(store=local.store, custody=local.custody, variables=variables)
    return open_sink("env", SinkSettings(type="env"), inputs)


@pytest.mark.req("SECRET-1")
def test_the_page_tells_of_every_fault_of_every_sink() -> None:
    told = {sink: [fault for fault, *_ in rows[2:]] for sink, rows in TABLES.items()}
    sections = [section for sink in SINKS for section in SECTIONS.get(sink, [sink])]
    assert told == dict.fromkeys(sections, FAULTS)
    assert all(rows[0] == COLUMNS for rows in TABLES.values())
    assert {row.code for row in HAPPENING.values()} == CODES
    assert all(row.says and bool(row.to_do) == (row.code != NEVER) for row in ROWS)


def test_every_fault_that_can_happen_is_brought_about() -> None:
    assert PROVOKED.keys() == HAPPENING.keys()


def _param(pair: tuple[str, str], row: Row) -> Any:
    """Each sign-in to Bitwarden takes seconds; that its words are ours is proven in test_bitwarden_process.py, too."""
    is_long = row.sink == "bitwarden"
    return pytest.param(row, id="-".join(pair), marks=[pytest.mark.soak] if is_long else [])


@pytest.mark.parametrize("row", [_param(pair, row) for pair, row in HAPPENING.items()])
def test_a_fault_ends_as_the_page_says_and_loses_nothing(row: Row, request: pytest.FixtureRequest) -> None:
    sound = request.getfixturevalue(SOUND[row.sink])
    if sound.writable:
        sound.put(PATH, demo_secret(), put_id="before", actor=ACTOR)
        sound.probe()
    secret = sound.get(PATH, actor=ACTOR)
    provoke, acts = PROVOKED[row.sink, row.fault]
    with provoke(**{name: request.getfixturevalue(name) for name in signature(provoke).parameters}) as opened:
        for act in acts:
            with pytest.raises(BrokerError) as caught:
                ACTS[act](opened())
            assert_said(caught.value, row)
            assert secret.reveal() not in f"{caught.value!r} {caught.value}"
    assert sound.get(PATH, actor=ACTOR) == secret


@pytest.mark.req("AUDIT-1")
@pytest.mark.parametrize(
    "kind", ["bitwarden (Secrets Manager)", "env", "infisical", "onepassword (Connect)", "vault"]
)
def test_nothing_is_given_out_where_the_home_takes_no_audit_row(
    kind: str, local: LocalSink, request: pytest.FixtureRequest
) -> None:
    sink = request.getfixturevalue(SOUND[kind])
    if sink.writable:
        sink.put(PATH, demo_secret(), put_id="before", actor=ACTOR)
    with locked(local), pytest.raises(BrokerError) as caught:
        sink.get(PATH, actor=ACTOR)
    assert_said(caught.value, HAPPENING["local", "slow"])
    assert sink.get(PATH, actor=ACTOR)


def assert_said(error: BrokerError, row: Row) -> None:
    assert_plain(error, row.code)
    assert error.exit_code is ExitCode.UNAVAILABLE
    for cell, said in ((row.says, error.sentence), (row.to_do, error.next_step)):
        assert re.fullmatch(re.escape(cell).replace("…", ".+"), said), said
    for word in FOREIGN_HERE:
        assert word not in f"{error!r} {error}".lower()
