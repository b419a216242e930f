"""A run's process: ready before its order, ended whatever it does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mcp_server.rig import command_of, gone, in_a_thread
from tests.project import LOOK, WAIT_FOR_EVER, Project
from tokenbroker.jobs import process as process_module
from tokenbroker.jobs.events import Ended, Event, StepBegan
from tokenbroker.jobs.order import Order
from tokenbroker.jobs.process import RunProcess
from tokenbroker.jobs.ready import ReadyProcess

pytestmark = pytest.mark.req("MCP-2", "RUN-9")


@pytest.fixture
def start(demo_project: Project) -> Callable[[], RunProcess]:
    return lambda: RunProcess.start(root=demo_project.folder, environ=demo_project.environment({}))


@pytest.fixture
def home(demo_project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the parent, which is this process, makes the runs' temporary folders."""
    monkeypatch.setattr("tempfile.tempdir", str(demo_project.temporary))
    return demo_project.temporary


@pytest.mark.browser
def test_a_run_ends_by_itself_and_its_process_with_it(
    demo_project: Project, start: Callable[[], RunProcess], home: Path
) -> None:
    flow = demo_project.folder / demo_project.flow("look")

    async def work() -> tuple[list[Event], RunProcess]:
        process = start()
        events = [event async for event in process.run(Order(flow=flow))]
        await process.end()
        return events, process

    events, process = in_a_thread(work)
    assert [event.number for event in events if isinstance(event, StepBegan)] == [1, 2]
    assert events[-1] == Ended(exit_code=0)
    assert (process.exit_code, process.interrupted) == (0, False)
    assert list(home.iterdir()) == []
    assert demo_project.processes() == []


@pytest.mark.browser
def test_a_process_that_does_not_heed_is_killed_with_its_driver(
    demo_project: Project, start: Callable[[], RunProcess], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "GRACE_S", 0.2)
    demo_project.write(
        "conftest.py", "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)  # deaf\n"
    )
    flow = demo_project.folder / demo_project.flow("stuck", WAIT_FOR_EVER)

    async def work() -> tuple[list[int], RunProcess]:
        process = start()
        async for event in process.run(Order(flow=flow)):
            if isinstance(event, StepBegan) and event.number == event.total:
                break
        pids = demo_project.processes()
        await process.end()
        return pids, process

    pids, process = in_a_thread(work)
    assert len(pids) > 2
    assert gone(pids) == []
    assert (process.exit_code, process.interrupted) == (-9, True)
    assert list(home.iterdir()) == []


def test_a_run_that_talks_much_is_not_held_up(
    demo_project: Project, start: Callable[[], RunProcess], home: Path
) -> None:
    demo_project.write("conftest.py", "print('x' * 1_000_000)\nprint('the end')\nimport no_such_module\n")
    flow = demo_project.folder / demo_project.flow("look", LOOK)

    async def work() -> RunProcess:
        process = start()
        async for _ in process.run(Order(flow=flow)):
            pass
        await process.end()
        return process

    process = in_a_thread(work)
    assert "no_such_module" in process.output
    assert len(process.output) < 10_000


def test_one_that_died_while_it_was_kept_ready_is_not_taken(start: Callable[[], RunProcess]) -> None:
    async def work() -> tuple[int, int, bool]:
        ready = ReadyProcess(start)
        ready.prepare()
        first = ready._ready
        assert first is not None
        first._process.kill()
        assert gone([first.pid]) == []
        process = await ready.take()
        taken = process.pid, first.pid, "child" in command_of(process.pid) or process.waits
        await process.end()
        await ready.close()
        return taken

    taken, died, alive = in_a_thread(work)
    assert taken != died
    assert alive


def test_ending_one_without_an_order_takes_no_grace(start: Callable[[], RunProcess]) -> None:
    async def work() -> RunProcess:
        ready = ReadyProcess(start)
        ready.prepare()
        process = ready._ready
        assert process is not None
        await ready.close()
        return process

    process = in_a_thread(work)
    assert process.interrupted is False
    assert gone([process.pid]) == []
