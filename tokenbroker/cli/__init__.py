"""The ``tokenbroker`` command. One file a command; this one holds the table and the way out."""

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from tokenbroker import __version__
from tokenbroker.errors import BrokerError, ExitCode

COMMANDS = (
    "run",
    "record",
    "serve",
    "validate",
    "rule",
    "plan",
    "heal",
    "policy",
    "report",
    "recover",
    "rotate",
    "due",
    "adopt",
    "approve",
    "deny",
    "audit",
    "secrets",
    "config",
    "doctor",
    "demo",
    "init",
    "schema",
)
"""Each is a module of this package: with a group ``app``, or with a function of the command's name."""


class _Commands(TyperGroup):
    """Imports a command's module when it is asked for: listing secrets must not wait for all the others."""

    def list_commands(self, ctx: Any) -> list[str]:  # Any: typer does not publish the type of its contexts
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        with _nothing_collected():
            module = import_module(f"{__name__}.{cmd_name}")
        group = getattr(module, "app", None)
        if group is None:
            group = typer.Typer(add_completion=False)
            group.command(cmd_name)(getattr(module, cmd_name))
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """What is imported stays; to look for garbage in it would take a fifth of the time in which a command starts."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


app = typer.Typer(
    name="tokenbroker",
    cls=_Commands,
    help="API tokens as declarative flows: run in a real browser, kept in a secret sink, proven by evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"tokenbroker {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Read by typer only."""


def main() -> NoReturn:
    """The command's entry point: every known error is one sentence and an exit code, never a traceback.

    Typer answers for its own errors: a wrong command or option ends with 2, Ctrl-C with 130.
    """
    # A core dump of any command would hold what it knew.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        app()
    except BrokerError as error:
        print(error, file=sys.stderr)
        sys.exit(int(error.exit_code))
    sys.exit(int(ExitCode.DONE))
