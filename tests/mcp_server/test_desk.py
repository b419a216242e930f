"""Runs that wait for a place: how they end when the server or the call does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from mcp import Client

from tests.mcp_server.rig import in_a_thread
from tests.project import TIME_LIMIT_S, Project
from tokenbroker.flow.folders import configured_folders
from tokenbroker.jobs.process import RunProcess
from tokenbroker.jobs.ready import ReadyProcess
from tokenbroker.jobs.variables import Withheld
from tokenbroker.mcp_server.desk import Desk
from tokenbroker.mcp_server.project import Project as ServedProject
from tokenbroker.mcp_server.server import build
from tokenbroker.redact import Redactor

pytestmark = pytest.mark.req("MCP-2")


def no_process() -> RunProcess:
    pytest.fail("a run that waits takes no process")


@dataclass(kw_only=True)
class Waiting:
    """A desk whose one place is taken, and a call of `run_flow` that waits for it."""

    desk: Desk
    client: Client
    release: anyio.Event = field(default_factory=anyio.Event)
    """Ends the run that holds the place."""
    call: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)
    content: dict[str, Any] = field(default_factory=dict)
    held: list[bool] = field(default_factory=list)
    """What the run that holds the place was answered at its end."""


@asynccontextmanager
async def waiting_run(project: Project) -> AsyncIterator[Waiting]:
    folders = configured_folders(project.folder)
    served = ServedProject(root=project.folder, folders=folders, every_yaml=folders, environ=Withheld())
    desk = Desk(served, ReadyProcess(no_process), redactor=Redactor(), max_runs=1)
    holds, waits = anyio.Event(), anyio.Event()

    async def run_and_hold(waiting: Waiting) -> None:
        async def hold(_: anyio.CancelScope) -> None:
            holds.set()
            await waiting.release.wait()

        waiting.held.append(await desk.run(hold))

    async def tell(done: float, total: float | None, message: str | None) -> None:
        waits.set()

    async def call(waiting: Waiting) -> None:
        with waiting.call:
            result = await waiting.client.call_tool(
                "run_flow", {"flow": "example/look"}, progress_callback=tell
            )
            assert isinstance(result.structured_content, dict)
            waiting.content |= result.structured_content
        waiting.over.set()

    with anyio.fail_after(TIME_LIMIT_S):
        async with Client(build(desk)) as client, anyio.create_task_group() as group:
            waiting = Waiting(desk=desk, client=client)
            group.start_soon(run_and_hold, waiting)
            await holds.wait()
            group.start_soon(call, waiting)
            await waits.wait()
            yield waiting
            group.cancel_scope.cancel()


def test_a_run_that_waits_when_the_server_ends_is_told_that_it_never_began(project: Project) -> None:
    project.flow("look")

    async def work() -> Waiting:
        async with waiting_run(project) as waiting:
            await waiting.desk.close()
            await waiting.over.wait()
            return waiting

    waiting = in_a_thread(work)
    content = waiting.content
    assert (content["status"], content["code"]) == ("interrupted", "run.interrupted")
    assert content["next_step"] == "run_flow again"
    assert waiting.held == [True]


def test_a_run_that_is_cancelled_while_it_waits_takes_no_place(project: Project) -> None:
    project.flow("look")

    async def work() -> tuple[bool, bool]:
        async with waiting_run(project) as waiting:
            waiting.call.cancel()
            await waiting.over.wait()
            await waiting.client.list_tools()  # answered after the cancellation was heard
            waiting.release.set()
            began = anyio.Event()

            async def next_one(_: anyio.CancelScope) -> None:
                began.set()

            return await waiting.desk.run(next_one), began.is_set()

    assert in_a_thread(work) == (True, True)
