"""TB301: a captured token that is typed into a page again."""

from collections.abc import Iterator

from tokenbroker.flow.document import NodePath
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject


def check(subject: Subject) -> Iterator[Hit]:
    captured: dict[str, NodePath] = {}
    for step in subject.flow.steps:
        if "sink" in subject.steps[step.verb].requires:
            captured[str(step.options["secret_ref"]).partition(":")[2]] = subject.at(step, "secret_ref")
        kind, _, name = str(step.options.get("value_ref", "")).partition(":")
        if kind == "secrets" and name in captured:
            yield Hit(
                path=subject.at(step, "value_ref"),
                message="the token that was captured is typed into a page",
                related=((captured[name], "it is captured here"),),
            )


RULE = Rule(
    id="TB301",
    name="token-into-page",
    severity=Severity.ERROR,
    summary="A token that the flow has captured is typed into a page.",
    why="A token belongs into its sink. In a page, that page's scripts have it, too.",
    fix="Leave the step away; a program that needs the token asks the sink for it.",
    bad="""
steps:
  - navigate: https://console.example.com/keys
  - capture_token: { selector: ".token", secret_ref: "local:example/key" }
  - type: { selector: "#check", value_ref: "secrets:example/key" }  # here: "secrets:
""",
    good="""
steps:
  - navigate: https://console.example.com/keys
  - capture_token: { selector: ".token", secret_ref: "local:example/key" }
""",
    check=check,
)
