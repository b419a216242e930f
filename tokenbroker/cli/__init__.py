"""The ``tokenbroker`` command. One file a command; this one holds the table and the way out."""

import sys
from typing import NoReturn

import typer

from tokenbroker import __version__
from tokenbroker.cli import config, demo, doctor, init, recover, run, schema, secrets
from tokenbroker.errors import BrokerError, ExitCode

app = typer.Typer(
    name="tokenbroker",
    help="API tokens as declarative flows: run in a real browser, kept in a secret sink, proven by evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("recover")(recover.recover)
app.add_typer(secrets.app, name="secrets")
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("schema")(schema.schema)


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
    try:
        app()
    except BrokerError as error:
        print(error, file=sys.stderr)
        sys.exit(int(error.exit_code))
    sys.exit(int(ExitCode.DONE))
