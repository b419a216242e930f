"""A one-time code that comes by `tokenbroker approve`: typed at another terminal, sealed for its run, and kept nowhere."""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pexpect
import psycopg
import pytest

from tests.leak import plants
from tests.leak.canary import Canary
from tests.leak.child import RUN_TIMEOUT_S, Watch, environment, hits_of
from tests.leak.example_site import ExampleSite
from tests.leak.postgres_dump import dumped, in_the_log
from tests.leak.project import Project
from tests.leak.search import Canaries, Hit, find, search_parts, search_tree
from tests.leak.test_terminal import asked, ended
from tests.postgres_server import place_of
from tokenbroker.clock import system_clock
from tokenbroker.store.checkpoints import Waiting, given_to, waiting

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7", "HUMAN-2", "HUMAN-3"),
]


@pytest.fixture(params=["sqlite", "postgres"])
def postgres(request: pytest.FixtureRequest) -> str:
    """The URL of the database that is the store; "" where that is a file of the home."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else ""


def variables_of(url: str) -> dict[str, str]:
    """What lets a project have its store at `url`."""
    if not url:
        return {}
    place = place_of(url)
    assert place.password is not None
    password = place.password.reveal()
    return {
        "TOKENBROKER_STORE__URL": url.replace(f":{password}@", "@"),
        "TOKENBROKER_POSTGRES_STORE_PASSWORD": password,
    }


def the_question(project: Project) -> Waiting:
    ends_at = time.monotonic() + RUN_TIMEOUT_S
    with project.broker() as broker:
        while not (found := waiting(broker.local.store, now=system_clock())):
            assert time.monotonic() < ends_at
    (question,) = found
    return question


@contextmanager
def approving(project: Project, question: Waiting, watch: Watch) -> Iterator["pexpect.spawn[bytes]"]:
    """`tokenbroker approve` at a terminal of its own, which asks for the code; its processes are watched."""
    command = ["-m", "tokenbroker", "approve", question.id]
    with (project.out / "approve.txt").open("wb") as terminal:
        person = pexpect.spawn(
            sys.executable, command, cwd=project.folder, env=environment(project), timeout=RUN_TIMEOUT_S
        )
        person.logfile_read = terminal
        with closing(person):
            person.expect(b"Type the code")
            watch.look(person.pid)
            yield person


def everything(project: Project, watch: Watch, wanted: Canaries, postgres: str) -> list[Hit]:
    """Every canary in the project, its processes, and the database that is its store."""
    hits = hits_of(project, watch, wanted)
    if postgres:
        hits += search_parts(wanted, dumped(postgres), where="the database")
        hits += in_the_log(wanted, postgres)
    return hits


def test_a_code_that_came_by_approve_stands_nowhere_neither_on_its_way_nor_afterwards(
    site: ExampleSite, planted: Canaries, tmp_path: Path, postgres: str
) -> None:
    with asked(tmp_path, site, planted, variables_of(postgres)) as (project, watch, run):
        question = the_question(project)
        with approving(project, question, watch) as person:
            os.kill(run.pid, signal.SIGSTOP)  # so that the answer stays on its way
            person.send(f"{planted.otp.value}\n")
            watch.look(person.pid)
            assert ended(person) == 0
        with project.broker() as broker:
            given = given_to(broker.local.store, question.id)
        assert given is not None
        assert given.sealed is not None
        assert everything(project, watch, planted, postgres) == [], "while it waits for its run"
        os.kill(run.pid, signal.SIGCONT)
        assert ended(run) == pytest.ExitCode.OK
        assert watch.wait_until_all_ended() == []
    (record,) = project.evidence("passes")
    assert [(each["outcome"], each["channel"]) for each in record["checkpoints"]] == [("done", "approve")]
    assert b"answer: done" in (project.out / "approve.txt").read_bytes()
    assert any(
        "tokenbroker\0approve" in content.decode() for _, content in watch.seen if b"approve" in content
    )
    assert everything(project, watch, planted, postgres) == []
    controls_find_the_code(project, planted.otp, postgres)


def controls_find_the_code(project: Project, code: Canary, postgres: str) -> None:
    """The same search, of the same places, once the code was put there."""
    (in_postgres if postgres else in_sqlite)(project, code, postgres)
    (project.out / "approve.txt").write_text(f"Type the code: {code.value}")
    assert search_tree((code,), project.out)
    with closing(Watch()) as watch:
        own = pexpect.spawn("/bin/sh", ["-c", "read line", code.value], env={"CODE": code.value})
        with closing(own):
            watch.look(own.pid)
    seen = {where.partition(" ")[0] for (_, content), where in watch.seen.items() if find((code,), content)}
    assert seen == {"cmdline", "environ"}


def in_sqlite(project: Project, code: Canary, _postgres: str) -> None:
    store = plants.into_free_pages(project, code.value)
    assert search_tree((code,), store)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE planted (value TEXT)")
        connection.execute("INSERT INTO planted VALUES (?)", (code.value,))
        connection.commit()
        assert search_tree((code,), store.with_name("store.db-wal"))


def in_postgres(_project: Project, code: Canary, postgres: str) -> None:
    def held() -> set[str]:
        return {hit.where for hit in search_parts((code,), dumped(postgres), where="it")}

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE planted (value text)")
        connection.execute("INSERT INTO planted VALUES (%s)", (code.value,))
        assert held() == {"it: table planted", "it: file of planted"}
        connection.execute("DELETE FROM planted")
        assert held() == {"it: file of planted"}
    assert in_the_log((code,), postgres)
