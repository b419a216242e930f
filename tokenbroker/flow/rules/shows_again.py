"""TB302: a step after the capture that may show the token again."""

import re
from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, words_of

_SHOWS = re.compile(r"(?<![a-z])(show|reveal|unhide|display|view|copy)(?![a-z])")


def check(subject: Subject) -> Iterator[Hit]:
    captured = None
    for step in subject.flow.steps:
        if captured and step.verb in ("click", "press", "check") and may_show(words_of(step)):
            yield Hit(
                path=subject.at(step, "selector"),
                message="this may show the token again, or copy it",
                related=((captured, "it is captured here"),),
            )
        if step.verb == "navigate":
            captured = None
        if "sink" in subject.steps[step.verb].requires:
            captured = subject.at(step, "secret_ref")


def may_show(words: str) -> bool:
    """Whether `words`, in lower case, tell of a control that it may show a token, or copy it."""
    return _SHOWS.search(words) is not None


RULE = Rule(
    id="TB302",
    name="shows-again",
    severity=Severity.WARNING,
    summary="A step after the capture may show the token again, or copy it.",
    why="The less a token is shown, the fewer places it can leak from: the clipboard is every program's.",
    fix="Leave the step away, or capture after it: `from: clipboard` presses the control that copies by itself.",
    bad="""
steps:
  - navigate: https://console.example.com/keys
  - capture_token: { selector: ".token", secret_ref: "local:example/key" }
  - click: "text=Copy key"  # here: "text=Copy
""",
    good="""
steps:
  - navigate: https://console.example.com/keys
  - capture_token: { selector: "text=Copy key", from: clipboard, secret_ref: "local:example/key" }
""",
    check=check,
)
