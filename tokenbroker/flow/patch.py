"""The patch of a flow's text: of selector sets only, with every comment kept and the layout as it was (RESIL-3).

Each change is read back before it counts: the text must hold exactly the data that was wanted, and every comment.
What can't be changed so is refused, with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tokenbroker.errors import FlowError
from tokenbroker.flow.comments import comments_in
from tokenbroker.flow.document import Document, NodePath, parse_document
from tokenbroker.flow.edit import CannotEdit, Edit, Value, applied, pairs_replaced, removed, replaced
from tokenbroker.flow.mend import as_options
from tokenbroker.flow.selector import Alternative

_ALIASED: Final = "it is used more than once in the file, by an alias: a change here would be one elsewhere"
_NOT_CLEANLY: Final = "its layout leaves no way to change it and nothing else"


@dataclass(frozen=True, kw_only=True, slots=True)
class SetChange:
    """What is to become of one selector set.

    Attributes:
        at: where the set stands in the document: a list of alternatives, or a mapping with `any`.
        alternatives: by their places in the set, from 0, what each is to be; None takes it out.
        fingerprint: what fields of the fingerprint are to say; None takes one out.
    """

    at: NodePath
    alternatives: Mapping[int, Alternative | None] = field(default_factory=dict)
    fingerprint: Mapping[str, Value | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A part of a change that was left out: the place of the alternative or the name of the field, and why."""

    what: int | str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Patched:
    """A text with as much of a change as could be made."""

    text: str
    refused: tuple[Refused, ...] = ()


def patched(text: str, change: SetChange) -> Patched:
    """`text`, a YAML document without a byte order mark, with `change`.

    Raises:
        FlowError: `text` is no YAML document.
    """
    refused: list[Refused] = []
    for what, at, value in _parts(text, change):
        try:
            text = _changed(text, at, value)
        except CannotEdit as error:
            refused.append(Refused(what=what, why=str(error)))
    return Patched(text=text, refused=tuple(refused))


_Wanted = dict[str, str] | Value | None
"""Pairs of an alternative, a field's value, or None: taken out."""


def _parts(text: str, change: SetChange) -> Iterator[tuple[int | str, NodePath, _Wanted]]:
    """Each part of `change`: what, where, and what is to be there; what is taken out comes last, from the end."""
    there = _parsed(text).values.get(change.at)
    listed = (*change.at, "any") if isinstance(there, yaml.MappingNode) else change.at
    for number, alternative in change.alternatives.items():
        if alternative is not None:
            yield number, (*listed, number), as_options(alternative)
    for name, value in change.fingerprint.items():
        yield name, (*change.at, "fingerprint", name), value
    for number in sorted(change.alternatives, reverse=True):
        if change.alternatives[number] is None:
            yield number, (*listed, number), None


def _parsed(text: str) -> Document:
    return parse_document(text.encode(), Path("flow.yaml"))


def _changed(text: str, at: NodePath, wanted: _Wanted) -> str:
    """`text` with what is `wanted` at the path `at`; raises CannotEdit."""
    document = _parsed(text)
    if at not in document.values:
        raise CannotEdit("it is not in the file")
    if _is_shared(document, at):
        raise CannotEdit(_ALIASED)
    after = applied(text, _edits(document, at, wanted))
    try:
        read = _parsed(after)
    except FlowError:
        read = None
    if read is None or read.data != _expected(document.data, at, wanted) or _said(read) != _said(document):
        raise CannotEdit(_NOT_CLEANLY)
    return after


def _edits(document: Document, at: NodePath, wanted: _Wanted) -> list[Edit]:
    text, node, parent = document.text, document.values[at], document.values[at[:-1]]
    if wanted is None:
        items = parent.value
        if len(items) == 1:
            raise CannotEdit("nothing would be left there")
        return [*removed(text, parent, _index(items, at[-1]))]
    return [
        *(pairs_replaced(text, node, wanted) if isinstance(wanted, dict) else replaced(text, node, wanted))
    ]


def _index(items: Sequence[Any], name: str | int) -> int:
    return name if isinstance(name, int) else next(n for n, (key, _) in enumerate(items) if key.value == name)


def _expected(data: Any, at: NodePath, wanted: _Wanted) -> Any:
    data = deepcopy(data)
    holder = data
    for key in at[:-1]:
        holder = holder[key]
    if wanted is None:
        del holder[at[-1]]
    else:
        holder[at[-1]] = wanted if isinstance(wanted, str | int | dict) else [*wanted]
    return data


def _said(document: Document) -> list[str]:
    return [each.text for each in comments_in(document, shortest=0)]


def _is_shared(document: Document, at: NodePath) -> bool:
    """Whether what stands at `at`, what it stands in, or what stands in it is reached along another path, too."""
    own = [path for path in document.values if path[: len(at)] == at or at[: len(path)] == path]
    nodes = {id(document.values[path]) for path in own} | {
        id(document.keys[path]) for path in own if path in document.keys
    }
    every = [*document.values.items(), *document.keys.items()]
    times: dict[int, int] = {}
    for _, node in every:
        times[id(node)] = times.get(id(node), 0) + 1
    return any(times[each] > 1 for each in nodes)
