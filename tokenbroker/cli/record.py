"""``tokenbroker record``: watch while a person creates one token by hand, and write it down as a flow (REC-1)."""

import os
import re
import sys
import tempfile
from pathlib import Path

import typer
from playwright.sync_api import sync_playwright

from tokenbroker.cli.home import configuration
from tokenbroker.cli.record_guard import guarded
from tokenbroker.cli.record_review import Desk, Names
from tokenbroker.errors import HumanDenied, HumanUnreachable, UsageError
from tokenbroker.jobs.variables import Withheld, secret_names
from tokenbroker.pytest_plugin.debug_log import silence_debug_log
from tokenbroker.pytest_plugin.single import own_temporary_folder
from tokenbroker.record.capture import record as watch
from tokenbroker.record.recording import Recording
from tokenbroker.record.save import require_free
from tokenbroker.run.browser import launch_options, recorded_context, require_display, started
from tokenbroker.run.chromium import find_browser
from tokenbroker.settings import Settings, origin_of
from tokenbroker.settings.origins import site_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def record(
    address: str = typer.Argument(
        metavar="URL", help="Where creating a token begins: the site's sign-in, mostly."
    ),
    site: str = typer.Option("", help="The site's name in one word; default: from its address."),
    flow: str = typer.Option("create_token", help="The flow's name."),
    sink: str = typer.Option(
        "", metavar="ALIAS", help="Where the flow is to store the token; default: where inputs come from."
    ),
    replace: bool = typer.Option(False, "--replace", help="Write over a flow of that name."),
    headless: bool = typer.Option(
        False, "--headless", hidden=True, help="Without a window: for tests of the recorder."
    ),
) -> None:
    """Watch while you create one token by hand, in a browser of your own, and make a flow of it: reviewed by you, with
    nothing personal or secret in it, as YAML and as a Playwright Test file.

    What is seen while you do it stays in this process's memory. Nothing is written before you say so, and nothing at
    all if you cancel (in the panel, or by Ctrl-C).
    """
    origin = _checked(address)
    settings = configuration()
    names = Names.of(
        settings, site=site or site_of(origin), flow=flow, sink=sink or settings.settings.inputs.sink
    )
    for name in (names.site, names.flow):
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"'{name}' is no name: letters, digits, '-' and '_', such as --flow create_token"
            )
    require_free([*names.files], may_replace=replace)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HumanUnreachable(
            "recording needs you: at a browser's window, and at this terminal for the review",
            next_step="start it at a terminal",
            code="record.no_terminal",
        )
    silence_debug_log()
    # No child needs them; what stores the token and replays the flow afterwards does.
    withheld = Withheld(
        {name: os.environ.pop(name) for name in secret_names([*os.environ], settings.settings)}
    )

    def sit() -> None:
        with own_temporary_folder():
            recording = _watched(address, settings.settings, headed=not headless)
        if recording is None:
            raise HumanDenied("cancelled: nothing was kept", code="record.cancelled")
        Desk(recording, names, withheld, may_replace=replace, headed=not headless).review()

    guarded(sit)


def _checked(address: str) -> str:
    try:
        return origin_of(address)
    except ValueError:
        raise UsageError(f"{address} is not an address such as https://console.example.com/login") from None


def _watched(address: str, settings: Settings, *, headed: bool) -> Recording | None:
    """What the person did in a browser that is theirs alone; None where they have cancelled."""
    found = find_browser(settings.browser, headed=headed)
    if headed:
        require_display(os.environ)
    with (
        tempfile.TemporaryDirectory(prefix="tokenbroker-") as folder,
        sync_playwright() as playwright,
    ):
        options = launch_options(
            found.path, headed=headed, folder=Path(folder), environ=os.environ, given={}, is_gated=False
        )
        with (
            started(lambda: playwright.chromium.launch(**options), found.path) as browser,
            recorded_context(browser, headed=headed) as context,
        ):
            return watch(
                context,
                address=address,
                origins=settings.origin_map,
                say=lambda sentence: print(sentence, flush=True),
            )
