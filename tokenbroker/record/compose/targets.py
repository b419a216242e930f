"""The selector of a step, made of the ways that led to its element."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tokenbroker.flow.basis import bases_of
from tokenbroker.flow.mend import as_options
from tokenbroker.flow.rules.brittle_selector import why_brittle
from tokenbroker.flow.selector import Alternative, Family, Fingerprint, SelectorSet
from tokenbroker.record.recording import Appeared

MAX_WAYS: Final = 4
_MAX_CHARACTERS: Final = 1000  # as the schema has it
_MAX_NEAR: Final = 12
_PLAIN: Final = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_OTHER_ENGINE: Final = re.compile(r"\s*(//|\.\.|\(|[\w:+-]+\s*=|[\"'])")
# Words that Playwright takes for anything else than words, or that begin or end with what it takes away.
_NO_BARE_TEXT: Final = re.compile(r"^[\"'/]|>>|^\s|\s$|\s\s")
_TAGS: Final = {"button": "button", "link": "a"}
_PRESSABLE: Final = frozenset(
    {"button", "link", "menuitem", "tab", "checkbox", "radio", "switch", "option", "menuitemcheckbox",
     "menuitemradio", "treeitem"}
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A selector as it stands in a flow, and what a reader has to be told about it.

    Attributes:
        option: None where nothing leads to the element.
        why_brittle: why the next change of the page breaks it; "" where it does not.
    """

    option: Any = field(default=None)
    why_brittle: str = ""


def target_of(
    alternatives: Iterable[Alternative], fingerprint: Fingerprint | None = None, *, role: str = ""
) -> Target:
    """The selector out of `alternatives`, the best first: a set where two of them rest on different things.

    `role` is that of the element, "" for none known.
    """
    ways = chosen(alternatives)
    if not ways:
        return Target()
    said = [as_options(each) for each in ways]
    if fingerprint is not None and (about := _about(fingerprint)):
        return Target(option={"any": said, "fingerprint": about})
    if len(said) > 1:
        return Target(option=said)
    option = spelled(ways[0], role=role)
    return Target(option=option, why_brittle="" if option.startswith("text=") else why_brittle(option))


def chosen(alternatives: Iterable[Alternative]) -> tuple[Alternative, ...]:
    """Out of `alternatives` those of another family that each rest on something else, in their order."""
    found: list[Alternative] = []
    for each in alternatives:
        if len(found) == MAX_WAYS:
            break
        if not _may_stand(each) or each.family in {one.family for one in found}:
            continue
        if _weight([*found, each]) > len(found):
            found.append(each)
    return tuple(found)


def spelled(alternative: Alternative, *, role: str = "") -> str:
    """`alternative` as one string, in Playwright's syntax; `role` is that of the element."""
    value = alternative.value
    match alternative.family:
        case Family.ROLE:
            return _named(value, alternative.name)
        case Family.LABEL if role:
            return _named(role, value)  # a label need not be a text of the page
        case Family.LABEL | Family.TEXT:
            return f"text={_quoted(value)}" if _NO_BARE_TEXT.search(value) else f"text={value}"
        case Family.PLACEHOLDER:
            return f"[placeholder={_quoted(value)}]"
        case Family.TEST_ID:
            return f"[data-testid={value if _PLAIN.fullmatch(value) else _quoted(value)}]"
        case Family.CSS:
            return f"css={value}" if _OTHER_ENGINE.match(value) else value
        case Family.XPATH:
            return f"xpath={value}"


def spelled_exactly(alternative: Alternative, *, role: str = "") -> str:
    """`alternative` as one string that no longer text matches: words with their role, or in quotes."""
    match alternative.family:
        case Family.ROLE:
            return f"role={alternative.value}[name={_quoted(alternative.name)}]"
        case Family.LABEL | Family.TEXT if role:
            return f"role={role}[name={_quoted(alternative.value)}]"
        case Family.LABEL | Family.TEXT:
            return f"text={_quoted(alternative.value)}"
        case _:
            return spelled(alternative, role=role)


def spelled_css(alternatives: Iterable[Alternative]) -> str:
    """One of `alternatives` as a selector of Playwright's CSS engine, to be put beside another; "" for none."""
    return next(
        filter(None, map(_as_css, sorted(alternatives, key=lambda each: each.family is Family.CSS))), ""
    )


def _as_css(way: Alternative) -> str:
    if not _may_stand(way):
        return ""
    match way.family:
        case Family.PLACEHOLDER:
            return f"[placeholder={_quoted(way.value)}]"
        case Family.ROLE if way.value in _TAGS:
            return f"{_TAGS[way.value]}:text-is({_quoted(way.name)})"
        case Family.CSS if not _OTHER_ENGINE.match(way.value) and ">>" not in way.value:
            return way.value
    return ""


def _named(role: str, name: str) -> str:
    """A control with this name; of what is pressed, the name alone is enough."""
    if role in _PRESSABLE and not _NO_BARE_TEXT.search(name):
        return f"text={name}"
    return f"role={role}[name={_quoted(name)}]"


def target_of_title(appeared: Appeared) -> Target:
    """The selector of a heading or dialog that came."""
    said = Alternative(family=Family.ROLE, value=appeared.role, name=appeared.name)
    return target_of([*appeared.alternatives, said])


def _may_stand(alternative: Alternative) -> bool:
    texts = (
        [alternative.value, alternative.name] if alternative.family is Family.ROLE else [alternative.value]
    )
    is_whole = all(each.strip() and each.isprintable() and len(each) <= _MAX_CHARACTERS for each in texts)
    return is_whole and (alternative.family is Family.ROLE or not alternative.name)


def _weight(alternatives: Sequence[Alternative]) -> int:
    return len({*bases_of(SelectorSet(alternatives=tuple(alternatives)))})


def _about(fingerprint: Fingerprint) -> dict[str, Any]:
    """`fingerprint` as it stands in a flow; nothing where it holds what a flow can't say."""
    said = replace(fingerprint, near=fingerprint.near[:_MAX_NEAR]).as_options()
    texts = [each for each in said.values() if isinstance(each, str)]
    return said if all(len(each) <= _MAX_CHARACTERS and each.isprintable() for each in texts) else {}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
