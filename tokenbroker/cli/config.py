"""``tokenbroker config``."""

from typing import Any

import typer

from tokenbroker.cli.home import configuration, print_rows

app = typer.Typer(help="The settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The settings."""


@app.command("show")
def show(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Print every setting with where it came from; secrets are masked."""
    found = configuration()
    rows: list[dict[str, Any]] = []
    for name, value in found.settings.model_dump(mode="json").items():
        rows.append({"setting": name, "value": value, "from": found.origins[name]})
    given = found.key is not None
    source = "environment" if given else "the store's own"
    rows.append({"setting": "key", "value": "given (masked)" if given else "not given", "from": source})
    print_rows(rows, columns=("setting", "value", "from"), as_json=as_json, empty="")
