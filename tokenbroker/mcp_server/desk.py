"""What the tools work with, and the runs that are under way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from tokenbroker.jobs.ready import ReadyProcess
from tokenbroker.mcp_server.project import Project
from tokenbroker.redact import Redactor


@dataclass(kw_only=True)
class _UnderWay:
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)


class Desk:
    """Takes the calls of one server.

    Attributes:
        project: what is served.
        ready: where the processes of runs come from.
        redactor: knows the secrets of the environment.
        max_runs: how many runs may be under way at once; further ones wait.
    """

    def __init__(self, project: Project, ready: ReadyProcess, *, redactor: Redactor, max_runs: int) -> None:
        self.project = project
        self.ready = ready
        self.redactor = redactor
        self.max_runs = max_runs
        self._places = anyio.Semaphore(max_runs)
        self._under_way: list[_UnderWay] = []

    @property
    def full(self) -> bool:
        """Whether a run that is asked for now has to wait."""
        return self._places.value == 0

    async def run(self, work: Callable[[anyio.CancelScope], Awaitable[None]]) -> bool:
        """Do `work` once there is a place; answers False where `close` came before that, so that it never began.

        `close` cancels the scope that `work` is given; that is not raised further.
        """
        mine = _UnderWay()
        self._under_way.append(mine)
        begun = False
        try:
            with mine.scope:
                async with self._places:
                    begun = True
                    await work(mine.scope)
        finally:
            self._under_way.remove(mine)
            mine.over.set()
        return begun

    async def close(self) -> None:
        """End every run and wait until nothing of them is left."""
        runs = [*self._under_way]
        for run in runs:
            run.scope.cancel()
        for run in runs:
            await run.over.wait()
        await self.ready.close()
