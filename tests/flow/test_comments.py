"""Comments are found where YAML has them, and nowhere else (LINT-2: secrets in comments)."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenbroker.flow.comments import comments_in
from tokenbroker.flow.document import parse_document

pytestmark = pytest.mark.req("LINT-2")


def found_in(text: str) -> list[tuple[int, int, str]]:
    document = parse_document(text.encode(), Path("flow.yaml"))
    return [(each.line, each.column, each.text) for each in comments_in(document)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("# comment\na: 1", 1, 1),
        ("a: 1 # comment", 1, 6),
        ("a: 1\n\n   # comment", 3, 4),
        ("a: x#y # comment", 1, 8),
        ('a: "x" # comment', 1, 8),
        ('a: "x"# comment', 1, 7),
        ('a: "x # y\n  # z" # comment', 2, 8),
        ("a: 'x '' # y' # comment", 1, 15),
        ("a: [x,# comment\n  y]", 1, 7),
        ("a: [x # comment\n  ]", 1, 7),
        ("a: x\n  y # comment\nb: 1", 2, 5),
        ("# few\n# comment\na: 1", 2, 1),
        ("'a # b': 1 # comment", 1, 12),
        ("? a # comment\n: b", 1, 5),
        ("a: | # comment\n  x # y\n  # z", 1, 6),
        ("a: >-2 # comment\n    # z", 1, 8),
        ("a: |\n  x # y\n # comment\nb: 1", 3, 2),
        ("a: |\n  x # y\n\n\n# comment", 5, 1),
        ('a: &x "# y" # comment\nb: *x', 1, 13),
        ('a: &x # comment\n  "# y"', 1, 7),
        ('a: &x !!str # comment\n  "# y"\nb: *x', 1, 13),
        ("a: !!str | # comment\n  # y", 1, 12),
        ("--- # comment\na: 1", 1, 5),
        ("a: 1\n... # comment", 2, 5),
        ("a: '# y'\r\nb: 1 # comment\r\n", 2, 6),
        ("a: '# y'\rb: 1 # comment\r", 2, 6),
        ("a: '# y'\u2028b: 1 # comment", 2, 6),
        ("a: '🔑 # y' # comment", 1, 12),
    ],
)
def test_a_comment_has_its_place(text: str, line: int, column: int) -> None:
    assert found_in(text) == [(line, column, "# comment")]


@pytest.mark.parametrize(
    "text",
    ['a: "# comment"', "a: '# comment'", "a: |\n  # comment", "a: >\n  x\n\n  # comment", "a: x#comment", "'# comment': 1",
     'a: "x\\" # comment"', "a: 'x\n  # comment'", "a: &x '# comment'\nb: *x", "a: |2\n    x\n  # comment"],
)  # fmt: skip
def test_what_stands_in_a_scalar_is_no_comment(text: str) -> None:
    assert found_in(text) == []


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.lists(st.tuples(st.text("#\"' :|>\\-ä\n", max_size=12), st.sampled_from([None, '"', "'", "|", ">"])), min_size=1)
)  # fmt: skip
def test_whatever_the_scalars_hold_each_comment_is_found_and_nothing_else(
    entries: list[tuple[str, str | None]],
) -> None:
    text = ""
    for number, (value, style) in enumerate(entries):
        entry = yaml.safe_dump({f"k{number}": value}, default_style=style, allow_unicode=True, width=1000)
        text += entry.removesuffix("...\n") + "# comment\n"
    assert [told for _, _, told in found_in(text)] == ["# comment"] * len(entries)
