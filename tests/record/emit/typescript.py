"""The words of a TypeScript file, as far as is needed to tell code from literals and comments."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["code", "string", "template", "expression", "comment", "space"]

_LITERAL = re.compile(
    r"""
    (?P<comment>//[^\n\r\u2028\u2029]*)
    | (?P<string>'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*")
    | (?P<template>`(?:[^`\\$]|\\.|\$\{[A-Z0-9_a-z]+\})*`)
    | (?P<expression>(?<=[:(,]\s)/(?![/*])(?:[^/\\\[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+/[a-z]*)
    | (?P<space>\s+)
    | (?P<code>[A-Za-z_][A-Za-z0-9_]*|[0-9_]+|=>|[{}()\[\].,;:=*?!-]|===?|!==)
    """,
    re.VERBOSE,
)


class Word(NamedTuple):
    kind: Kind
    text: str


class NotTypeScript(Exception):
    """Something stands there that is none of these."""


def words(text: str) -> Iterator[Word]:
    """The words of `text`, one after the other, with nothing in between.

    Raises:
        NotTypeScript: where a literal does not end, or something stands in no literal that our specs have no use for.
    """
    at = 0
    while at < len(text):
        found = _LITERAL.match(text, at)
        if found is None:
            raise NotTypeScript(text[at : at + 60])
        assert found.lastgroup is not None
        yield Word(found.lastgroup, found.group())  # type: ignore[arg-type]  # one of Kind
        at = found.end()


def is_balanced(text: str) -> bool:
    """Whether every bracket outside of literals and comments is closed by its like."""
    pairs, open_ones = {")": "(", "]": "[", "}": "{"}, list[str]()
    for word in words(text):
        if word.kind == "code" and word.text in "([{":
            open_ones.append(word.text)
        elif (
            word.kind == "code"
            and word.text in pairs
            and (not open_ones or open_ones.pop() != pairs[word.text])
        ):
            return False
    return not open_ones
