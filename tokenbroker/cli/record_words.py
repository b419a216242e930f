"""What the terminal shows of a recording: the steps, what was replaced, and what is to be looked at."""

from collections.abc import Iterator, Sequence

from tokenbroker.cli.findings import as_text
from tokenbroker.flow.excerpt import printable_line
from tokenbroker.flow.lint import Finding
from tokenbroker.record.draft import Draft
from tokenbroker.record.draft_words import steps_in_words
from tokenbroker.record.sanitise import Replacement


def in_words(
    draft: Draft, replacements: Sequence[Replacement], findings: Sequence[Finding], *, ended: str
) -> Iterator[str]:
    """For a person, in lines; no value of theirs stands in any."""
    if ended == "closed":
        yield "The browser was closed: this is what was captured until then."
    yield f"\n{draft.site}/{draft.flow}, {_number(len(draft.steps), 'step')}"
    yield ""
    yield from map(printable_line, steps_in_words(draft))
    yield ""
    yield from _replaced(replacements)
    if draft.notes:
        yield "To look at"
        yield from (f"  - {each}" for each in map(printable_line, draft.notes))
        yield ""
    if findings:
        yield f"tokenbroker validate: {_number(len(findings), 'finding')}"
        yield from as_text(findings)
    else:
        yield "tokenbroker validate: no findings"
    yield ""


def _replaced(replacements: Sequence[Replacement]) -> Iterator[str]:
    if not replacements:
        yield "Nothing had to be replaced."
        yield ""
        return
    yield "Replaced or left out, so that it does not stand in the flow"
    rows = [
        (_instead(each), each.masked, f"{', '.join(each.where)} [{each.rule.value}]") for each in replacements
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for *cells, where in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield printable_line(f"  {line}  {where}")
    yield ""


def _instead(replacement: Replacement) -> str:
    if replacement.is_kept:
        return "KEPT: look at it"
    return replacement.reference or "left out"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
