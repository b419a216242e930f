"""The server over standard input and output: nothing but protocol on the one, redacted logs on standard error."""

import logging
import os
import signal
import sys
from typing import Any

import anyio
from anyio.abc import TaskStatus
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import CallToolResult, InputRequiredResult

from tokenbroker import __version__
from tokenbroker.jobs.ready import ReadyProcess
from tokenbroker.jobs.variables import secret_names
from tokenbroker.mcp_server.answers import redacted
from tokenbroker.mcp_server.desk import Desk
from tokenbroker.mcp_server.project import Project
from tokenbroker.mcp_server.tools import TOOLS
from tokenbroker.redact import RedactingFilter, Redactor
from tokenbroker.secret import Secret
from tokenbroker.settings import KEY_VARIABLES

NAME = "tokenbroker"
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_INSTRUCTIONS = (
    "Flows obtain API tokens in a real browser and store them in a secret sink. Call list_flows, then policy_check, "
    "then run_flow. Tokens and passwords are never part of an answer, and there is no way to ask for one. Where a "
    "person is needed and can't be reached, tell the user what the answer's next_step says."
)


class _RedactingServer(MCPServer[None]):
    """Redacts each answer on its way out, whichever tool gives it."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(NAME, version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING")
        self._redactor = redactor

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[None, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        result = await super().call_tool(name, arguments, context)
        return redacted(result, self._redactor) if isinstance(result, CallToolResult) else result


def build(desk: Desk) -> MCPServer[None]:
    """The server with every tool of :data:`TOOLS`."""
    server = _RedactingServer(desk.redactor)
    for tool in TOOLS.values():
        server.add_tool(
            tool.bind(desk),
            name=tool.name,
            title=tool.title,
            description=tool.description,
            annotations=tool.annotations,
        )
    return server


def serve(project: Project, ready: ReadyProcess, *, max_runs: int) -> None:
    """Serve until the client closes standard input, or a signal ends it; every run is ended first."""
    redactor = _redactor(project)
    _log_redacted(redactor)
    anyio.run(_serve, Desk(project, ready, redactor=redactor, max_runs=max_runs))


async def _serve(desk: Desk) -> None:
    async with anyio.create_task_group() as group:
        await group.start(_stop_at_signal, desk)
        # The client is gone when this returns; the SDK has cancelled its calls, and they have ended their runs.
        await build(desk).run_stdio_async()
        await desk.close()
        group.cancel_scope.cancel()


async def _stop_at_signal(desk: Desk, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        task_status.started()
        async for _ in signals:
            await desk.close()
            sys.stderr.flush()
            # A thread of the SDK reads standard input and can't be woken; an ordinary exit would wait for it.
            os._exit(0)


def _redactor(project: Project) -> Redactor:
    """One that knows the secrets of the environment; a run's own secrets never leave its process."""
    redactor = Redactor()
    settings = project.configuration().settings
    for name in secret_names(project.environ, settings):
        if project.environ[name]:
            label = "master-key" if name in KEY_VARIABLES else f"env:{name}"
            redactor.add(Secret(project.environ[name]), label=label)
    return redactor


def _log_redacted(redactor: Redactor) -> None:
    """Let every log record leave by standard error, redacted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactingFilter(redactor))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
