"""Write the generated part of docs/flows.md: every key and verb of the flow language, from the code itself.

`python docs/make_flow_reference.py` writes it; with `--check` nothing is written, and an outdated page fails.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenbroker.flow.schema import FLOW_PROPERTIES, REQUIRED, STEP_COMMON
from tokenbroker.run.steps import STEPS
from tokenbroker.run.steps.step import StepKind

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/flows.md")
BEGIN = "<!-- begin of what docs/make_flow_reference.py writes (make docs): don't edit -->"
END = "<!-- end of what docs/make_flow_reference.py writes -->"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "navigate": ('- navigate: "https://console.example.com/login"',),
    "type": (
        '- type: { selector: "#email", value_ref: "secrets:example.email" }',
        '- type: { selector: "#name", value: "Nightly build" }',
    ),
    "click": (
        '- click: "button[type=submit]"',
        "- click:",
        '    selector: "text=Create"',
        '    creates: { name: "Nightly build", revoke: "https://console.example.com/api-keys" }',
        '- click: { selector: "text=Show key", opens: keys }',
        '- click: { selector: "text=Revoke", dialog: accept, frame: { url: "https://keys.example.com/**" } }',
    ),
    "select": ('- select: { selector: "#scope", value: "read" }',),
    "check": ('- check: "#accept"', '- check: { selector: "#newsletter", checked: false }'),
    "press": ("- press: Escape", '- press: { key: Enter, selector: "#name" }'),
    "wait_for": (
        '- wait_for: "text=Security code"',
        '- wait_for: { selector: ".spinner", state: hidden }',
        '- wait_for: { url: "https://console.example.com/**" }',
    ),
    "wait_human": (
        '- wait_human: { reason: "Enter the code that was sent to the phone" }',
        '- wait_human: { reason: "Approve the sign-in on your phone", kind: device, until: "text=Signed in" }',
        '- wait_human: { reason: "Solve the puzzle", kind: action }',
    ),
    "expect": ('- expect: { selector: "[role=status]", text: "was revoked" }',),
    "capture_token": (
        '- capture_token: { selector: ".token", secret_ref: "tokens:example/api-key" }',
        '- capture_token: { selector: "text=Copy", secret_ref: "tokens:example/api-key", from: clipboard }',
        "- capture_token:",
        '    selector: ".notice"',
        '    secret_ref: "tokens:example/api-key"',
        "    pattern: 'Your key is (\\S+)\\.'",
        "    frame: { name: console }",
    ),
    "verify_token": (
        '- capture_token: { selector: ".token", secret_ref: "tokens:example/api-key" }',
        '- verify_token: "https://console.example.com/api/whoami"',
        '- verify_token: { url: "https://api.example.com/v1/me", header: X-API-Key, status: 204 }',
    ),
}
_NEEDS = {
    "human": "a person who can be asked",
    "sink": "a sink that can be written",
    "token": "a token that an earlier step has captured",
}


def reference() -> str:
    """The generated part, without its markers."""
    lines = ["### Keys of a flow", "", "| key | | meaning |", "|---|---|---|"]
    lines += [_row(name, schema, name in REQUIRED) for name, schema in FLOW_PROPERTIES.items()]
    lines += _inner("A parameter", FLOW_PROPERTIES["params"]["additionalProperties"]["anyOf"][0])
    lines += _inner("`expect_outcome`", FLOW_PROPERTIES["expect_outcome"])
    lines += ["", "### Keys that every step may have", "", "| key | | meaning |", "|---|---|---|"]
    lines += [_row(name, schema, required=False) for name, schema in STEP_COMMON.items()]
    for kind in STEPS.values():
        lines += ["", *_verb(kind)]
    return "\n".join(lines)


def _verb(kind: StepKind) -> list[str]:
    facts = []
    if kind.shorthand:
        facts.append(f"`{kind.verb}: TEXT` is short for `{kind.verb}: {{ {kind.shorthand}: TEXT }}`.")
    if kind.may_create:
        facts.append("It may be the step that creates a key (see *Steps that create a key*).")
    facts += [f"Before a browser starts, {_NEEDS[need]} must be there." for need in sorted(kind.requires)]
    required = kind.options.get("required", ())
    options = kind.options["properties"]
    lines = [f"### `{kind.verb}`", "", " ".join([kind.summary, *facts]), ""]
    if choice := kind.options.get("oneOf"):
        either = " or ".join(f"`{each['required'][0]}`" for each in choice)
        lines += [f"It takes either {either}.", ""]
    lines += ["| option | | meaning |", "|---|---|---|"]
    lines += [_row(name, schema, name in required) for name, schema in options.items()]
    lines += _inner("`creates`", options["creates"]) if "creates" in options else []
    return [*lines, "", "```yaml", *EXAMPLES[kind.verb], "```"]


def _inner(what: str, schema: Mapping[str, Any]) -> list[str]:
    """The keys of `what`, a mapping, as one sentence each."""
    required = schema.get("required", ())
    parts = [
        f"`{key}`{' (required)' if key in required else ''}: {_meaning(inner)}"
        for key, inner in schema["properties"].items()
        if inner.get("description") or inner.get("enum")
    ]
    return ["", f"{what} has:", "", *(f"- {part}" for part in parts)]


def _row(name: str, schema: Mapping[str, Any], required: bool) -> str:
    return f"| `{name}` | {'required' if required else ''} | {_cell(_meaning(schema))} |"


def _meaning(schema: Mapping[str, Any]) -> str:
    text = str(schema.get("description", ""))
    if not text and "enum" not in schema:
        return "The steps, in order." if schema.get("type") == "array" else ""
    if "enum" in schema:
        text = f"{' or '.join(f'`{value}`' for value in schema['enum'])}. {text}".strip()
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page(text: str) -> str:
    """`text`, the page, with its generated part as it should be.

    Raises:
        ValueError: the markers are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has lost the markers of its generated part")
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the page is (now) up to date."""
    target = ROOT / PAGE
    text = target.read_text(encoding="utf-8")
    wanted = page(text)
    if "--check" not in arguments:
        target.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        sys.stderr.write(f"{PAGE} is out of date; to do: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
