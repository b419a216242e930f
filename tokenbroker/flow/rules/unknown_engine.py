"""TB503: a selector in the syntax of an engine that there is not, such as ``label=Name``."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from tokenbroker.flow.document import NodePath, printable
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

# Playwright's: https://playwright.dev/python/docs/other-locators. Each but the last few also with ":light".
_ENGINES: Final = frozenset(
    {"css", "xpath", "text", "id", "role", "data-testid", "data-test-id", "data-test", "nth", "visible"}
    | {"_react", "_vue"}
)
# As Playwright splits a chain, but for a ">>" inside of quotes: what stands behind it is then no engine's name.
_PART: Final = re.compile(r"(?:^|>>)\s*\*?([a-zA-Z_0-9+:-]+)\s*=")
_QUOTED: Final = re.compile(r"""(["'`])(?:\\.|(?!\1).)*\1""")
_INSTEAD: Final = {
    "label": "a field is found by its label with text=…, or with { label: … } in a set",
    "placeholder": "an input is found by it with [placeholder='…'], or with { placeholder: … } in a set",
    "name": "a field is found by it with [name='…']",
    "class": "an element is found by it with .…",
}


def check(subject: Subject) -> Iterator[Hit]:
    for step in subject.flow.steps:
        for option in ("selector", "until", "denied"):
            if option in step.options:
                yield from _in(subject.at(step, option), step.options[option])
        for key, said in (("when", step.when), ("unless", step.unless)):
            yield from _in(("steps", step.number - 1, key), said)


def _in(path: NodePath, selector: Any) -> Iterator[Hit]:
    if not isinstance(selector, str):
        return
    for found in _PART.finditer(_QUOTED.sub("''", selector)):
        name = found[1].removesuffix(":light")
        if name not in _ENGINES and not name.startswith("internal:"):
            near = get_close_matches(name, _ENGINES, n=1, cutoff=0.7)
            instead = _INSTEAD.get(name) or (
                f"did you mean {near[0]}=?" if near else "CSS, text= and role= are known"
            )
            yield Hit(path=path, message=f"no selector begins with {printable(name)}=; {instead}")
            return


RULE = Rule(
    id="TB503",
    name="unknown-engine",
    severity=Severity.ERROR,
    summary="A selector begins with the name of an engine that there is not.",
    why="The run would stop at that step, when the browser has been started and a person perhaps asked.",
    fix="Write CSS, or one of Playwright's engines (`text=`, `role=`, `xpath=`, `id=`), or a set.",
    bad="""
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "label=Name", value: "agent" }  # here: "label=
""",
    good="""
steps:
  - navigate: https://console.example.com/keys
  - type: { selector: "text=Name", value: "agent" }
""",
    check=check,
)
