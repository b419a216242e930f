"""How findings are told: to a person, to a program, to a workflow of GitHub, and as SARIF."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tokenbroker import __version__
from tokenbroker.flow.document import Region
from tokenbroker.flow.lint import ABOUT_SUPPRESSIONS, Finding
from tokenbroker.flow.rule import Rule, Severity
from tokenbroker.flow.rules import RULES

HOME: Final = "https://github.com/tokenbroker/tokenbroker"
_SHOWN: Final = 160
_RULES: Final = {rule.id: rule for rule in RULES}


def page_of(rule: Rule) -> str:
    """The address of the page about `rule`."""
    return f"{HOME}/blob/main/docs/rules/{rule.id}.md"


def as_text(findings: Sequence[Finding]) -> Iterator[str]:
    """For each finding its place, what it is, the line with a mark under it, and what to do."""
    for each in findings:
        place = f"{each.file}:{each.region.line}:{each.region.column}"
        yield f"{place}: {each.message}"
        yield from _excerpt(each)
        for region, what in each.related:
            yield f"       {what}: line {region.line}, column {region.column}"
        rule = _RULES.get(each.id)
        named = f"{each.id} {rule.name} ({each.severity})" if rule else each.id
        yield f"       {named}{f': {rule.fix}' if rule else ''}"
        yield ""


def as_json(findings: Sequence[Finding], *, files: int, excluded: int) -> str:
    """One object with every finding, those that are suppressed with the reason, and how many files there were."""
    told = [
        {
            "file": str(each.file),
            "line": each.region.line,
            "column": each.region.column,
            "end_line": each.region.end_line,
            "end_column": each.region.end_column,
            "code": each.id,
            "rule": _RULES[each.id].name if each.id in _RULES else None,
            "severity": each.severity.value,
            "message": each.message,
            "related": [
                {"line": region.line, "column": region.column, "message": what}
                for region, what in each.related
            ],
            "suppressed": each.reason,
        }
        for each in findings
    ]
    return json.dumps({"files": files, "excluded": excluded, "findings": told}, indent=2)


def as_github(findings: Sequence[Finding]) -> Iterator[str]:
    """Workflow commands of GitHub Actions; their values are escaped as its toolkit does."""
    for each in findings:
        level = "notice" if each.severity is Severity.NOTE else each.severity.value
        place = {
            "file": str(each.file),
            "line": each.region.line,
            "col": each.region.column,
            "title": each.id,
        }
        told = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in place.items())
        rule = _RULES.get(each.id)
        message = f"{each.message}. {rule.fix}" if rule else each.message
        yield f"::{level} {told}::{_escaped(message)}"


def as_sarif(findings: Sequence[Finding]) -> str:
    """A log of SARIF 2.1.0 (OASIS, errata 01), with one run."""
    ids = sorted({each.id for each in findings} | set(_RULES))
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tokenbroker",
                        "semanticVersion": __version__,
                        "informationUri": HOME,
                        "rules": [_descriptor(name) for name in ids],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, ids.index(each.id)) for each in findings],
            }
        ],
    }
    return json.dumps(log, indent=2)


def _excerpt(finding: Finding) -> Iterator[str]:
    if not finding.line_text:
        return
    region = finding.region
    yield f"  {region.line:>4} | {finding.line_text[:_SHOWN]}"
    if region.column <= _SHOWN:
        end = region.end_column if region.end_line == region.line else len(finding.line_text) + 1
        marks = max(1, min(end, _SHOWN) - region.column)
        yield f"       | {' ' * (region.column - 1)}{'^' * marks}"


def _escaped(text: str, more: str = "") -> str:
    for letter in f"%\r\n{more}":
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def _descriptor(name: str) -> dict[str, Any]:
    rule = _RULES.get(name)
    if rule is None:
        about = ABOUT_SUPPRESSIONS.get(name, "The file is not a flow.")
        return {"id": name, "shortDescription": {"text": about}}
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "helpUri": page_of(rule),
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _location(finding.file, finding.region)}],
    }
    if finding.related:
        result["relatedLocations"] = [
            {"physicalLocation": _location(finding.file, region), "message": {"text": what}}
            for region, what in finding.related
        ]
    if finding.reason is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.reason}]
    return result


def _location(file: Path, region: Region) -> dict[str, Any]:
    uri = file.as_uri() if file.is_absolute() else quote(file.as_posix())
    return {
        "artifactLocation": {"uri": uri},
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        },
    }
