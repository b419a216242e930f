"""A process that runs one flow for somebody else: ``python -m tokenbroker.pytest_plugin.child CONTROL EVENTS``.

Both are numbers of inherited pipes. Over CONTROL comes the order, one line; its end (the parent closed it, or is
gone) is what Ctrl-C is at a terminal. Events go out over EVENTS. Standard output and error are for strangers only.

The process may be started ahead of time: it loads what any run needs, knows nothing, and waits for its order.
"""

import contextlib
import os
import resource
import signal
import sys
import tempfile
import threading
from importlib import import_module
from pathlib import Path

import pytest

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError
from tokenbroker.flow.document import without_excerpts
from tokenbroker.jobs.events import Ended, Event, Trouble, encode, of_plan, of_refusal, of_step
from tokenbroker.jobs.order import GRACE_S, Order
from tokenbroker.jobs.temporary import remove_folder
from tokenbroker.policy.approve import Plan
from tokenbroker.pytest_plugin.options import GIVEN_PARAMS
from tokenbroker.pytest_plugin.own_session import INTERRUPTED
from tokenbroker.pytest_plugin.single import SingleRun
from tokenbroker.pytest_plugin.withheld import hold
from tokenbroker.redact import Redactor
from tokenbroker.run.result import RunEvent, RunResult
from tokenbroker.secret import Secret

_CHUNK = 65536
_NOT_NEEDED = (
    "asyncio",
    "hypothesispytest",
    "allure_pytest",
    "pytest_cov",
    "platformdirs",
    "anyio",
    "xdist.looponfail",
)
"""Plugins of test sessions; each costs time before the first step."""
_AHEAD = (
    "_pytest.fixtures",
    "pytest_playwright.pytest_playwright",
    "tokenbroker.human.channels",
    "tokenbroker.pytest_plugin.fixtures",
    "tokenbroker.pytest_plugin.session",
    "tokenbroker.run.browser",
    "tokenbroker.run.chromium",
)
"""Modules that every run imports while somebody waits, unless they are here already."""


def main() -> int:
    """Wait for the order, obey it, tell what happens; answers what `tokenbroker run` would answer."""
    control, events = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (control, events):
        os.set_inheritable(descriptor, False)
    # A core holds all that the process knew; and a parent started in the background may ignore SIGINT.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in _AHEAD:
        import_module(name)
    line = _read_line(control)
    if not line:
        return 0  # nobody needs this process any more
    order = Order.from_line(line)
    del line  # secrets in clear, which a look at this frame would show for as long as the run lasts
    os.environ["TMPDIR"] = str(order.temporary)
    tempfile.tempdir = None  # it may have been asked for before the order came
    orphaned = threading.Event()
    threading.Thread(target=_watch, args=(control, orphaned, order.temporary), daemon=True).start()
    code = INTERRUPTED
    run = _Told(order, events)
    with contextlib.suppress(KeyboardInterrupt):
        code = run.obey()
        run.send(Ended(exit_code=code))
    if orphaned.is_set():
        remove_folder(order.temporary)  # the parent does so as well, if there still is one
    return code


def _read_line(control: int) -> bytes:
    read = b""
    while not read.endswith(b"\n"):
        chunk = os.read(control, _CHUNK)
        if not chunk:
            return b""
        read += chunk
    return read


def _watch(control: int, orphaned: threading.Event, temporary: Path) -> None:
    """Interrupt the run once the parent has closed the pipe; end the process if that does not end it in time."""
    with contextlib.suppress(OSError):
        os.read(control, 1)  # nothing comes but the end
    orphaned.set()
    main_thread = threading.main_thread()
    signal.pthread_kill(main_thread.ident or 0, signal.SIGINT)
    main_thread.join(2 * GRACE_S)
    if main_thread.is_alive():  # so the parent is gone too: it would have killed this process by now
        remove_folder(temporary)
        os._exit(INTERRUPTED)


class _Told(SingleRun):
    """Tells the parent what happens."""

    def __init__(self, order: Order, events: int) -> None:
        super().__init__(order.flow, case=order.case)
        self._order = order
        self._events = events
        self._redactor = Redactor()
        for name, value in order.variables.items():
            if value:
                self._redactor.add(Secret(value), label=f"env:{name}")

    def obey(self) -> int:
        """Run what was ordered; answers the exit code."""
        order = self._order
        options = [option for name in _NOT_NEEDED for option in ("-p", f"no:{name}")]
        options += [f"--{name}" for name, given in (("live", order.live), ("again", order.again)) if given]
        options += [f"--mode={order.mode}"] if order.mode else []
        self.perform(options)
        return self.exit_code

    def send(self, event: Event) -> None:
        """Tell `event`; a parent that is gone must not end a run that has just created a key."""
        line = encode(event)
        with contextlib.suppress(OSError):
            while line:
                line = line[os.write(self._events, line) :]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        super().pytest_configure(config)
        hold(config, self._order.variables)
        config.stash[GIVEN_PARAMS] = self._order.params

    def trouble(self, code: str, text: str) -> None:
        """Tell what failed; the home that knows the secrets need not be open yet."""
        if code.startswith("flow."):
            text = without_excerpts(text)
        self.send(Trouble(code=code, text=self._redactor.text(text)))

    def allowed(self, plan: Plan) -> None:
        self.send(of_plan(plan))

    def refused(self, error: BrokerError) -> None:
        super().refused(error)
        self.send(of_refusal(error))

    def event(self, event: RunEvent) -> None:
        self.send(of_step(event))

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        super().finished(result, folder, broker)
        if self.result is not None:
            self.send(self.result)


if __name__ == "__main__":
    sys.exit(main())
