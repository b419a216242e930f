"""TB502: a parameter that nothing uses."""

from collections.abc import Iterator
from itertools import chain

from tokenbroker.flow.cases import PLACEHOLDER, references_in, texts_in
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject


def check(subject: Subject) -> Iterator[Hit]:
    in_names = (
        PLACEHOLDER.findall(said) for _, said in (*references_in(subject.flow), *texts_in(subject.flow))
    )
    used = {*subject.flow.references("param:"), *chain.from_iterable(in_names)}
    for param in subject.flow.params:
        if param.name not in used:
            message = f"nothing types the parameter '{param.name}'"
            yield Hit(path=("params", param.name), message=message, is_key=True)


RULE = Rule(
    id="TB502",
    name="unused-param",
    severity=Severity.WARNING,
    summary="A parameter is declared, and no step types it.",
    why="Whoever runs the flow is asked for a value that changes nothing.",
    fix="Type it with `value_ref: param:NAME`, or take it out.",
    bad="""
params:
  name: {}  # here: name
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "#name", value: "agent" }
""",
    good="""
params:
  name: {}
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "#name", value_ref: "param:name" }
""",
    check=check,
)
