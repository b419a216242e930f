"""TB501: a selector that breaks with the next change of the page."""

import re
from collections.abc import Iterator
from typing import Any

from tokenbroker.flow.document import NodePath
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

_MARKS = (
    (re.compile(r"^(xpath=)?/html/|^xpath=/(?!/)"), "it counts from the top of the page"),
    (re.compile(r"\[\d+\]"), "it counts elements"),
    (re.compile(r":nth-(last-)?(child|of-type)|nth=\d"), "it counts elements"),
    (re.compile(r"\.(css|sc|jss|emotion|styles?|_)[-_]+[a-z0-9]*\d", re.IGNORECASE), "a build tool made up its class"),
    (re.compile(r"((?<!>)>(?!>)[^>]*){4,}"), "it leads through many levels"),
)  # fmt: skip


def check(subject: Subject) -> Iterator[Hit]:
    for step in subject.flow.steps:
        for option in ("selector", "until", "denied"):
            if option in step.options:
                yield from _in(subject.at(step, option), step.options[option])


def _in(path: NodePath, selector: Any) -> Iterator[Hit]:
    if isinstance(selector, str) and not selector.startswith(("text=", '"', "'")):
        why = why_brittle(selector)
        if why:
            yield Hit(path=path, message=f"this selector breaks easily: {why}")


def why_brittle(selector: str) -> str:
    """Why `selector`, which is no text, breaks easily; "" where it does not."""
    return next((why for pattern, why in _MARKS if pattern.search(selector)), "")


RULE = Rule(
    id="TB501",
    name="brittle-selector",
    severity=Severity.WARNING,
    summary="A selector says where an element stands, and not what it is.",
    why="The next change of the page breaks it, or leads it to another element.",
    fix="Say what a person would say (`text=Create key`, a role and its name, a label), or give a set of alternatives.",
    bad="""
steps:
  - navigate: https://console.example.com/keys
  - click: { selector: "xpath=/html/body/div[2]/button" }  # here: "xpath=
""",
    good="""
steps:
  - navigate: https://console.example.com/keys
  - click: "text=Create key"
""",
    check=check,
)
