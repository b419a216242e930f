"""The SDK's own client, talking over standard input and output to a real server process in a project."""

import os
import select
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.project import CREATE, TIME_LIMIT_S, Project

T = TypeVar("T")
CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'
STUCK_AFTER_CREATION = CREATE + '  - wait_for: { selector: "#never-there" }\n    timeout: 2m\n' + CAPTURE
"""Makes a key and never gets to read it; step 10 waits."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a call gave."""

    is_error: bool
    text: str
    content: dict[str, Any]
    progress: list[tuple[float, float | None, str | None]]


@dataclass(kw_only=True)
class Served:
    """A client, and the server that it talks to."""

    client: Client
    project: Project
    stderr: Path
    reached: dict[int, anyio.Event] = field(default_factory=dict)
    """For each step that somebody waits for."""

    async def call(self, tool: str, **arguments: Any) -> Answered:
        """Call a tool, and keep what it tells on the way."""
        progress: list[tuple[float, float | None, str | None]] = []

        async def tell(done: float, total: float | None, message: str | None) -> None:
            progress.append((done, total, message))
            self.step(int(done)).set()

        with anyio.fail_after(TIME_LIMIT_S):
            result = await self.client.call_tool(tool, arguments, progress_callback=tell)
        assert isinstance(result.structured_content, dict)
        return Answered(
            is_error=bool(result.is_error),
            text="".join(getattr(part, "text", "") for part in result.content),
            content=result.structured_content,
            progress=progress,
        )

    def step(self, number: int) -> anyio.Event:
        """Set once progress of that number was told."""
        return self.reached.setdefault(number, anyio.Event())


@asynccontextmanager
async def served(project: Project, *arguments: str, **variables: str) -> AsyncIterator[Served]:
    """A server in the project's folder, and a client of it."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "tokenbroker", "serve", "--stdio", *arguments],
        env=project.environment(variables),
        cwd=project.folder,
    )
    stderr = project.folder / "server.err"
    with stderr.open("a", encoding="utf-8") as errlog:
        async with Client(stdio_client(parameters, errlog=errlog)) as client:
            yield Served(client=client, project=project, stderr=stderr)


def in_a_thread(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in an event loop of its own: a browser test before may have left one on the main thread."""

    async def limited() -> T:
        with anyio.fail_after(2 * TIME_LIMIT_S):
            return await work()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, limited).result()


def ask(project: Project, tool: str, *arguments: str, **values: Any) -> Answered:
    """One call of one tool at a server of its own."""

    async def work() -> Answered:
        async with served(project, *arguments) as server:
            return await server.call(tool, **values)

    return in_a_thread(work)


def command_of(pid: int) -> str:
    """The command line of a process, "" if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def server_pid(project: Project) -> int:
    """The process that serves."""
    (pid,) = [pid for pid in project.processes() if " serve --stdio" in command_of(pid)]
    return pid


def gone(pids: Iterable[int]) -> list[int]:
    """Wait until the processes have ended, and answer those that have not in time."""
    left = []
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([descriptor], [], [], TIME_LIMIT_S)[0]:
                left.append(pid)
        finally:
            os.close(descriptor)
    return left
