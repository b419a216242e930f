"""Changes of a YAML text at the marks of its nodes: what is not changed stays as it was written, to the last blank.

Nothing here knows what a flow is, nor whether the result is one: `tokenbroker.flow.patch` reads it again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

_GONE: Final = "\0"  # which no YAML text holds: stands where something was taken out, until blank lines are
_BLANK: Final = re.compile(rf"^[ \t]*(?:{_GONE}[ \t]*)+(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_BEFORE_COMMENT: Final = re.compile(rf"(?:{_GONE}[ \t]*)+(?=#)")
_AT_END: Final = re.compile(rf"[ \t]*{_GONE}[ \t]*(?=[\r\n]|\Z)")
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_PLAIN: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9_ ./-]*[A-Za-z0-9])?")
_STRING: Final = "tag:yaml.org,2002:str"
_resolver = yaml.SafeLoader("")

Value = str | int | Sequence[str]


class CannotEdit(Exception):
    """The text can't be changed there, and why, for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What is to stand in the place of a range of the text."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """`text` with `edits`, which don't overlap; a line that was emptied by them goes."""
    for edit in sorted(edits, key=lambda each: (each.start, each.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    text = _BLANK.sub("", text)
    return _AT_END.sub("", _BEFORE_COMMENT.sub("", text)).replace(_GONE, "")


def replaced(text: str, node: yaml.Node, value: Value) -> Iterator[Edit]:
    """Let `node` say `value`, in its own style: its quotes, its brackets."""
    start, end = _span(text, node)
    if isinstance(value, str | int) and isinstance(node, yaml.ScalarNode):
        yield Edit(start=start, end=end, text=_written(value, node.style))
    elif isinstance(node, yaml.SequenceNode) and not isinstance(value, str | int):
        styles = [each.style for each in node.value if isinstance(each, yaml.ScalarNode)] or ['"']
        items = [_written(each, styles[0]) for each in value]
        if node.flow_style:
            yield Edit(start=start, end=end, text=f"[{', '.join(items)}]")
        else:
            line = f"{_break_of(text)}{' ' * node.start_mark.column}- "
            yield Edit(start=start, end=node.value[-1].end_mark.index, text=f"- {line.join(items)}")
    else:
        raise CannotEdit("it is of another kind than what is to stand there")


def pairs_replaced(text: str, node: yaml.Node, wanted: Mapping[str, str]) -> Iterator[Edit]:
    """Let the mapping `node`, of one pair or two, hold the one or two pairs that are `wanted`."""
    if not isinstance(node, yaml.MappingNode):
        raise CannotEdit("it is no mapping")
    _span(text, node)
    pairs = list(node.value)
    there = {key.value: value for key, value in pairs}
    if there.keys() == wanted.keys():
        for name, value in there.items():
            if value.value != wanted[name]:
                yield from replaced(text, value, wanted[name])
        return
    for (key, value), (name, said) in zip(pairs, wanted.items(), strict=False):
        yield from replaced(text, key, name)
        yield from replaced(text, value, said)
    if len(pairs) > len(wanted):
        yield from removed(text, node, len(pairs) - 1)
    elif len(wanted) > len(pairs):
        key, value = pairs[-1]
        name, said = list(wanted.items())[-1]
        between = ", " if node.flow_style else f"{_break_of(text)}{' ' * pairs[0][0].start_mark.column}"
        pair = f"{_written(name, key.style)}: {_written(said, value.style or chr(34))}"
        yield Edit(start=value.end_mark.index, end=value.end_mark.index, text=f"{between}{pair}")


def removed(text: str, parent: yaml.Node, index: int) -> Iterator[Edit]:
    """Take an item, or a pair, out of `parent`, with what separates it from the others; its comments stay."""
    if not isinstance(parent, yaml.CollectionNode):
        raise CannotEdit("it stands in no list")
    spans = [_outer(text, item) for item in parent.value]
    start, end = spans[index]
    if not parent.flow_style:
        if isinstance(parent, yaml.SequenceNode):
            dash = _dash_before(text, start)
            yield Edit(start=dash, end=dash + 1, text=_GONE)
        yield from (Edit(start=a, end=b, text=_GONE) for a, b in _inner(text, parent.value[index]))
        return
    if index + 1 < len(spans) and _is_short(gap := text[end : spans[index + 1][0]]):
        yield Edit(start=start, end=end + len(gap), text=_GONE)
    elif index + 1 == len(spans) and index and _is_short(text[spans[index - 1][1] : start]):
        yield Edit(start=spans[index - 1][1], end=end, text=_GONE)
    else:
        yield Edit(start=start, end=end, text=_GONE)
        comma = _comma(text, end)
        if comma is None and index:
            comma = _comma(text, spans[index - 1][1])
        if comma is not None:
            yield Edit(start=comma, end=comma + 1, text=_GONE)


def _outer(text: str, item: yaml.Node | tuple[yaml.Node, yaml.Node]) -> tuple[int, int]:
    if isinstance(item, tuple):
        return _span(text, item[0])[0], _span(text, item[1])[1]
    return _span(text, item)


def _inner(text: str, item: yaml.Node | tuple[yaml.Node, yaml.Node]) -> Iterator[tuple[int, int]]:
    """The ranges that the item's own text takes; comments may stand between them."""
    if isinstance(item, yaml.MappingNode) and not item.flow_style:
        for pair in item.value:
            yield from _inner(text, pair)
    else:
        yield _outer(text, item)


def _span(text: str, node: yaml.Node) -> tuple[int, int]:
    start, end = node.start_mark.index, node.end_mark.index
    if text[start : start + 1] in ("&", "*", "!"):
        raise CannotEdit("it has an anchor or a tag")
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        raise CannotEdit("it is a block of text")
    return start, end


def _written(value: str | int, style: str | None) -> str:
    if isinstance(value, int):
        return str(value)
    if not value.isprintable():
        raise CannotEdit("what is to stand there holds what can't be printed")
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    tag = _resolver.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]  # in PyYAML
    if not style and tag == _STRING and _PLAIN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _break_of(text: str) -> str:
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def _is_short(gap: str) -> bool:
    """Whether what separates two items is a comma and blanks only."""
    return gap.strip(" \t") == ","


def _comma(text: str, start: int) -> int | None:
    """Where the next comma stands, with nothing but blanks and comments before it."""
    place = start
    while place < len(text):
        if text[place] == "#":
            found = _BREAK.search(text, place)
            place = found.start() if found else len(text)
        elif text[place] == ",":
            return place
        elif not text[place].isspace():
            return None
        else:
            place += 1
    return None


def _dash_before(text: str, start: int) -> int:
    before = text[:start].rstrip(" \t")
    if not before.endswith("-"):
        raise CannotEdit("a comment stands between its dash and itself")
    return len(before) - 1
