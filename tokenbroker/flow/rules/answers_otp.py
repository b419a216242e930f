"""TB104: a step that would answer a second factor without a person."""

import re
from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, words_of

_FIELD = re.compile(
    r"(one[ _-]?time|(?<![a-z])(t?otp|mfa)|(?<![a-z0-9])2fa|two[ _-]?factor)[ _-]?(auth\w*[ _-]?)?"
    r"(pass)?(code|pin|token|field|input)?(?![a-z])(?![ _\[-]*(device|name|label|method|setting|payment))"
    r"|(security|verification|authenticator|authentication)[ _-]?code"
)


def check(subject: Subject) -> Iterator[Hit]:
    for step in subject.flow.steps:
        if step.verb == "type" and takes_a_code(words_of(step)):
            yield Hit(path=subject.at(step, "selector"), message="a one-time code is typed without a person")


def takes_a_code(words: str) -> bool:
    """Whether `words`, in lower case, tell of a field that it takes a one-time code."""
    return _FIELD.search(words) is not None


RULE = Rule(
    id="TB104",
    name="answers-otp",
    severity=Severity.ERROR,
    summary="A step types a one-time code without a person.",
    why="A second factor proves that a person is there. A flow that answers it by itself bypasses the site's "
    "protection.",
    fix="Pause with `wait_human: { kind: otp }`: the code is asked for, and typed where the page wants it.",
    bad="""
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "input[autocomplete=one-time-code]", value_ref: "param:code" }  # here: "input[
params:
  code: {}
""",
    good="""
steps:
  - navigate: https://console.example.com/login
  - wait_human: { kind: otp, reason: "The console asks for the code on your phone." }
""",
    check=check,
    is_critical=True,
)
