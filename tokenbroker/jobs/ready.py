"""One process kept ready, so that a run that is asked for begins without waiting for Python to load."""

from collections.abc import Callable

from tokenbroker.jobs.process import RunProcess


class ReadyProcess:
    """Keeps one process that has loaded everything, knows nothing, and waits for an order.

    `start` starts a process; it is asked again after each `take`.
    """

    def __init__(self, start: Callable[[], RunProcess]) -> None:
        self._start = start
        self._ready: RunProcess | None = None

    def prepare(self) -> None:
        """See to it that one is ready; costs a few milliseconds, the loading goes on beside."""
        if self._ready is None:
            self._ready = self._start()

    async def take(self) -> RunProcess:
        """The process that is ready, else one that was started just now; it is the caller's to `end`."""
        ready, self._ready = self._ready, None
        if ready is not None and ready.waits:
            return ready
        if ready is not None:
            await ready.end()
        return self._start()

    async def close(self) -> None:
        """End the process that nobody took."""
        ready, self._ready = self._ready, None
        if ready is not None:
            await ready.end()
