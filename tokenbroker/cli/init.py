"""``tokenbroker init``."""

import ipaddress
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import typer

from tokenbroker.errors import UsageError
from tokenbroker.scaffold import write_project
from tokenbroker.settings import origin_of

_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


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
    name = site or _site_of(origin)
    for written in write_project(folder, site=name, origin=origin):
        print(f"{'written' if written.created else 'was there, left as it is'}: {written.path}")
    print(
        "\nNext:\n"
        f"  1. edit flows/{name}/create_api_key.yaml: its selectors are a guess\n"
        f"  2. tokenbroker secrets put {name}.email && tokenbroker secrets put {name}.password\n"
        "  3. name who may open the sealed bundles: [audit] recipients in tokenbroker.toml (`age-keygen` makes a key)\n"
        f"  4. tokenbroker run flows/{name}/create_api_key.yaml --headed --live"
    )


def _site_of(origin: str) -> str:
    """The name in front of the host's public ending: ``yourcloud`` of ``console.yourcloud.co.uk``."""
    host = (urlsplit(origin).hostname or "").strip(".")
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return "site"
    names = host.split(".")
    if len(names) > 1:
        names.pop()
    if len(names) > 1 and names[-1] in _SECOND_LEVEL:
        names.pop()
    return "".join(letter for letter in names[-1] if letter.isalnum()) or "site"
