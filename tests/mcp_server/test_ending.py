"""A run that is cancelled, or whose client or server goes away, leaves nothing behind but what is named."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from mcp import MCPError

from tests.mcp_server.rig import (
    STUCK_AFTER_CREATION,
    Answered,
    Served,
    gone,
    in_a_thread,
    served,
    server_pid,
)
from tests.project import LOOK, SIGN_IN, Project

pytestmark = [pytest.mark.req("MCP-2", "RUN-9"), pytest.mark.browser]

STUCK_STEP = 10


@asynccontextmanager
async def stuck_run(server: Served) -> AsyncIterator[set[int]]:
    """A run that has made a key and waits before it can read it; gives the processes that it takes."""
    async with anyio.create_task_group() as group:

        async def run() -> None:
            try:
                await server.call("run_flow", flow="example/stuck")
            except MCPError:
                return  # the server said that it goes away

        group.start_soon(run)
        await server.step(STUCK_STEP).wait()
        yield {*server.project.processes()} - {server_pid(server.project)}
        group.cancel_scope.cancel()


def recovered(project: Project) -> str:
    return project.tokenbroker("recover").out


@pytest.mark.req("RUN-10")
def test_a_cancelled_run_ends_with_all_its_processes_and_names_the_key(attended: Project) -> None:
    attended.flow("stuck", STUCK_AFTER_CREATION)
    attended.flow("refused", LOOK, modes="guided")

    async def work() -> tuple[set[int], list[int], list[str], Answered]:
        async with served(attended, "--max-runs", "1") as server:
            async with stuck_run(server) as processes:
                assert len(processes) > 2  # the run, its driver, its browser
            # The one place is free again only when nothing of the cancelled run is left.
            await server.call("run_flow", flow="example/refused")
            left = await anyio.to_thread.run_sync(gone, processes)
            folders = [path.name for path in attended.temporary.iterdir()]
            return processes, left, folders, await server.call("list_flows")

    _, left, folders, listed = in_a_thread(work)
    assert (left, folders) == ([], [])
    assert ("finish_flow", "example/stuck", "run.interrupted") in attended.audit()
    (leftover,) = listed.content["left_behind"]
    assert (leftover["state"], leftover["key_name"]) == ("possibly_created", "Reporting")
    assert leftover["revoke"].endswith("/api-keys")
    assert "tokenbroker recover" in listed.text
    assert "POSSIBLY CREATED" in recovered(attended)


@pytest.mark.parametrize("way", ["the client closes", "SIGTERM", "SIGKILL"])
def test_a_run_ends_with_its_server(attended: Project, way: str) -> None:
    attended.flow("stuck", STUCK_AFTER_CREATION)

    async def work() -> set[int]:
        async with served(attended) as server, stuck_run(server) as processes:
            if way != "the client closes":
                pid = server_pid(attended)
                os.kill(pid, getattr(signal, way))
                assert await anyio.to_thread.run_sync(gone, [pid]) == []
            return processes

    assert gone(in_a_thread(work)) == []
    assert attended.wait_until_alone()
    assert list(attended.temporary.iterdir()) == []
    assert "POSSIBLY CREATED" in recovered(attended)


def test_a_server_that_ends_leaves_no_process_that_was_kept_ready(demo_project: Project) -> None:
    demo_project.flow("sign_in", SIGN_IN)

    async def work() -> list[int]:
        async with served(demo_project) as server:
            await server.call("list_flows")
            return demo_project.processes()

    assert len(in_a_thread(work)) == 2
    assert demo_project.wait_until_alone()
    assert list(demo_project.temporary.iterdir()) == []
