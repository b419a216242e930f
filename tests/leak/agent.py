"""An agent that talks to `tokenbroker serve --stdio`; whatever the server says is kept, and its processes are watched."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.leak.child import RUN_TIMEOUT_S, Watch, environment
from tests.leak.example_site import ExampleSite
from tests.leak.project import Project
from tests.leak.search import process_tree

# Everything that the server writes goes through tee into a file of the project's, byte for byte.
_TEED = '"$@" | tee "$0"'


@dataclass(kw_only=True)
class Agent:
    """A client of a running server.

    Attributes:
        watch: what the server and all its processes have shown of themselves.
        answers: the structured content of each answer, by the name that the call was given.
    """

    client: Client
    watch: Watch
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def call(self, name: str, tool: str, **arguments: Any) -> None:
        """Call `tool`, and keep what it answers under `name`."""

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            return  # asked for, so that the server tells it

        with anyio.fail_after(RUN_TIMEOUT_S):
            result = await self.client.call_tool(tool, arguments, progress_callback=on_progress)
        assert isinstance(result.structured_content, dict)
        self.answers[name] = result.structured_content


def said(project: Project) -> Path:
    """Everything that the server of `project` has written to its standard output."""
    return project.out / "protocol.jsonl"


def complained(project: Project) -> Path:
    """Everything that it has written to its standard error."""
    return project.out / "stderr.txt"


def server_processes() -> list[int]:
    """The shell, tee and the server, which the person starts: what that person gives them, they hold."""
    return [pid for pid in process_tree(os.getpid()) if b"serve\0--stdio" in _command(pid) or _is_tee(pid)]


def _is_tee(pid: int) -> bool:
    return _command(pid).startswith(b"tee\0")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@asynccontextmanager
async def serving(
    project: Project, site: ExampleSite, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Agent]:
    """A server in the folder of `project`, with `environ` beside what every run is given, until the block ends."""
    parameters = StdioServerParameters(
        command="/bin/sh",
        args=["-c", _TEED, str(said(project)), sys.executable, "-m", "tokenbroker", "serve", "--stdio"],
        env=environment(project, environ),
        cwd=project.folder,
    )
    with complained(project).open("w", encoding="utf-8") as errlog, closing(Watch()) as watch:
        async with Client(stdio_client(parameters, errlog=errlog)) as client:
            shell, *_ = server_processes()
            with site.heard_by(lambda: watch.look(shell)):
                yield Agent(client=client, watch=watch)
