"""``tokenbroker demo``: the demo site, ready for a first flow."""

import os
import secrets
import signal
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from threading import Event

import typer

from demo_site.launch import SERVICES, DemoNotStarted, RunningDemo, SeedKey, generate_account, start
from tokenbroker.broker import Broker
from tokenbroker.cli.demo_services import prepare, seeded
from tokenbroker.errors import BrokerError, ExitCode, UsageError
from tokenbroker.secret import Secret
from tokenbroker.settings import FILE_NAME, load_configuration

_FLOW = "create_api_key.flow.yaml"
_MARK = "# written by tokenbroker demo"
"""The first line of the settings that the demo writes, and may write again."""


class DemoUnavailable(BrokerError):
    """The demo site did not come up."""

    code = "demo.not_started"
    exit_code = ExitCode.USAGE


def demo(
    port: int = typer.Option(8765, help="The site's port on loopback; 0 takes a free one."),
    folder: Path = typer.Option(
        Path("tokenbroker-demo"), "--dir", help="A folder for the demo's settings, flow and home."
    ),
    services: bool = typer.Option(
        False, "--services", help="Also twelve services behind one sign-on, whose keys end soon."
    ),
) -> None:
    """Start the demo site and prepare a folder in which the reference flow runs; ends with Ctrl-C."""
    _refuse_foreign(folder)
    keys = seeded() if services else ()
    retired = "Retired integration"
    at_services = (SeedKey(name=retired, service=service.slug) for service in SERVICES)
    account = generate_account(keys=(SeedKey(name=retired, scopes=("read",)), *at_services, *keys))
    with tempfile.TemporaryDirectory(prefix="tokenbroker-demo-") as scratch:
        site, reason = None, ""
        try:
            site = start(database=Path(scratch) / "site.sqlite", accounts=[account], port=port)
        except DemoNotStarted as error:
            reason = str(error)
        if site is None:
            raise DemoUnavailable(reason, next_step="give another port: tokenbroker demo --port 0")
        with site:
            _prepare(folder, site, keys, email=account.email, password=account.password)
            _explain(folder, site, account.email, services=services)
            _until_told_to_end()
    print("\nThe demo site has ended.")


def _until_told_to_end() -> None:
    told = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()


def _refuse_foreign(folder: Path) -> None:
    """Let only a folder be written that is new to us, or that an earlier demo has written."""
    settings = folder / FILE_NAME
    try:
        is_ours = settings.read_text(encoding="utf-8", errors="replace").partition("\n")[0] == _MARK
    except OSError:
        is_ours = False
    theirs = [path for path in (settings, folder / _FLOW) if os.path.lexists(path)]
    if theirs and not is_ours:
        raise UsageError(
            f"{theirs[0]} is there already, and no demo has written it",
            next_step="name another folder: tokenbroker demo --dir FOLDER",
        )


def _prepare(folder: Path, site: RunningDemo, keys: Sequence[SeedKey], *, email: str, password: str) -> None:
    origins = {
        "https://console.example.com": site.url,
        "https://keys.example.com": site.keys_url,
        **site.sign_on_origins,
    }
    settings = f'{_MARK}\nhome = "home"\n\n[sinks.bitwarden]\ntype = "local"\n\n[origin_map]\n' + "".join(
        f'"{origin}" = "{here}"\n' for origin, here in origins.items()
    )
    flow = resources.files("tokenbroker.scaffold").joinpath("project", "reference.flow.yaml")
    reason = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_text(settings, encoding="utf-8")
        (folder / _FLOW).write_text(flow.read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise DemoUnavailable(
            f"the demo's folder {folder} can't be written: {reason}",
            next_step="name another folder: tokenbroker demo --dir FOLDER",
        )
    with Broker(load_configuration(folder, {}), environ={}) as broker:
        for path, value in (("example.email", email), ("example.password", password)):
            broker.local.put(path, Secret(value), put_id=f"demo-{secrets.token_hex(8)}", actor="demo")
        if keys:
            prepare(folder, keys, broker)


def _explain(folder: Path, site: RunningDemo, email: str, *, services: bool) -> None:
    # The variable would win over the demo's settings, and lead into the person's own home.
    unset = "  unset TOKENBROKER_HOME\n" if os.environ.get("TOKENBROKER_HOME") else ""
    print(
        f"Example Cloud runs at {site.url}\n"
        f"  account     {email}  (its password is in the demo's store)\n"
        f"  phone page  {site.phones[email]}\n\n"
        "In another terminal:\n"
        f"  cd {folder}\n{unset}"
        f"  tokenbroker run {_FLOW}\n\n"
        "It asks you for the security code: open the phone page in a browser and read it there.\n"
        f"Other ways to show a key, for flows of your own: {site.url}/products\n"
        f"{_of_services(site, services=services)}\n"
        "Ctrl-C here ends the demo site.",
        flush=True,
    )


def _of_services(site: RunningDemo, *, services: bool) -> str:
    address = site.sign_on_origins["https://id.example.com"]
    if not services:
        return f"Twelve services behind one sign-on: {address} (tokenbroker demo --services   has keys there)"
    return (
        f"Twelve services behind one sign-on ({address}), where keys end in three days:\n"
        "  tokenbroker due\n"
        "  tokenbroker rotate --due --wait"
    )
