"""YAML text to plain data in which every node knows its line and column.

Only the plain parts of YAML are read: no tags of one's own, no duplicate keys, and bounds on size,
depth and the number of nodes, so that a hostile file ends in one clear error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tokenbroker.errors import FlowError
from tokenbroker.flow.excerpt import shown
from tokenbroker.flow.model import Position

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 20_000
MAX_NUMBER = 2**53  # beyond it JSON tools disagree on what a number is
_EXCERPT_CHARACTERS = 160
_EXCERPT_LINE = re.compile(r"\n +(?:\d+ )?\| [^\n]*")
_OPENERS = ("[", "{", ":", "-", "?")
"""Each level of nesting begins with one of these."""
_SEPARATORS = (",", "\n")
"""Between two nodes of one level stands one of these, or an opener."""
_NODES_PER_MARK = 3
"""At most: ``?`` alone can be a mapping with its key and its value."""
_SAFE_DEPTH = 500
"""Far below what the composer's recursion can bear."""

NodePath = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"
_SCALARS = frozenset(_TAG + kind for kind in ("str", "int", "float", "bool", "null", "timestamp"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A range of a file's text; lines and columns count from 1, and the end is the first place behind it."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed file: data, and the node of each key and value by its path from the root."""

    path: Path
    text: str
    data: Any
    keys: Mapping[NodePath, yaml.Node]
    values: Mapping[NodePath, yaml.Node]

    def at(self, path: NodePath) -> Position:
        """Where the value at `path` stands; the nearest enclosing node's place where it doesn't exist."""
        while path and path not in self.values:
            path = path[:-1]
        return _position(self.values[path]) if path in self.values else Position(line=1, column=1, end_line=1)

    def error(
        self, path: NodePath, sentence: str, *, key: bool = False, code: str = "flow.invalid"
    ) -> FlowError:
        """A FlowError that begins with ``file:line:column`` of the value (or the key) at `path`."""
        where = _position(self.keys[path]) if key and path in self.keys else self.at(path)
        return flow_error(self.path, where.line, where.column, sentence, text=self.text, code=code)


def flow_error(
    path: Path, line: int, column: int, sentence: str, *, text: str = "", code: str = "flow.invalid"
) -> FlowError:
    """A FlowError with its place, and the source line under it where the text is known."""
    lines = text.splitlines()
    excerpt = ""
    if 0 < line <= len(lines):
        excerpt = f"\n  {line:>4} | {shown(lines[line - 1][:_EXCERPT_CHARACTERS])}"
        if column <= _EXCERPT_CHARACTERS:
            excerpt += f"\n       | {' ' * (column - 1)}^"
    error = FlowError(f"{path}:{line}:{column}: {sentence}{excerpt}", code=code)
    error.line, error.column, error.what = line, column, sentence
    return error


def without_excerpts(text: str) -> str:
    """What FlowErrors say in `text`, without the lines of the file under it: for those who may not read the file."""
    return _EXCERPT_LINE.sub("", text)


def printable(name: str) -> str:
    """`name` cut short and without control characters, to be quoted in a sentence."""
    return "".join(character if character.isprintable() else "?" for character in name[:40])


def read_document(path: Path) -> Document:
    """Parse the file at `path`.

    Raises:
        FlowError: it can't be read, is not UTF-8, is too large or too deep, or is not plain YAML.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)  # of what is too large, no more than tells so
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise flow_error(path, 1, 1, f"can't read the file: {reason}", code="flow.unreadable") from None
    return parse_document(raw, path)


def parse_document(raw: bytes, path: Path) -> Document:
    """Parse `raw` as if it stood in the file `path`; raises FlowError as `read_document` does."""
    if len(raw) > MAX_BYTES:
        raise flow_error(path, 1, 1, f"the file is too large: a flow has {MAX_BYTES:,} bytes at most")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise flow_error(path, line, 1, "the file is not UTF-8 text; save it as UTF-8") from None
    try:
        _check_bounds(text, path)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = f"not valid YAML: {error.problem or error.context}"
        raise flow_error(path, line, column, problem, text=text, code="flow.yaml") from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        raise flow_error(path, line, 1, "not valid YAML: it holds a character that YAML forbids") from None
    if node is None:
        raise flow_error(path, 1, 1, "the file is empty; a flow begins with 'version: 1'", code="flow.empty")
    reader = _Reader(path, text)
    data = reader.read(node, ())
    return Document(path=path, text=text, data=data, keys=reader.keys, values=reader.values)


def _check_bounds(text: str, path: Path) -> None:
    """Walk the events (without recursion) before anything that recurses sees the text."""
    openers = sum(map(text.count, _OPENERS))
    marks = openers + sum(map(text.count, _SEPARATORS))
    if openers <= _SAFE_DEPTH and marks * _NODES_PER_MARK < MAX_NODES:
        return  # it can't nest deeper than that, nor hold more nodes; `_Reader` has the exact limits
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            place = getattr(event, "start_mark", None)
            line, column = (place.line + 1, place.column + 1) if place else (1, 1)
            what = (
                f"nested deeper than {MAX_DEPTH}" if depth > MAX_DEPTH else f"more than {MAX_NODES:,} nodes"
            )
            raise flow_error(path, line, column, f"too large for a flow: {what}")


class _Reader:
    """Turns composed nodes into data and remembers where each stood."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.keys: dict[NodePath, yaml.Node] = {}
        self.values: dict[NodePath, yaml.Node] = {}
        self._constructor = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, path: NodePath) -> Any:
        if len(self.values) > MAX_NODES or len(path) > MAX_DEPTH:
            raise self._error(node, "too large for a flow: its aliases explode")
        self.values[path] = node
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node)
        raise self._error(node, "tags such as '!name' are not allowed in a flow")

    def _mapping(self, node: yaml.MappingNode, path: NodePath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a key must be plain text")
            key = str(key_node.value)
            if key in data:
                raise self._error(key_node, f"the key '{printable(key)}' stands here twice")
            self.keys[(*path, key)] = key_node
            data[key] = self.read(value_node, (*path, key))
        return data

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag in (_TAG + "str", _TAG + "timestamp"):
            return node.value
        try:
            value = self._constructor.construct_object(node)
        except (ValueError, yaml.YAMLError):
            raise self._error(node, "this value can't be read") from None
        # JSON knows neither infinity nor "not a number", which would pass every limit of the schema.
        if isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:
            raise self._error(node, "this number is out of range")
        return value

    def _error(self, node: yaml.Node, sentence: str) -> FlowError:
        mark = node.start_mark
        return flow_error(self.path, mark.line + 1, mark.column + 1, sentence, text=self.text)


def _position(node: yaml.Node) -> Position:
    line = node.start_mark.line + 1
    return Position(line=line, column=node.start_mark.column + 1, end_line=max(line, _end_line(node)))


def _end_line(node: yaml.Node) -> int:
    """The last line of `node`: a block's own end mark stands where the *next* thing begins."""
    end_line = 0
    for _ in range(MAX_DEPTH):  # an alias may lead back to where it stands
        if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
            break
        last = node.value[-1]
        if isinstance(last, tuple):
            end_line = max(end_line, last[0].end_mark.line + 1)
            last = last[1]
        node = last
    end = node.end_mark
    at_next_line = end.column == 0 and end.line > node.start_mark.line
    return max(end_line, end.line if at_next_line else end.line + 1)
