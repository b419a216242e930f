"""TB504: ``${name}`` of a parameter where it stands for itself, and not for the parameter's value."""

from collections.abc import Iterator

from tokenbroker.flow.cases import PLACEHOLDER, TEXTS
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

_FILLED_IN = ("value_ref", "secret_ref")


def check(subject: Subject) -> Iterator[Hit]:
    names = {param.name for param in subject.flow.params}
    personal = {param.name for param in subject.flow.params if param.personal}
    if not names:
        return
    for path, text in subject.scalars():
        if path[-1] in _FILLED_IN or path[0] in ("params", "description"):
            continue
        taken = personal if any(key in TEXTS for key in path) else names
        found = next((hole for hole in PLACEHOLDER.findall(text) if hole in taken), "")
        if found:
            yield Hit(
                path=path,
                message=(
                    f"${{{found}}} stands here as it is: references take a parameter, and selectors one that is "
                    "not personal"
                ),
                related=((("params", found), "the parameter"),),
            )


RULE = Rule(
    id="TB504",
    name="literal-placeholder",
    severity=Severity.ERROR,
    summary="`${NAME}` of a parameter stands where no parameter is filled in.",
    why="The run types or opens it letter by letter.",
    fix="Type the parameter with `value_ref: param:NAME`. In addresses and literal values there are none.",
    bad="""
params: { team: {} }
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "#name", value: "${team}" }  # here: "${team
  - capture_token: { selector: ".token", secret_ref: "tokens:${team}/ci" }
""",
    good="""
params: { team: {} }
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "#name", value_ref: "param:team" }
  - capture_token: { selector: ".token", secret_ref: "tokens:${team}/ci" }
""",
    check=check,
)
