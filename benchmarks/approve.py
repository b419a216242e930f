"""From an answer at `tokenbroker approve` to the next action of the run that waits for it, in a process of its own."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Figure, spread
from demo_site.launch import generate_account, start
from tests.human.approver import Approver, approver
from tests.postgres_server import new_database, place_of, serve_postgres
from tests.project import LOOK, SETTINGS, Project
from tokenbroker.clock import system_clock
from tokenbroker.human.board import answered
from tokenbroker.human.checkpoint import Answer, Outcome
from tokenbroker.secret import Secret
from tokenbroker.store.checkpoints import Waiting, claim, waiting
from tokenbroker.store.engine import Store

COMMITTED, TYPED = "the answer is committed", "Enter is pressed at approve"
TARGET_MS = 150.0
WAIT_S = 60.0
_AT_LEAST, _WARM_UP = 20, 1
_LOOK_S = 0.02
_ROUNDED_S = 0.002  # evidence tells a moment at most so much early


def measure(rounds: int) -> list[Figure]:
    """The figure of the issue: ≤ 150 ms, on SQLite and PostgreSQL; at least twenty answers of each kind."""
    figures = []
    with serve_postgres(fsync=True) as server, new_database(server) as url:
        for where, store_url in (("SQLite", ""), ("PostgreSQL", url)):
            with _project(store_url) as project:
                taken = _answered(project, max(_AT_LEAST, rounds))
            for since, seconds in taken.items():
                name = f"since {since}, {where}"
                print(f"{name:<58} {spread(seconds)}")
                figures.append(_figure(f"the run goes on {name}", seconds))
    return figures


@contextmanager
def _project(store_url: str) -> Iterator[Project]:
    """A project whose site is the demo, and whose runs wait for `approve`; its store is at `store_url`, if given."""
    account = generate_account()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tokenbroker-bench-")))
        site = stack.enter_context(start(database=scratch / "site.sqlite", accounts=[account]))
        variables = {"TOKENBROKER_HUMAN__UNATTENDED": "wait", "TOKENBROKER_TIMESTAMPS": "millisecond"}
        settings = SETTINGS
        if store_url:
            password = place_of(store_url).password
            assert password is not None
            variables["TOKENBROKER_POSTGRES_STORE_PASSWORD"] = password.reveal()
            settings += f'[store]\nurl = "{store_url.replace(f":{password.reveal()}@", "@")}"\n'
        project = Project(folder=scratch / "project", settings=settings, variables=variables)
        project.attach_demo(site, account)
        yield project
        project.end_processes()


def _answered(project: Project, times: int) -> dict[str, list[float]]:
    """The seconds from each answer to the start of the next step; both kinds take turns in one run."""
    kinds = [COMMITTED, TYPED] * (_WARM_UP + times)
    asks = "".join(
        f'  - wait_human: {{ reason: "Question {n}", kind: confirm }}\n' for n in range(len(kinds))
    )
    flow = project.flow("asks", LOOK + asks + '  - wait_for: { selector: "#email" }\n')
    with (
        approver(project) as person,
        project.broker() as broker,
        project.start("run", "--no-pictures", flow) as process,
    ):
        since = [_answer(kind, broker.local.store, f"Question {n}", person) for n, kind in enumerate(kinds)]
        assert process.stderr is not None
        told = process.stderr.read()
    if process.returncode != 0:
        raise SystemExit(f"the run failed: {told[-2000:]}")
    (record,) = project.folder.glob("reports/*/run.json")
    steps = json.loads(record.read_text())["steps"]
    first = next(number for number, step in enumerate(steps) if step["verb"] == "wait_human")
    began = [datetime.fromisoformat(step["started_at"]).timestamp() for step in steps[first + 1 :]]
    taken: dict[str, list[float]] = {COMMITTED: [], TYPED: []}
    for kind, answered_at, went_on_at in [*zip(kinds, since, began, strict=True)][2 * _WARM_UP :]:
        taken[kind].append(went_on_at + _ROUNDED_S - answered_at)
    return taken


def _answer(kind: str, store: Store, reason: str, person: Approver) -> float:
    """Answer the question with that reason, once it waits; answers when that was, by the clock of the day."""
    question = _question(store, reason)
    if kind == COMMITTED:
        # With a code, which is sealed for the run and opened by it, though nothing asks for one here.
        code = Secret("demo-only-482913")
        own = Answer(outcome=Outcome.DONE, code=code, who="bench", channel="approve", at=system_clock())
        assert claim(store, question, answered(question, own, channel="approve"))
        return time.time()
    person.begin(question.id)
    person.wait_for("Press Enter to go on")
    pressed_at = time.time()
    person.type_at_once("")
    assert person.end() == 0, person.shown
    return pressed_at


def _question(store: Store, reason: str) -> Waiting:
    ends_at = time.monotonic() + WAIT_S
    while time.monotonic() < ends_at:
        for each in waiting(store, now=system_clock()):
            if each.reason == reason:
                return each
        time.sleep(_LOOK_S)  # each look is a write, which must not be in the run's way
    raise SystemExit(f"nobody asks: {reason}")


def _figure(name: str, seconds: list[float]) -> Figure:
    median_ms = statistics.median(seconds) * 1000
    return Figure(
        name=name,
        value=round(median_ms, 1),
        unit=f"ms, median of {len(seconds)}",
        baseline="none",
        target=TARGET_MS,
        ok=median_ms <= TARGET_MS,
    )
