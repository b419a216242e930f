"""``tokenbroker record``: watch while a person creates one token by hand, and write it down as a flow (REC-1)."""

import os
import sys
import tempfile
import textwrap
from pathlib import Path
from shutil import get_terminal_size

import typer
from playwright.sync_api import sync_playwright

from tokenbroker.cli.home import configuration
from tokenbroker.cli.record_guard import guarded, interruptible
from tokenbroker.cli.record_names import Names
from tokenbroker.cli.record_review import Desk
from tokenbroker.errors import HumanDenied, HumanUnreachable
from tokenbroker.jobs.variables import Withheld, secret_names
from tokenbroker.pytest_plugin.debug_log import silence_debug_log
from tokenbroker.pytest_plugin.own_session import own_temporary_folder
from tokenbroker.record.capture import record as watch
from tokenbroker.record.recording import Recording
from tokenbroker.run.browser import launch_options, recorded_context, require_display, started
from tokenbroker.run.chromium import find_browser
from tokenbroker.settings import Settings


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
    before = Withheld(os.environ)  # whole: the settings take the master key out of it
    names = Names.of(configuration(), address=address, site=site, flow=flow, sink=sink, may_replace=replace)
    settings = names.configuration.settings
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HumanUnreachable(
            "recording needs you: in a browser's window, and at this terminal for the review",
            next_step="start it at a terminal",
            code="record.no_terminal",
        )
    path = _browser(settings, headed=not headless)
    silence_debug_log()
    # No child needs them; what stores the token and replays the flow afterwards does.
    for name in secret_names([*os.environ], settings):
        del os.environ[name]

    def sit() -> None:
        recording = None
        with interruptible(), own_temporary_folder():
            recording = _watched(path, address, settings, headed=not headless)
        if recording is None:
            raise HumanDenied(
                "cancelled: nothing was kept. A key that you may have created is still at the site: revoke it there",
                code="record.cancelled",
            )
        Desk(recording, names, before, headed=not headless).review()

    guarded(sit)


def _browser(settings: Settings, *, headed: bool) -> Path:
    path = find_browser(settings.browser, headed=headed).path
    if headed:
        require_display(os.environ, what="recording", instead="")
    return path


def _watched(path: Path, address: str, settings: Settings, *, headed: bool) -> Recording | None:
    """What the person did in a browser that is theirs alone; None where they have cancelled."""
    with (
        tempfile.TemporaryDirectory(prefix="tokenbroker-") as folder,
        sync_playwright() as playwright,
    ):
        options = launch_options(
            path, headed=headed, folder=Path(folder), environ=os.environ, given={}, is_gated=False
        )
        with (
            started(lambda: playwright.chromium.launch(**options), path) as browser,
            recorded_context(browser, headed=headed) as context,
        ):
            return watch(
                context,
                address=address,
                origins=settings.origin_map,
                say=lambda sentence: print(textwrap.fill(sentence, get_terminal_size().columns), flush=True),
            )
