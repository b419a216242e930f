"""A line of a file as it may be shown: in a log that more people read than the file, and at a terminal.

A file with a mistake is not understood, so that no rule can tell which of its texts are secrets. What is not known
to be harmless is covered, character by character, so that columns stay where they are.
"""

import re
from typing import Final

COVER: Final = "•"
_KNOWN: Final = frozenset(
    [
        "all_of",
        "allowed_automation",
        "any",
        "approval",
        "attribute",
        "automation",
        "capture_token",
        "check",
        "checked",
        "click",
        "creates",
        "css",
        "denied",
        "dialog",
        "expect",
        "expect_outcome",
        "expires_at",
        "expires_in",
        "fingerprint",
        "flow",
        "frame",
        "from",
        "grace",
        "header",
        "id",
        "key",
        "kind",
        "label",
        "life",
        "matrix",
        "max_auth_age",
        "name",
        "navigate",
        "opens",
        "origins",
        "owner",
        "page",
        "params",
        "pattern",
        "personal",
        "placeholder",
        "policy",
        "press",
        "reason",
        "required",
        "required_scope",
        "retry",
        "review",
        "review_expires",
        "reviewed",
        "revoke",
        "revokes",
        "role",
        "rotates",
        "runs_per_day",
        "scheme",
        "select",
        "selector",
        "site",
        "state",
        "status",
        "steps",
        "tags",
        "terms_of_service",
        "test_id",
        "text",
        "timeout",
        "times",
        "type",
        "unless",
        "until",
        "unwrap",
        "url",
        "verify_token",
        "version",
        "wait_for",
        "wait_human",
        "when",
        "xpath",
    ]
)
"""Keys whose values are no secrets, and are shown even where the file is not understood."""
_REFERENCES: Final = frozenset({"value_ref", "secret_ref"})
_REFERENCE: Final = re.compile(r"""["']?[A-Za-z0-9_-]+:[\w./${}-]+["']?\s*""")
_PAIR: Final = re.compile(
    r"""([^\s"'{}\[\],:#-][^\s"'{}\[\],:#]*)["']?\s*:\s+"""
    r"""("(?:\\.|[^"\\])*"?|'(?:''|[^'])*'?|[^\s{\[,}\]#][^,}\]#]*)"""
)
_PLAIN: Final = re.compile(
    r"""["']?(\d{1,6}(\.\d+)?[a-z]{0,2}|true|false|null|yes|no|~|.{0,3})["']?\s*""", re.IGNORECASE
)
# A word with letters and digits, or with a sign that no name has: as passwords and keys are, and few other words.
_LIKE_A_SECRET: Final = re.compile(
    r"""(?<![\w#./-])(?![a-z]+:)(?=[^\s"'{}\[\],]*[A-Za-z])(?=[^\s"'{}\[\],]*[0-9])[^\s"'{}\[\],:=/()#.]{8,}"""
)
_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#.*$")


def shown(line: str) -> str:
    """`line` of a file that is not understood, as it may be shown."""
    covered = _PAIR.sub(_pair, line)
    covered = _LIKE_A_SECRET.sub(lambda found: COVER * len(found[0]), covered)
    return printable_line(_COMMENT.sub(lambda found: "#" + COVER * (len(found[0]) - 1), covered))


def printable_line(line: str) -> str:
    """`line` without what would move a terminal's cursor or turn its text around."""
    return "".join(each if each.isprintable() else " " if each == "\t" else "?" for each in line)


def _pair(found: re.Match[str]) -> str:
    key, value = found[1], found[2]
    is_shown = (
        key in _KNOWN or _PLAIN.fullmatch(value) or (key in _REFERENCES and _REFERENCE.fullmatch(value))
    )
    return found[0] if is_shown else found[0][: -len(value)] + COVER * len(value)
