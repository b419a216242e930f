"""A pytest session of our own, that runs flows for a command and is followed as it goes."""

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tokenbroker.errors import BrokerError, ExitCode, UsageError
from tokenbroker.jobs.temporary import make_folder, remove_folder
from tokenbroker.pytest_plugin import NAMED_FLOWS
from tokenbroker.pytest_plugin.items import FlowItem
from tokenbroker.pytest_plugin.running import FOLLOWER, Follower

INTERRUPTED = 130
_ARGUMENTS = (
    # Addopts, of the project and of the environment, are for a test session (workers, coverage).
    "-o", "addopts=", "-o", "asyncio_default_fixture_loop_scope=function",
    "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=no",
    # A time-out for tests must not cut off a person, or a run between create and capture. The project's
    # setting of it is then one that nobody knows.
    "-p", "no:timeout", "-W", "ignore::pytest.PytestConfigWarning", "-o", "strict_config=false",
    "-p", "no:unraisableexception",
    # Whoever is here has imported the plugin already.
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip


class OwnSession(Follower):
    """Follows the runs of `files` in a session of its own; subclasses tell what happens.

    Attributes:
        files: the flows' files as pytest names them.
        exit_code: what the command answers to its shell.
    """

    def __init__(self, *files: Path) -> None:
        # Symbolic links are kept, and no dash can be taken for an option.
        self.files = tuple(Path(os.path.abspath(file)) for file in files)  # noqa: PTH100  absolute() keeps ".."
        self.exit_code = int(ExitCode.DONE)

    def trouble(self, code: str, text: str) -> None:
        """For subclasses: something failed, and this is what a person should read of it."""

    def perform(self, options: Sequence[str]) -> None:
        """Run the flows with pytest's own `options` added."""
        os.environ.pop("PYTEST_ADDOPTS", None)
        arguments = [*map(str, self.files), f"--rootdir={Path.cwd()}", *_ARGUMENTS, *options]
        # A Ctrl-C leaves Playwright's call half done. What Python and asyncio say of that once it is collected, after
        # all redaction, would end the session with an error, and may quote what was being typed.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            ended = pytest.main(arguments, plugins=[self])
        if ended == pytest.ExitCode.INTERRUPTED and self.exit_code == 0:
            self.exit_code = INTERRUPTED
            self.trouble("run.interrupted", "Interrupted.")
        elif ended == pytest.ExitCode.NO_TESTS_COLLECTED and self.exit_code == 0:
            self.exit_code = int(ExitCode.USAGE)
            files = ", ".join(map(str, self.files))
            self.trouble("usage", f"{files} was not run: a conftest or setting of the project leaves it out.")
        elif ended != pytest.ExitCode.OK and self.exit_code == 0:
            self.exit_code = int(ExitCode.USAGE)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[FOLLOWER] = self
        config.stash[NAMED_FLOWS] = self.files

    def pytest_internalerror(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> bool:
        """Told by its type and place: pytest's own telling quotes messages and code, which nobody has redacted."""
        place = excinfo.traceback[-1]
        name = f"{excinfo.type.__name__} at {Path(place.path).name}:{place.lineno + 1}"
        self.trouble("internal", f"internal: an error outside the runs ({name})")
        return True

    def _refuse(self, act: Callable[[], object]) -> None:
        try:
            act()
        except UsageError as error:
            self.exit_code = int(error.exit_code)
            self.trouble(error.code, str(error))

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: Any, report: Any) -> None:
        error = call.excinfo.value
        ours = isinstance(error, BrokerError)
        self.exit_code = int(error.exit_code) if ours else int(ExitCode.FAILED)
        text = str(report.longrepr)
        if isinstance(node, FlowItem) and node.redactor is not None:
            text = node.redactor.text(text)
        self.trouble(error.code if ours else "internal", text)


@contextmanager
def own_temporary_folder() -> Iterator[None]:
    """A TMPDIR for the browser and its driver, gone at the end.

    A Ctrl-C that hits Playwright in the middle of a message breaks its connection: the browser then ends with
    its driver, a moment later, and nobody removes its profile.
    """
    before = os.environ.get("TMPDIR")
    folder = make_folder()
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # it was asked for before, and is remembered
    try:
        yield
    finally:
        tempfile.tempdir = None
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before
        remove_folder(folder)
