"""``tokenbroker heal``: what the last run proposes for the selectors that it had to heal (RESIL-3)."""

import json
import sys
from pathlib import Path

import typer

from tokenbroker.cli.flow_file import require_flow_file
from tokenbroker.cli.heal_words import coloured, in_words, patch_of, record_of
from tokenbroker.cli.home import configuration
from tokenbroker.errors import UsageError
from tokenbroker.evidence.healing.draft import Draft, draft_of
from tokenbroker.evidence.healing.record import failed_since, newest_run
from tokenbroker.flow.document import MAX_BYTES, parse_document
from tokenbroker.flow.load import flow_of
from tokenbroker.flow.rewrite import rewrite
from tokenbroker.run.steps import STEPS

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def heal(
    flow: Path = typer.Argument(metavar="FLOW", help="The flow file."),
    apply: bool = typer.Option(False, "--apply", help="Write the patch into FLOW."),
    as_json: bool = typer.Option(False, "--json", help="Print it as JSON."),
) -> None:
    """Show, as a patch of FLOW, what its last run that passed proposes for selectors that failed; change nothing.

    With --apply the patch is written. Exit 0: nothing is (any longer) to be mended; 1: something is, or the newest run
    has failed; 2: it can't be told.
    """
    draft, raw, since = _drafted(flow)
    is_applied = apply and draft.changes_something
    if is_applied:
        mark = _BYTE_ORDER_MARK if raw.startswith(_BYTE_ORDER_MARK) else b""
        rewrite(flow, before=raw, after=mark + draft.text.encode())
    patch = patch_of(draft, flow, STEPS)
    if as_json:
        print(json.dumps({**record_of(draft, flow), "patch": patch, "applied": is_applied}, indent=2))
    else:
        shown = coloured(patch) if sys.stdout.isatty() else patch
        print("\n".join([*in_words(draft, flow, is_applied=is_applied, patch=shown, since=since)]))
    is_left = any(each.left for each in draft.steps) or (bool(draft.steps) and not is_applied)
    raise typer.Exit(1 if is_left or since else 0)


def _drafted(path: Path) -> tuple[Draft, bytes, str]:
    """What is proposed for the flow at `path`; the file as it was read: once, so that all is about one text; and the
    newest run, if it did not pass."""
    require_flow_file(path)
    reason, raw = "", b""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise UsageError(f"can't read {path}: {reason}", code="flow.unreadable")
    document = parse_document(raw, path)
    flow = flow_of(document, STEPS)
    settings = configuration()
    reports = settings.path(settings.settings.reports)
    run = newest_run(reports, flow)
    return draft_of(flow, document, run, STEPS), raw, failed_since(reports, flow, run)
