"""TB202: a step that goes where the flow's origins do not lead."""

from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, origin_in


def check(subject: Subject) -> Iterator[Hit]:
    outcome = subject.flow.expect_outcome
    if not subject.flow.origins or (
        outcome and outcome.status == "blocked"
    ):  # that it is blocked is its point
        return
    for step in subject.flow.steps:
        url = step.options.get("url")
        origin = origin_in(str(url)) if url is not None else None
        if origin is not None and origin not in subject.origins:
            yield Hit(
                path=subject.at(step, "url"),
                message=f"{origin} is not among the flow's origins",
                related=((("origins",), "the origins that are declared"),),
            )


RULE = Rule(
    id="TB202",
    name="undeclared-origin",
    severity=Severity.ERROR,
    summary="A step goes to, or waits for, an origin that the flow does not declare.",
    why="The run is closed in behind its declared origins: the step would be blocked, after others have acted.",
    fix="Add the origin to `origins`, if the flow has any business there.",
    bad="""
origins: [https://console.example.com]
steps:
  - navigate: https://console.example.com/login
  - navigate: https://elsewhere.example.net/keys  # here: https://elsewhere
""",
    good="""
origins: [https://console.example.com, https://elsewhere.example.net]
steps:
  - navigate: https://console.example.com/login
  - navigate: https://elsewhere.example.net/keys
""",
    check=check,
    is_critical=True,
)
