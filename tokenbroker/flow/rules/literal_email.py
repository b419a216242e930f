"""TB102: an e-mail address that is typed from the file."""

import re
from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

_ADDRESS = re.compile(r"(?<![\w.+:-])[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+")
_TYPED = ("value", "default", "url", "navigate", "verify_token")


def check(subject: Subject) -> Iterator[Hit]:
    for path, text in subject.scalars():
        if path[-1] in _TYPED and _ADDRESS.search(text):
            yield Hit(path=path, message="an e-mail address stands in the file")


RULE = Rule(
    id="TB102",
    name="literal-email",
    severity=Severity.ERROR,
    summary="An e-mail address is typed from the file.",
    why="It is about a person, and lands in every copy of the flow and in the evidence of every run.",
    fix="Type a reference (`value_ref: secrets:NAME`), or make it a parameter with `personal: true`.",
    bad="""
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "#email", value: "ann@example.com" }  # here: "ann@example.com"
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
