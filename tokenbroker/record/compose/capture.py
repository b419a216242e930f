"""How a flow reads the token out of the element that the person has marked."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from tokenbroker.record.recording import TOKEN_MARK, ElementSeen, TokenSeen

_MAX_ANCHOR: Final = 30
_MIN_LETTERS: Final = 3
_MAX_PATTERN: Final = 500
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_.:-]{0,99}", re.ASCII)
_SPECIAL: Final = re.compile(r"[.^$*+?{}\[\]\\|()]")
_FIELDS: Final = frozenset({"input", "textarea", "select"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """Where the element has the token: options of `capture_token`, a shape, and what a person has to look at."""

    options: dict[str, Any] = field(default_factory=dict)
    shape: str = ""
    note: str = ""


def reading(token: TokenSeen, element: ElementSeen) -> Read:
    """How to read `token` out of `element`: a pattern only where that has more than the token."""
    shape = token.shape if _is_regex(token.shape, groups=0) else ""
    options = _source(token.source, element)
    if options is None:
        return Read(
            shape=shape, note="The token stands in an attribute that a flow can't name: look at `from`."
        )
    pattern, note = _pattern(token, shape)
    options |= {"pattern": pattern} if pattern else {}
    options |= {"unwrap": True} if token.is_wrapped else {}
    return Read(options=options, shape=shape, note=note)


def _source(source: str, element: ElementSeen) -> dict[str, Any] | None:
    kind, _, name = source.partition(":")
    has_value = element.tag in _FIELDS
    if kind == "attribute":
        return {"from": "attribute", "attribute": name} if _ATTRIBUTE.fullmatch(name) else None
    if kind == "clipboard" or (kind == "value") != has_value:
        return {"from": kind if kind in ("clipboard", "value") else "text"}
    return {}


def _pattern(token: TokenSeen, shape: str) -> tuple[str, str]:
    """The pattern, "" where none is needed, and a note where it may have to be mended."""
    if not token.around:
        return "", ""
    before, mark, after = token.around.partition(TOKEN_MARK)
    if mark and TOKEN_MARK not in after:
        if not before.strip() and not after.strip():
            return "", ""
        pattern = _wrapped(before, after) if token.is_wrapped else _between(before, after)
        if pattern and _is_regex(pattern, groups=1):
            return pattern, ""
    if shape and not token.is_wrapped and len(shape) + 2 <= _MAX_PATTERN:
        return f"({shape})", ""
    return "", "The token stands among words that vary: say with `pattern` which part of the text it is."


def _between(before: str, after: str) -> str:
    """The words before it, and what is attached to it; where there are none before it, those after it."""
    attached = re.match(r"\S*", after)[0]  # type: ignore[index]  # matches anything
    glued = re.search(r"\S*$", before)[0]  # type: ignore[index]  # matches anything
    if not _is_plain(attached) or not _is_plain(glued):
        return ""
    lead = _lead(before)
    if lead:
        return f"{lead}(\\S+){_literal(attached)}"
    if before.strip():
        return ""
    trail = _trail(after)
    return f"^\\s*(\\S+?){trail}" if trail and attached else f"(\\S+){trail}" if trail else ""


def _wrapped(before: str, after: str) -> str:
    lead, trail = _lead(before), _trail(after)
    if (before.strip() and not lead) or (after.strip() and not trail):
        return ""
    begins, ends = lead or "^", trail.strip().removeprefix(r"\s+")
    return f"(?s){begins}(.+?)\\s*{ends}" if ends else f"(?s){begins}(.+)$"


def _lead(before: str) -> str:
    """The end of the words before it."""
    words = before[-_MAX_ANCHOR:]
    if len(before) > _MAX_ANCHOR:
        words = words[re.search(r"\s|$", words).end() :]  # type: ignore[union-attr]  # matches anything
    said = _ending(words)
    return _literal(said.lstrip()) if _tells(said) else ""


def _ending(words: str) -> str:
    """What of `words` follows the last part that may vary."""
    parts = re.split(r"(\S*\d\S*)", words)
    return parts[-1] if len(parts) > 1 else words


def _trail(after: str) -> str:
    """The beginning of the words after it."""
    words = after[:_MAX_ANCHOR]
    if len(after) > _MAX_ANCHOR:
        words = words[: words.rfind(" ")] if " " in words.strip() else words
    said = re.split(r"\S*\d\S*", words)[0]
    return _literal(said.rstrip()) if _tells(said) else ""


def _tells(words: str) -> bool:
    return _is_plain(words) and sum(map(str.isalpha, words)) >= _MIN_LETTERS


def _is_plain(words: str) -> bool:
    """Whether `words` are words and signs, and no part of a token or a number."""
    visible = "".join(words.split())
    return visible.isprintable() and not any(each.isnumeric() or each in "_@" for each in visible)


def _literal(words: str) -> str:
    """`words` in a regular expression; white space between lines may be any."""
    pieces = re.split(r"(\s+)", words)
    return "".join(
        (" " if each == " " else r"\s+") if each.isspace() else _SPECIAL.sub(r"\\\g<0>", each)
        for each in pieces
    )


def _is_regex(pattern: str, *, groups: int) -> bool:
    try:
        return bool(pattern) and len(pattern) <= _MAX_PATTERN and re.compile(pattern).groups == groups
    except (re.error, RecursionError, OverflowError):
        return False
