"""``tokenbroker init``."""

from pathlib import Path

import typer

from tokenbroker.errors import UsageError
from tokenbroker.scaffold import write_project
from tokenbroker.settings import origin_of
from tokenbroker.settings.origins import site_of


def init(
    address: str = typer.Argument("https://console.example.com", metavar="URL", help="The site's address."),
    site: str = typer.Option("", help="The site's name in one word; default: from its address."),
    folder: Path = typer.Option(Path(), "--dir", help="Where to write."),
) -> None:
    """Begin with your own site: write settings, one flow, a CI workflow and .gitignore. Overwrites nothing."""
    try:
        origin = origin_of(address)
    except ValueError:
        raise UsageError(f"{address} is not an address such as https://console.example.com") from None
    name = site or site_of(origin)
    for written in write_project(folder, site=name, origin=origin):
        print(f"{'written' if written.created else 'was there, left as it is'}: {written.path}")
    print(
        "\nNext:\n"
        f"  1. edit flows/{name}/create_api_key.yaml: its selectors are a guess; or create one token\n"
        f"     by hand, and let it be written for you: tokenbroker record {origin}/login --site {name}\n"
        f"  2. tokenbroker secrets put {name}.email && tokenbroker secrets put {name}.password\n"
        "  3. name who may open the sealed bundles: [audit] recipients in tokenbroker.toml (`age-keygen` makes a key)\n"
        f"  4. tokenbroker run flows/{name}/create_api_key.yaml --headed --live"
    )
