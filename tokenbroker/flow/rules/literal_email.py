"""TB102: an e-mail address that stands in the file."""

import re
from collections.abc import Iterator
from itertools import islice

from tokenbroker.flow.comments import Comment
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

# The last part of a host begins with a letter: `browser@120.0` is a version.
_ADDRESS = re.compile(r"(?<![\w.+:-])[\w.+-]{1,64}@([\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")
_TYPED = ("value", "default", "url", "navigate", "verify_token")
_MAX_COMMENTS = 100


def check(subject: Subject) -> Iterator[Hit]:
    for path, text in subject.scalars():
        if path[-1] in _TYPED and holds_an_address(text):
            yield Hit(path=path, message="an e-mail address stands in the file", is_secret=True)
    told = (_at(comment, found) for comment in subject.comments if (found := _ADDRESS.search(comment.text)))
    for address in islice(told, _MAX_COMMENTS):
        yield Hit(comment=address, message="an e-mail address stands in a comment", is_secret=True)


def holds_an_address(text: str) -> bool:
    """Whether an e-mail address stands in `text`."""
    return _ADDRESS.search(text) is not None


def _at(comment: Comment, found: re.Match[str]) -> Comment:
    """The address alone: what else the comment says may be a suppression."""
    return Comment(text=found[0], line=comment.line, column=comment.column + found.start())


RULE = Rule(
    id="TB102",
    name="literal-email",
    severity=Severity.ERROR,
    summary="An e-mail address stands in the file.",
    why="It is about a person, and lands in every copy of the flow and in the evidence of every run.",
    fix="Type a reference (`value_ref: secrets:NAME`), or make it a parameter with `personal: true`; a comment can do "
    "without.",
    bad="""
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "#email", value: "ann@example.com" }  # here: "ann
""",
    good="""
params:
  owner: { personal: true }
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "#email", value_ref: "param:owner" }
""",
    check=check,
)
