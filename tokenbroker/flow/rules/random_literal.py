"""TB106: a text that is as random as a key."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject
from tokenbroker.flow.rules.literal_secret import kind_of

_FREE_TEXT = ("value", "default", "note", "reason", "url", "description", "navigate", "verify_token")
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_IDENTIFIER = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# detect-secrets' own limits: bits for each character.
_ENTROPY = {"Base64HighEntropyString": 4.5, "HexHighEntropyString": 3.0}


def check(subject: Subject) -> Iterator[Hit]:
    for path, text in subject.scalars():
        if path[-1] in _FREE_TEXT and is_random(text) and not kind_of(text):
            yield Hit(path=path, message="this is as random as a key", is_secret=True)


def is_random(text: str) -> bool:
    """Whether a word of `text` is as random as a key; an identifier of RFC 9562 (UUID) is not."""
    for run in _LIKE_A_KEY.findall(text):
        mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
        if (
            mixed
            and not _IDENTIFIER.fullmatch(run)
            and any(entropy(run) > limit for entropy, limit in _measures())
        ):
            return True
    return False


@cache
def _measures() -> list[tuple[Callable[[str], float], float]]:
    high = import_module("detect_secrets.plugins.high_entropy_strings")
    return [(getattr(high, name)(limit).calculate_shannon_entropy, limit) for name, limit in _ENTROPY.items()]


RULE = Rule(
    id="TB106",
    name="random-literal",
    severity=Severity.WARNING,
    summary="A text in the file is as random as a key.",
    why="What nobody would make up is mostly a key, and a key in a file is everyone's who can read it.",
    fix="Type a reference (`value_ref: secrets:NAME`); if it is none, say so: `# tokenbroker: ignore[TB106] …`.",
    bad="""
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "#ref", value: "demo-only-q7ZxP0aLm3Rt9VbKw2Ye8Ugh" }  # here: "demo
""",
    good="""
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "#ref", value_ref: "secrets:example.reference" }
""",
    check=check,
)
