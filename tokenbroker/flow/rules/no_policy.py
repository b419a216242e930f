"""TB401: a flow without a policy."""

from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject


def check(subject: Subject) -> Iterator[Hit]:
    if subject.flow.policy is None:
        yield Hit(path=("flow",), message="this flow has no policy", is_key=True)


RULE = Rule(
    id="TB401",
    name="no-policy",
    severity=Severity.NOTE,
    summary="A flow says nothing about the site's terms.",
    why="Many sites lay down what may be automated. Without a note, nobody knows whether anyone has looked.",
    fix="Add `policy` with `terms_of_service`, `reviewed` and `review_expires`.",
    bad="""
flow: create_key  # here: flow
steps:
  - navigate: https://console.example.com/keys
""",
    good="""
policy: { terms_of_service: "https://example.com/terms", reviewed: 2026-11-01, review_expires: 2027-11-01 }
steps:
  - navigate: https://console.example.com/keys
""",
    check=check,
)
