"""``tokenbroker doctor``: what is there, what is missing, and what to do about it."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from tokenbroker import __version__
from tokenbroker.broker import Broker
from tokenbroker.cli.home import open_broker, print_rows
from tokenbroker.errors import BrokerError, ExitCode
from tokenbroker.human.channels import TerminalChannel
from tokenbroker.lifecycle.hook import require_hook
from tokenbroker.run.chromium import Browser, find_browser
from tokenbroker.run.chromium_install import ensure_browser
from tokenbroker.run.pictures import block_font
from tokenbroker.settings import SinkSettings
from tokenbroker.store.sqlite import FILE_NAME

OK, WARNING, MISSING = "ok", "warning", "MISSING"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: str
    found: str
    to_do: str = ""


def doctor(
    mend: bool = typer.Option(
        False, "--mend", help="Install what is missing and can be installed (the browser)."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Look at everything that a run needs, and say what is missing."""
    # Opened once: settings take the key out of the environment, so a second look would find none.
    with open_broker() as broker:
        configured = broker.configuration.settings.browser
        findings = [
            _python(),
            *_browser(configured, mend=mend),
            *_home(broker),
            *hook_findings(broker),
            _person(),
        ]
    rows = [asdict(finding) for finding in findings]
    print_rows(rows, columns=("what", "state", "found", "to_do"), as_json=as_json, empty="")
    if any(finding.state == MISSING for finding in findings):
        raise typer.Exit(int(ExitCode.FAILED))


def _python() -> Finding:
    found = f"Python {platform.python_version()}, tokenbroker {__version__} at {Path(sys.prefix)}"
    return Finding(what="python", state=OK, found=found)


def _browser(configured: Path | None, *, mend: bool) -> Iterator[Finding]:
    look: Callable[[], Browser] = (
        (lambda: ensure_browser(configured)) if mend else (lambda: find_browser(configured))
    )
    try:
        browser = look()
        version = browser.version()
    except BrokerError as error:
        yield Finding(what="browser", state=MISSING, found=error.sentence, to_do=error.next_step)
        return
    yield Finding(
        what="browser", state=OK, found=f"{browser.path} ({browser.kind} {version}, {browser.source})"
    )
    if block_font.works_here() and shutil.which("fc-match") is None:
        yield Finding(what="pictures", state=OK, found="block font; fontconfig's tools are not needed")
    elif not block_font.works_here():
        yield Finding(what="pictures", state=WARNING, found="wireframes: the block font works on Linux only")


def _home(broker: Broker) -> Iterator[Finding]:
    try:
        yield from _opened(broker)
    except BrokerError as error:
        yield Finding(what="store", state=MISSING, found=error.sentence, to_do=error.next_step)


def _opened(broker: Broker) -> Iterator[Finding]:
    if not broker.has_home():
        # A look makes nothing: neither a store nor a key that somebody would have to back up.
        yield Finding(
            what="store", state=OK, found=f"none yet in {broker.home}; the first use makes it, and its key"
        )
        for alias in _remote(broker):
            yield Finding(
                what=f"sink {alias}",
                state=WARNING,
                found="not looked at: without a store nothing of it can be proven",
                to_do="tokenbroker secrets list   makes the store; then: tokenbroker doctor",
            )
        return
    broker.local.probe()
    yield Finding(what="store", state=OK, found=f"{broker.local.store.described} can be written")
    left_behind = broker.home / FILE_NAME
    if broker.local.store.is_shared and left_behind.exists():
        yield Finding(
            what="former store",
            state=WARNING,
            found=f"{left_behind} is not used: store.url names a database",
            to_do="put what is needed of it anew, then move it away",
        )
    yield from _elsewhere(broker)
    custody = broker.local.custody
    if custody.backup_pending():
        to_do = "tokenbroker secrets key-backup --to FILE"
        yield Finding(
            what="master key", state=WARNING, found=f"{custody.key_location()} No backup yet.", to_do=to_do
        )
    else:
        yield Finding(what="master key", state=OK, found=custody.key_location())
    left = broker.spool.leftovers()
    if left:
        found = f"{len(left)} interrupted run(s) left something behind"
        yield Finding(what="spool", state=WARNING, found=found, to_do="tokenbroker recover")
    else:
        yield Finding(what="spool", state=OK, found="nothing was left behind")


def _elsewhere(broker: Broker) -> Iterator[Finding]:
    """The sinks that rest elsewhere, each proven by doing."""
    for alias, settings in _remote(broker).items():
        what = f"sink {alias}"
        try:
            broker.sink(alias).probe()
        except BrokerError as error:
            yield Finding(what=what, state=MISSING, found=error.sentence, to_do=error.next_step)
        else:
            yield Finding(what=what, state=OK, found=f"{settings.type}: can be written")


def _remote(broker: Broker) -> dict[str, SinkSettings]:
    sinks = broker.configuration.settings.sinks
    return {alias: settings for alias, settings in sinks.items() if settings.type not in ("local", "env")}


def hook_findings(broker: Broker) -> Iterator[Finding]:
    """What is told of a rotation, where the settings name it."""
    command = broker.configuration.settings.rotation.hook
    what = "rotation hook"
    try:
        require_hook(command, folder=broker.configuration.root)
    except BrokerError as error:
        yield Finding(what=what, state=MISSING, found=error.sentence, to_do=error.next_step)
    else:
        if command:
            yield Finding(what=what, state=OK, found=f"{command[0]} can be called")


def _person() -> Finding:
    why_not = TerminalChannel().unreachable()
    if why_not:
        to_do = "run flows with human steps at a terminal"
        return Finding(what="person", state=WARNING, found=f"can't be asked here: {why_not}", to_do=to_do)
    return Finding(what="person", state=OK, found="can be asked at this terminal")
