"""What the terminal shows of a recording: what it amounts to, what is to be looked at, its steps, what was replaced."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tokenbroker.cli.findings import as_text
from tokenbroker.flow.excerpt import printable_line
from tokenbroker.flow.lint import Finding
from tokenbroker.record.draft import Draft
from tokenbroker.record.draft_words import steps_in_words
from tokenbroker.record.sanitise import Replacement, Rule
from tokenbroker.record.sanitise.ledger import called

NARROWEST: Final = 40
WIDEST: Final = 120
_EVENT: Final = re.compile(r"event \d+: ")
_OF_ADDRESSES: Final = {
    Rule.ADDRESS_QUERY,
    Rule.ADDRESS_PART,
    Rule.ADDRESS_CUT,
    Rule.ID_SHAPE,
    Rule.NUMBER_SHAPE,
}
"""Of these there are many, and the one says as much as the other."""


@dataclass(kw_only=True)
class _Row:
    """One line of the table: what stands instead, what that is for, and where."""

    instead: str
    what: str
    where: list[str]
    reason: str = ""


def in_words(
    draft: Draft,
    replacements: Sequence[Replacement],
    findings: Sequence[Finding],
    *,
    ended: str,
    width: int = WIDEST,
) -> Iterator[str]:
    """For a person, in lines of at most `width`, what matters most first; no value of theirs stands in any."""
    width = min(max(width, NARROWEST), WIDEST)
    yield ""
    if ended == "closed":
        yield from _wrapped("The browser was closed: this is what was noted until then.", width)
    yield from _wrapped(
        f"{draft.site}/{draft.flow}: {number_of(len(draft.steps), 'step')}, {_stored(draft)}", width
    )
    yield f"{number_of(len(findings), 'finding') if findings else 'no findings'} (tokenbroker validate)"
    yield ""
    yield from _to_look_at(draft, replacements, width)
    if findings:
        yield from (part for line in as_text(findings) for part in _of_findings(line, width))
    yield "Steps"
    yield from (part for line in steps_in_words(draft) for part in _hanging(line, width))
    yield ""
    yield from _replaced(replacements, width)


def number_of(count: int, what: str) -> str:
    """Such as ``1 step`` and ``2 steps``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def and_all(names: Sequence[str]) -> str:
    """Such as ``a, b and c``."""
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def _stored(draft: Draft) -> str:
    found = [str(each.options["secret_ref"]) for each in draft.steps if each.verb == "capture_token"]
    return f"token to {and_all(found)}" if found else "no token is captured"


def _to_look_at(draft: Draft, replacements: Sequence[Replacement], width: int) -> Iterator[str]:
    kept = [
        f"This stays in the flow: {each.masked}; {_places(each.where)}."
        for each in replacements
        if each.is_kept
    ]
    refused = [f"{each.reference}: {each.reason}." for each in replacements if each.reason]
    notes = [*refused, *kept, *draft.notes]
    if not notes:
        return
    yield "Look at this before you save"
    for each in notes:
        yield from _wrapped(each, width, first="  - ", next_="    ")
    yield ""


def _replaced(replacements: Sequence[Replacement], width: int) -> Iterator[str]:
    rows = _rows(replacements)
    if not rows:
        yield "Nothing had to be replaced or left out."
        yield ""
        return
    yield "Replaced or left out: none of it stands in the files"
    column = max(len(each.instead) for each in rows)
    for each in rows:
        text = f"{each.what}: {_places(each.where)}" if each.where else each.what
        first, next_ = f"  {each.instead:<{column}}  ", " " * (column + 4)
        if len(first) > width // 2:  # a long name stands on a line of its own
            yield printable_line(first.rstrip())
            first = next_ = " " * 6
        yield from _wrapped(text, width, first=first, next_=next_)
    yield ""


def _rows(replacements: Sequence[Replacement]) -> list[_Row]:
    """What is stored or given first; of what was only left out each kind once."""
    told, left = [], dict[str, _Row]()
    for each in replacements:
        if each.is_kept:
            continue
        places = [_EVENT.sub("", where) for where in each.where]
        if each.reference:
            told.append(_Row(instead=each.reference, what=each.masked, where=places))
            continue
        what = called(each.rule) if each.rule in _OF_ADDRESSES else each.masked
        row = left.setdefault(what, _Row(instead="left out", what=what, where=[]))
        row.where += places
    for row in left.values():
        if row.where == ["the token"]:
            row.where, row.what = [], "the token: only its form stands in the files"
    return [*told, *left.values()]


def _places(where: Sequence[str]) -> str:
    if len(where) < 2:
        return "".join(where) and _EVENT.sub("", where[0])
    return f"{_EVENT.sub('', where[0])}, and in {number_of(len(where) - 1, 'more place')}"


def _of_findings(line: str, width: int) -> Iterator[str]:
    is_excerpt = line.lstrip("0123456789 ").startswith("|")
    yield from [printable_line(line)] if is_excerpt else _hanging(line, width)


def _hanging(line: str, width: int) -> Iterator[str]:
    """`line` in pieces, the further ones under its last column."""
    found = re.match(r" *\d+  \S+ +(?=\S)| +", line)
    start = found[0] if found else ""
    yield from _wrapped(line[len(start) :], width, first=start, next_=" " * len(start))


def _wrapped(text: str, width: int, *, first: str = "", next_: str = "") -> list[str]:
    lines = textwrap.wrap(
        printable_line(text),
        width=max(width, len(next_) + 20),
        initial_indent=printable_line(first),
        subsequent_indent=next_,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return lines or [first.rstrip()]
