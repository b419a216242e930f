"""TB203: a reference that is typed into a frame of another origin, or a token that is read from one."""

from collections.abc import Iterator
from typing import Any

from tokenbroker.flow.document import NodePath
from tokenbroker.flow.model import Step
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, origin_in


def check(subject: Subject) -> Iterator[Hit]:
    for step in subject.flow.steps:
        yield from _told(subject, step)
        kind = next((name for name in ("value_ref", "secret_ref") if name in step.options), None)
        if kind is None or "frame" not in step.options:
            continue
        for path, url in _addresses(subject.at(step, "frame"), step.options["frame"]):
            origin = origin_in(url)
            if origin is not None and origin not in subject.origins:
                what = "is typed here" if kind == "value_ref" else "is read from here"
                yield Hit(
                    path=path,
                    message=f"this frame is of {origin}, which the flow does not declare",
                    related=((subject.at(step, kind), f"the secret {what}"),),
                )


def _told(subject: Subject, step: Step) -> Iterator[Hit]:
    """A captured token that is sent to an origin which the flow neither declares nor goes to."""
    sends = "token" in subject.steps[step.verb].requires
    origin = origin_in(str(step.options.get("url", ""))) if sends and not subject.flow.origins else None
    if origin is not None and origin not in subject.origins:
        yield Hit(
            path=subject.at(step, "url"), message=f"the token would go to {origin}, which is not declared"
        )


def _addresses(path: NodePath, frame: Any) -> Iterator[tuple[NodePath, str]]:
    if isinstance(frame, list):
        for index, each in enumerate(frame):
            yield from _addresses((*path, index), each)
    elif isinstance(frame, dict) and "url" in frame:
        yield (*path, "url"), str(frame["url"])


RULE = Rule(
    id="TB203",
    name="reference-leaves",
    severity=Severity.ERROR,
    summary="A secret is typed into, or read from, a frame of an origin that the flow does not declare.",
    why="What is typed into a frame belongs to whoever made it. A run stops there; a reviewer should see it before.",
    fix="Add the frame's origin to `origins`, if it may have the secret.",
    bad="""
origins: [https://console.example.com]
steps:
  - navigate: https://console.example.com/login
  - type:
      selector: "#password"
      value_ref: "secrets:example.password"
      frame: { url: "https://login.example.net/**" }  # here: "https://login
""",
    good="""
origins: [https://console.example.com, https://login.example.net]
steps:
  - navigate: https://console.example.com/login
  - type:
      selector: "#password"
      value_ref: "secrets:example.password"
      frame: { url: "https://login.example.net/**" }
""",
    check=check,
    is_critical=True,
)
