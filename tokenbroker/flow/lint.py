"""Flow files against the lint rules: what was found where, less what is suppressed with a reason (LINT-1, LINT-4)."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import yaml

from tokenbroker.errors import FlowError
from tokenbroker.flow.document import MAX_BYTES, Document, NodePath, Region, printable, read_document
from tokenbroker.flow.excerpt import printable_line, shown
from tokenbroker.flow.load import examine
from tokenbroker.flow.model import StepTypes
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject
from tokenbroker.flow.rules import RULES

NO_REASON: Final = "TB901"
UNUSED: Final = "TB902"
FORBIDDEN: Final = "TB903"
ABOUT_SUPPRESSIONS: Final[Mapping[str, str]] = {
    NO_REASON: "A suppression says no reason, or names no rule.",
    UNUSED: "A suppression suppresses nothing.",
    FORBIDDEN: "A suppression names a rule that can't be suppressed.",
}
"""The findings about suppressions themselves, which no rule can make: they come after all rules."""
_SUPPRESSION = re.compile(r"#\s*tokenbroker:\s*ignore(?![\w-])(?:\[(?P<ids>[^\]]*)\])?(?P<reason>.*)$")
_MAX_SUPPRESSIONS = 100
_AGAIN_CHARACTERS = 6  # a shorter text stands in many words
_MAX_AGAIN = 50
_SHOWN_CHARACTERS = 4_000
_EXCERPT_CHARACTERS = 400  # of a line that is not understood, which takes longer to look at


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is told of a file.

    Attributes:
        id: of the rule, or the code of what keeps the file from being a flow.
        line_text: the line of the file that it begins in.
        related: other places, each with what it is.
        reason: why it was suppressed; None where it was not.
    """

    id: str
    severity: Severity
    file: Path
    region: Region
    message: str
    line_text: str
    related: tuple[tuple[Region, str], ...] = ()
    reason: str | None = None


@dataclass
class _Suppression:
    line: int
    column: int
    ids: tuple[str, ...]
    reason: str
    applies_to: range
    """The lines whose findings it takes away: of a step that begins there all, else the one."""
    used: set[str]


def lint(path: Path, steps: StepTypes, *, wants: Callable[[str], bool] = lambda _id: True) -> list[Finding]:
    """All findings in the flow file at `path`, in the order of their places; of rules, those whose id it `wants`.

    A file that is no flow has the mistakes that the loader tells of, and no others.
    """
    try:
        document = read_document(path)
    except FlowError as error:
        return [_mistake(path, error, line_text=_line(_lines_of(path), error.line))]
    return lint_document(document, steps, wants=wants)


def lint_document(
    document: Document, steps: StepTypes, *, wants: Callable[[str], bool] = lambda _id: True
) -> list[Finding]:
    """As `lint`, in what was read already."""
    path = document.path
    flow, mistakes = examine(document, steps)
    lines = document.text.splitlines()
    if flow is None:
        told = [
            _mistake(path, error, line_text=shown(_line(lines, error.line)[:_EXCERPT_CHARACTERS]))
            for error in mistakes
        ]
        return _ordered([*told, *_in_text(document, lines, wants)])
    subject = Subject(flow=flow, document=document, steps=steps)
    # All of them, whatever is wanted: what one has found to be a secret, no finding of another may show.
    hits = [(rule, hit) for rule in RULES for hit in rule.check(subject)]
    _cover_all(document, lines, hits)
    found = [_finding(document, lines, rule, hit) for rule, hit in hits if wants(rule.id)]
    suppressions = list(_suppressions(subject, lines))
    told = [_suppressed(each, suppressions) for each in found] if suppressions else found
    told += [each for each in _about(suppressions, path, lines, wants) if wants(each.id)]
    return _ordered(told)


def _ordered(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: (each.region.line, each.region.column, each.id))


def _in_text(document: Document, lines: list[str], wants: Callable[[str], bool]) -> list[Finding]:
    """What the rules that need no flow find in a text that is none yet: a secret is one in it, too."""
    hits = [(rule, hit) for rule in RULES if rule.check_text for hit in rule.check_text(document)]
    _cover_all(document, lines, hits)
    return [_finding(document, lines, rule, hit) for rule, hit in hits if wants(rule.id)]


def _cover_all(document: Document, lines: list[str], hits: list[tuple[Rule, Hit]]) -> None:
    """Cover each secret that was found, at its place and wherever else the file has it."""
    for index, hit in enumerate(hit for _, hit in hits if hit.is_secret):
        _cover(lines, _place(document, hit))
        if index >= _MAX_AGAIN:
            continue
        node = None if hit.comment else document.values.get(hit.path)
        text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        if len(text) >= _AGAIN_CHARACTERS and "\n" not in text:
            lines[:] = [line.replace(text, "•" * len(text)) for line in lines]


def _mistake(path: Path, error: FlowError, *, line_text: str) -> Finding:
    end = max(error.column + 1, 1)
    region = Region(line=error.line, column=error.column, end_line=error.line, end_column=end)
    return Finding(
        id=error.code,
        severity=Severity.ERROR,
        file=path,
        region=region,
        message=error.what,
        line_text=shown(line_text[:_EXCERPT_CHARACTERS]),
    )


def _finding(document: Document, lines: list[str], rule: Rule, hit: Hit) -> Finding:
    region = _place(document, hit)
    return Finding(
        id=rule.id,
        severity=rule.severity,
        file=document.path,
        region=region,
        message=hit.message,
        line_text=_line(lines, region.line),
        related=tuple((_region(document, path), what) for path, what in hit.related),
    )


def _cover(lines: list[str], region: Region) -> None:
    """Take what stands in `region` out of `lines`: what is told ends in logs that more people read than the file."""
    for number in range(region.line, min(region.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = region.column - 1 if number == region.line else 0
        end = region.end_column - 1 if number == region.end_line else len(line)
        lines[number - 1] = f"{line[:start]}{'•' * (min(end, len(line)) - start)}{line[end:]}"


def _lines_of(path: Path) -> list[str]:
    """The beginning of the file, whatever it is; nothing where it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _place(document: Document, hit: Hit) -> Region:
    return hit.comment.region if hit.comment else _region(document, hit.path, is_key=hit.is_key)


def _region(document: Document, path: NodePath, *, is_key: bool = False) -> Region:
    nodes = document.keys if is_key else document.values
    while path and path not in nodes:
        path = path[:-1]
    node = nodes.get(path)
    if node is None:
        return Region(line=1, column=1, end_line=1, end_column=1)
    start, end = node.start_mark, node.end_mark
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        end = start  # a block's own end mark stands where the next thing begins
    return Region(
        line=start.line + 1, column=start.column + 1, end_line=end.line + 1, end_column=end.column + 1
    )


def _suppressions(subject: Subject, lines: list[str]) -> Iterator[_Suppression]:
    if "tokenbroker:" not in subject.document.text:
        return
    ends = {step.position.line: step.position.end_line for step in subject.flow.steps}
    said = (
        (each.line, each.column + found.start(), found)
        for each in subject.comments
        # In the line as it is told: of a comment that holds a secret, nothing is left there.
        for found in _SUPPRESSION.finditer(lines[each.line - 1][each.column - 1 :])
    )
    for number, column, found in islice(said, _MAX_SUPPRESSIONS):
        first = number
        if not lines[number - 1][: column - 1].strip():  # it stands alone, and is about what comes next
            first = next((n for n in range(number + 1, len(lines) + 1) if lines[n - 1].strip()), number)
        yield _Suppression(
            line=number,
            column=column,
            ids=tuple(each.strip() for each in (found["ids"] or "").split(",") if each.strip()),
            reason=found["reason"].strip(" :-"),
            applies_to=range(first, ends.get(first, first) + 1),
            used=set(),
        )


def _suppressed(finding: Finding, suppressions: Iterable[_Suppression]) -> Finding:
    rule = next(rule for rule in RULES if rule.id == finding.id)
    for each in suppressions:
        if finding.region.line in each.applies_to and finding.id in each.ids:
            each.used.add(finding.id)
            if each.reason and not rule.is_critical:
                return replace(finding, reason=each.reason)
    return finding


def _about(
    suppressions: Iterable[_Suppression], path: Path, lines: list[str], wants: Callable[[str], bool]
) -> Iterator[Finding]:
    known = [rule.id for rule in RULES]
    critical = {rule.id for rule in RULES if rule.is_critical}
    for each in suppressions:

        def told(code: str, message: str, severity: Severity, each: _Suppression = each) -> Finding:
            end = len(_line(lines, each.line)) + 1
            region = Region(line=each.line, column=each.column, end_line=each.line, end_column=end)
            text = _line(lines, each.line)
            return Finding(
                id=code, severity=severity, file=path, region=region, message=message, line_text=text
            )

        if not each.ids:
            yield told(NO_REASON, "this names no rule: write ignore[TB501] and the reason", Severity.ERROR)
        elif not each.reason:
            yield told(NO_REASON, f"this says no reason for ignoring {', '.join(each.ids)}", Severity.ERROR)
        for name in each.ids:
            if name not in known:
                near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.6)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield told(UNUSED, f"there is no rule {printable(name)}{hint}", Severity.WARNING)
            elif name in critical:
                yield told(FORBIDDEN, f"{name} can't be suppressed", Severity.ERROR)
            elif each.reason and name not in each.used and wants(name):
                yield told(UNUSED, f"there is nothing here that {name} has found", Severity.WARNING)


def _line(lines: list[str], number: int) -> str:
    return printable_line(lines[number - 1][:_SHOWN_CHARACTERS]) if 0 < number <= len(lines) else ""
