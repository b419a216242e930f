"""A draft as the YAML of a flow, laid out as a person would write it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from tokenbroker.record.draft import Draft, DraftParam, DraftStep

MAX_COLUMNS: Final = 110
_SHORT: Final = {"navigate": "url"}
"""Verbs whose one option stands right behind them."""
_BARE: Final = frozenset(
    {"kind", "from", "attribute", "dialog", "opens", "page", "state", "key", "role", "tag", "type", "autocomplete",
     "landmark"}
)  # fmt: skip
"""Options whose words need no quotation marks."""
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_SENTENCE: Final = re.compile(r"[A-Za-z](?:[\w ,.;()/'“”-]|:(?=//))*[\w.)”]")
_STRING: Final = "tag:yaml.org,2002:str"
_resolver = yaml.SafeLoader("")


def emit_yaml(draft: Draft) -> str:
    """The text of the flow that `draft` is."""
    lines = ["version: 1", f"site: {_word(draft.site)}", f"flow: {_word(draft.flow)}"]
    if draft.description:
        lines.append(f"description: {_sentence(draft.description)}")
    lines.append(f"allowed_automation: {draft.allowed_automation}")
    if draft.tags:
        lines.append(f"tags: [{', '.join(map(_word, draft.tags))}]")
    if draft.params:
        lines.append("params:")
        for param in draft.params:
            lines += _pair(_word(param.name), _param(param), indent=2)
    if draft.origins:
        lines.append("origins:")
        lines += [f"  - {_quoted(each)}" for each in draft.origins]
    if draft.policy:
        lines += _pair("policy", draft.policy, indent=0)
    lines.append("steps:" if draft.steps else "steps: []")
    for step in draft.steps:
        lines += _step(step)
    return "\n".join(lines) + "\n"


def _param(param: DraftParam) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if param.default is not None:
        said["default"] = param.default
    if param.pattern:
        said["pattern"] = param.pattern
    if param.required != (param.default is None):
        said["required"] = param.required
    if param.personal:
        said["personal"] = True
    if param.label:
        said["description"] = param.label
    return said


def _step(step: DraftStep) -> Iterator[str]:
    for line in step.comment.splitlines():
        yield f"  # {''.join(each if each.isprintable() else '?' for each in ' '.join(line.split()))}"
    said: Any = step.options
    if said.keys() == {_SHORT.get(step.verb)}:
        said = said[_SHORT[step.verb]]
    first, *rest = _pair(step.verb, said, indent=4)
    yield f"  - {first.lstrip()}"
    yield from rest
    if step.when is not None:
        yield from _pair("when", step.when, indent=4)


def _pair(key: str, value: Any, *, indent: int) -> Iterator[str]:
    """The lines of ``key: value``: one where it fits, else a block whose leaves are lines again."""
    line = f"{' ' * indent}{key}: {_inline(value, key)}"
    if len(line) <= MAX_COLUMNS or not _is_long(value):
        yield line
        return
    yield f"{' ' * indent}{key}:"
    yield from _block(value, indent=indent + 2)


def _block(value: Any, *, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, said in value.items():
            yield from _pair(_word(name), said, indent=indent)
        return
    for each in value:
        line = f"{' ' * indent}- {_inline(each, '')}"
        if len(line) <= MAX_COLUMNS or not isinstance(each, Mapping) or len(each) < 2:
            yield line
            continue
        first, *rest = _block(each, indent=indent + 2)
        yield f"{' ' * indent}- {first.lstrip()}"
        yield from rest


def _is_long(value: Any) -> bool:
    """Whether `value` has parts that can stand in lines of their own."""
    return (isinstance(value, Mapping) and bool(value)) or (_is_list(value) and any(map(_is_whole, value)))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Mapping) or _is_list(value)


def _inline(value: Any, key: str) -> str:
    match value:
        case str():
            return value if key in _BARE and _is_word(value) else _quoted(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Mapping():
            pairs = (f"{_word(name)}: {_inline(said, name)}" for name, said in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case _:
            return f"[{', '.join(_inline(each, '') for each in value)}]"


def _word(text: str) -> str:
    return text if _is_word(text) else _quoted(text)


def _is_word(text: str) -> bool:
    return _WORD.fullmatch(text) is not None and _is_text(text)


def _sentence(text: str) -> str:
    return text if _SENTENCE.fullmatch(text) and _is_text(text) else _quoted(text)


def _is_text(text: str) -> bool:
    """Whether YAML takes `text` without quotation marks for a text: not so `no`, `null` and `1e3`."""
    return bool(_resolver.resolve(yaml.ScalarNode, text, (True, False)) == _STRING)  # type: ignore[no-untyped-call]  # in PyYAML


def _quoted(text: str) -> str:
    if text.isprintable() and "'" not in text and ("\\" in text or '"' in text):
        return f"'{text}'"  # a regular expression, say: nothing in it has to be escaped
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"  # half a character, which no file can hold
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
