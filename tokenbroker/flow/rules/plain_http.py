"""TB201: an address beyond this machine without TLS."""

from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, origin_in
from tokenbroker.settings import is_loopback


def check(subject: Subject) -> Iterator[Hit]:
    for path, text in subject.scalars():
        is_address = path[-1] == "url" or path[0] == "origins" or path[-1] == "navigate"
        if is_address and text.lower().startswith("http://"):
            origin = origin_in(text)
            if origin is None or not is_loopback(origin):
                yield Hit(path=path, message="this address goes over the network in the clear")


RULE = Rule(
    id="TB201",
    name="plain-http",
    severity=Severity.ERROR,
    summary="An address beyond this machine begins with http://.",
    why="Everyone on the way can read the password and the token, and put another page in its place.",
    fix="Write https://.",
    bad="""
steps:
  - navigate: http://console.example.com/login  # here: http://
""",
    good="""
steps:
  - navigate: https://console.example.com/login
""",
    check=check,
    is_critical=True,
)
