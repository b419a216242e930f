"""Finding many forms in one pass, and what follows a form's beginning."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import BytesAhoCorasick, Implementation

from tokenbroker.redact.forms import Form

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") | set(
    range(0x80, 0x100)
)


@dataclass(frozen=True, slots=True)
class Span:
    """A range of bytes that belongs to the secret number `owner`."""

    start: int
    end: int
    owner: int


@dataclass(frozen=True, slots=True)
class _Anchor:
    form: Form = field(repr=False)
    owner: int
    at_end: bool


class Needles:
    """An Aho-Corasick automaton over the beginnings and ends of forms.

    All overlapping matches count: where two secrets overlap, taking the first or the longest would
    leave the rest of the other in clear.
    """

    def __init__(self, forms: Iterable[tuple[int, Form]]) -> None:
        anchors: dict[bytes, list[_Anchor]] = {}
        for owner, form in forms:
            head = form.body[: form.head_bytes]
            anchors.setdefault(head, []).append(_Anchor(form, owner, at_end=False))
            if form.tail_bytes:
                tail = form.body[-form.tail_bytes :]
                anchors.setdefault(tail, []).append(_Anchor(form, owner, at_end=True))
        self._anchors = list(anchors.values())
        # Of few forms the library would make a full table: hardly faster to search, eight times as long to make. A run
        # learns a code or a token in its midst, and the page waits for it.
        self._automaton = BytesAhoCorasick(list(anchors), implementation=Implementation.ContiguousNFA)

    def match(self, data: bytes) -> bool:
        """Whether :meth:`spans` could answer anything."""
        return bool(self._automaton.find_matches_as_indexes(data, overlapping=True))

    def spans(self, data: bytes) -> Iterator[Span]:
        """Each range of `data` that is a form, or a long enough beginning or end of one."""
        for index, start, end in self._automaton.find_matches_as_indexes(data, overlapping=True):
            for anchor in self._anchors[index]:
                span = _grown(anchor, data, start, end)
                if not anchor.form.whole_word or _stands_alone(data, span):
                    yield span


def _grown(anchor: _Anchor, data: bytes, start: int, end: int) -> Span:
    body = anchor.form.body
    if anchor.at_end:
        rest = body[: len(body) - (end - start)]
        start -= _common_length(rest[::-1], data[max(0, start - len(rest)) : start][::-1])
    else:
        rest = body[end - start :]
        end += _common_length(rest, data[end : end + len(rest)])
    if anchor.form.spills_left and start and data[start - 1] in _BASE64:
        start -= 1
    if anchor.form.spills_right and end < len(data) and data[end] in _BASE64:
        end += 1
    return Span(start, end, anchor.owner)


def _common_length(one: bytes, other: bytes) -> int:
    if one == other:
        return len(one)
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _stands_alone(data: bytes, span: Span) -> bool:
    before, after = data[span.start - 1 : span.start] if span.start else b"", data[span.end : span.end + 1]
    return not (_WORD.intersection(before) or _WORD.intersection(after))
