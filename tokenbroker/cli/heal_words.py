"""What `tokenbroker heal` tells: the evidence for each change, the patch, and what is left for a person."""

import difflib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tokenbroker.evidence.healing.draft import Change, Draft, StepDraft
from tokenbroker.flow.document import Document, parse_document
from tokenbroker.flow.excerpt import printable_line, shown
from tokenbroker.flow.lint import lint_document
from tokenbroker.flow.mend import as_options
from tokenbroker.flow.model import StepTypes
from tokenbroker.flow.rules.literal_secret import RULE as SECRETS
from tokenbroker.flow.selector import Alternative

_COLOURS: Final = {"+": "32", "-": "31", "@": "36"}
_BREAK: Final = "\n"
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_NO_BREAK: Final = "\\ No newline at end of file"


def in_words(draft: Draft, path: Path, *, is_applied: bool, patch: str, since: str) -> Iterator[str]:
    """For a person, in lines."""
    run = draft.run
    yield f"{path}: as the run {run.run} met it ({run.began_at:%Y-%m-%d %H:%M} UTC, {run.flow})"
    if since:
        yield f"! a newer run has failed, and is not what this is about: {since}"
    if not draft.steps:
        has_sets = any(each.target is not None for each in run.steps)
        yield (
            "every alternative led to its element: nothing is to be mended"
            if has_sets
            else "none of its steps has a selector set: there is nothing that a run could heal"
        )
        return
    for each in draft.steps:
        yield ""
        yield from _step(each)
    if not draft.changes_something:
        yield ""
        yield "there is no patch for this: what is left has to be mended by hand"
        return
    yield ""
    yield patch
    yield ""
    named = shlex.quote(str(path))
    if not is_applied:
        yield f"Nothing was changed. If that is right: tokenbroker heal {named} --apply"
        return
    is_whole = not any(each.left for each in draft.steps)
    then = "nothing is healed any more" if is_whole else "what was not mended is left to you"
    yield f"Written to {path}. Run it again: {then}: tokenbroker run {named}"


def _step(draft: StepDraft) -> Iterator[str]:
    step = draft.step
    yield printable_line(f"step {step.number}, line {step.position.line}: {step.title}")
    led = f"{', '.join(draft.agreed)} led to the element" if draft.agreed else ""
    failed = f"{', '.join(draft.failed)} failed" if draft.failed else ""
    yield f"  in the run     {'; '.join(filter(None, (failed, led)))}"
    for each in draft.changes:
        yield printable_line(f"  {'taken out' if each.becomes is None else 'changed':<14} {_change(each)}")
    if draft.changed_fields:
        yield f"  {'fingerprint':<14} {', '.join(draft.changed_fields)}: as the element is now"
    for left in draft.left:
        yield printable_line(f"  {'not mended':<14} {left.what}: {left.why}")


def _change(change: Change) -> str:
    if change.becomes is None:
        return f"{change.was.told} (the element has no lasting one to offer; the others are enough)"
    proven = "proven to lead to that element, and to nothing else"
    return f"{change.was.told}  ->  {change.becomes.told} ({proven})"


def record_of(draft: Draft, path: Path) -> dict[str, Any]:
    """For machines."""
    return {
        "file": str(path),
        "run": draft.run.run,
        "flow": draft.run.flow,
        "started_at": draft.run.started_at,
        "steps": [_step_record(each) for each in draft.steps],
    }


def _step_record(draft: StepDraft) -> dict[str, Any]:
    return {
        "number": draft.step.number,
        "line": draft.step.position.line,
        "verb": draft.step.verb,
        "agreed": list(draft.agreed),
        "failed": list(draft.failed),
        "changes": [
            {"was": as_options(each.was), "becomes": _or_none(each.becomes)} for each in draft.changes
        ],
        "fingerprint": list(draft.changed_fields),
        "left": [{"what": each.what, "why": each.why} for each in draft.left],
    }


def _or_none(alternative: Alternative | None) -> dict[str, str] | None:
    return as_options(alternative) if alternative is not None else None


def patch_of(draft: Draft, path: Path, types: StepTypes) -> str:
    """The change as a unified diff, which `patch` takes; a line that holds a literal secret is shown covered."""
    after = parse_document(draft.text.encode(), draft.before.path)
    lines = difflib.unified_diff(_lines(draft.before, types), _lines(after, types), str(path), str(path), n=3)
    return "\n".join(
        part for line in lines for part in ([line[:-1]] if line.endswith("\n") else [line, _NO_BREAK])
    )


def _lines(document: Document, types: StepTypes) -> list[str]:
    found = lint_document(document, types, wants=lambda rule: rule == SECRETS.id)
    covered = {line for each in found for line in range(each.region.line, each.region.end_line + 1)}
    lines = _LINE.findall(document.text)
    # YAML has breaks that a patch does not know: lines are then counted otherwise.
    is_counted_alike = len(lines) == len(document.text.splitlines())
    return [
        f"{shown(line.rstrip(_BREAK))}{_BREAK}"
        if number in covered or (covered and not is_counted_alike)
        else line
        for number, line in enumerate(lines, 1)
    ]


def coloured(patch: str) -> str:
    """`patch` for a terminal, which its lines can't steer."""
    return "\n".join(_coloured(line) for line in patch.split("\n"))


def _coloured(line: str) -> str:
    text = printable_line(line.rstrip("\r"))
    return f"\x1b[{_COLOURS[line[0]]}m{text}\x1b[0m" if line[:1] in _COLOURS else text
