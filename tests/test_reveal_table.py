"""The places that open a `Secret` are those of the reviewed table in ``docs/secrets.md``, and no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("SECRET-7")

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tokenbroker"
PAGE = ROOT / "docs" / "secrets.md"
DEFINITION = PACKAGE / "secret.py"
OPENERS = {"reveal", "_value"}

Place = tuple[str, str]
"""A module's path, and the function in it by its qualified name."""


def opened_in(source: str, module: str) -> Iterator[Place]:
    """Where `source` opens a secret: by an attribute, called or handed on, or by such a name as a text."""

    def walk(node: ast.AST, inside: tuple[str, ...]) -> Iterator[Place]:
        for child in ast.iter_child_nodes(node):
            name = getattr(child, "name", None)
            is_scope = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            deeper = (*inside, str(name)) if is_scope else inside
            if _opens(child):
                yield module, ".".join(inside) or "(module)"
            yield from walk(child, deeper)

    return walk(ast.parse(source), ())


def _opens(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in OPENERS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        # getattr(secret, "reveal"), attrgetter("reveal"), methodcaller("reveal") …
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        texts = {each.value for each in node.args if isinstance(each, ast.Constant)}
        return name in {"getattr", "attrgetter", "methodcaller", "__getattribute__"} and bool(texts & OPENERS)
    return isinstance(node, ast.MatchClass) and bool(OPENERS & set(node.kwd_attrs))


def in_the_code() -> set[Place]:
    return {
        place
        for path in PACKAGE.rglob("*.py")
        if path != DEFINITION
        for place in opened_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    }


def in_the_table() -> list[tuple[str, str, str]]:
    """Module, function and reason of each line of the table."""
    table = PAGE.read_text(encoding="utf-8").partition("<!-- reveal-table -->")[2]
    table = table.partition("<!-- /reveal-table -->")[0]
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)


def test_every_place_that_opens_a_secret_was_reviewed() -> None:
    reviewed = {(module, function) for module, function, _ in in_the_table()}
    assert sorted(in_the_code() - reviewed) == [], "review it, and add it to the table of docs/secrets.md"


def test_the_table_names_no_place_that_is_gone() -> None:
    reviewed = {(module, function) for module, function, _ in in_the_table()}
    assert sorted(reviewed - in_the_code()) == [], "take it out of the table of docs/secrets.md"


def test_every_line_of_the_table_has_its_reason_and_stands_there_once() -> None:
    table = in_the_table()
    assert len({(module, function) for module, function, _ in table}) == len(table) > 0
    assert [line for line in table if len(line[2]) < 10] == []


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("def f(s): return s.reveal()", ["f"]),
        ("class A:\n  async def g(self, s):\n    return [x.reveal for x in s]", ["A.g"]),
        ("print(key.reveal())", ["(module)"]),
        ("def f(s): return s._value", ["f"]),
        ("def f(s): return getattr(s, 'reveal')()", ["f"]),
        ("def f(s):\n  def g(): return operator.methodcaller('reveal')(s)", ["f.g"]),
        ("def f(s):\n  match s:\n    case Secret(_value=v): return v", ["f"]),
        ("def f(reveal): return reveal and 'reveal'", []),
    ],
)
def test_the_search_finds_each_way_to_open_a_secret(source: str, places: list[str]) -> None:
    assert [place for _, place in opened_in(source, "m.py")] == places
