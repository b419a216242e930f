"""The comments of a flow file, which its nodes know nothing of."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain

import yaml

from tokenbroker.flow.document import Document, Region

_BREAKS = r"\r\n\x85\u2028\u2029"
_BREAK = re.compile(rf"[{_BREAKS}]")
_COMMENT = re.compile(rf"#[^{_BREAKS}]*")
_SHORTEST = 6
"""A shorter one has no room for anything that is looked for, and a file may hold half a million of them."""
_BEFORE_A_SCALAR = re.compile(rf"(?:[&!]\S*|#[^{_BREAKS}]*|\s+)*")
"""An anchor and a tag belong to the node of their scalar; comments may stand behind them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment from its ``#`` to the end of its line; line and column count from 1."""

    text: str
    line: int
    column: int

    @property
    def region(self) -> Region:
        """Where it stands."""
        end = self.column + len(self.text)
        return Region(line=self.line, column=self.column, end_line=self.line, end_column=end)


def comments_in(document: Document, *, shortest: int = _SHORTEST) -> Iterator[Comment]:
    """Each comment of `document`, in order, but for those of fewer than `shortest` characters behind their ``#``.

    As libyaml has it, every ``#`` outside of a scalar begins one, also right behind a quote, a bracket or a comma.
    """
    text = document.text
    found: list[re.Match[str]] = []
    at = 0
    for start, end in (*sorted(_scalars(document)), (len(text), len(text))):
        found += (each for each in _COMMENT.finditer(text, at, start) if len(each[0]) > shortest)
        at = end
    if not found:
        return
    starts = list(accumulate(map(len, text.splitlines(keepends=True)), initial=0))
    for each in found:
        line = bisect_right(starts, each.start())
        yield Comment(text=each[0], line=line, column=each.start() - starts[line - 1] + 1)


def _scalars(document: Document) -> Iterator[tuple[int, int]]:
    """Where each scalar that holds a ``#`` begins and ends in the text."""
    for node in chain(document.keys.values(), document.values.values()):
        if isinstance(node, yaml.ScalarNode) and "#" in node.value:
            yield _start(node, document.text), node.end_mark.index


def _start(node: yaml.ScalarNode, text: str) -> int:
    start = node.start_mark.index
    if text[start] in "&!" and (before := _BEFORE_A_SCALAR.match(text, start)):
        start = before.end()
    if node.style in ("|", ">") and (head := _BREAK.search(text, start)):
        start = head.start()  # its first line holds nothing of it, but may end with a comment
    return start
