"""``tokenbroker rule``: what the lint rules look for, and why."""

import typer

from tokenbroker.errors import UsageError
from tokenbroker.flow.lint import ABOUT_SUPPRESSIONS
from tokenbroker.flow.rule import Rule
from tokenbroker.flow.rules import RULES

SUPPRESSING = (
    "A finding is suppressed at the line where it, or its step, begins, or in a line of its own before that, with the\n"
    "whole id of the rule and a reason:\n\n"
    '    - click: { selector: "li:nth-child(3)" }  # tokenbroker: ignore[TB501] nothing else tells them apart'
)


def rule(
    name: str = typer.Argument("", metavar="[ID]", help="The rule to explain; without it, all are listed."),
) -> None:
    """Explain one lint rule, or list all."""
    if not name:
        for each in RULES:
            print(f"{each.id}  {each.severity.value:<8} {each.summary}")
        for code, summary in ABOUT_SUPPRESSIONS.items():
            print(f"{code}  {'':<8} {summary}")
        return
    if name.upper() in ABOUT_SUPPRESSIONS:
        print(f"# {name.upper()}\n\n{ABOUT_SUPPRESSIONS[name.upper()]}\n\n{SUPPRESSING}")
        return
    found = next((each for each in RULES if name.upper() in (each.id, each.name.upper())), None)
    if found is None:
        raise UsageError(f"there is no rule {name}", next_step="`tokenbroker rule` lists them")
    print(explained(found))


def explained(rule: Rule) -> str:
    """All that is to be known of `rule`, as plain text that is Markdown, too."""
    level = f"{rule.severity.value}, can't be suppressed" if rule.is_critical else rule.severity.value
    return (
        f"# {rule.id} {rule.name}\n\n{rule.summary} ({level})\n\n{rule.why}\n\n{rule.fix}\n\n"
        f"Bad:\n\n{_shown(rule.bad, rule.id)}\n\nGood:\n\n{_shown(rule.good, rule.id)}"
    )


def _shown(example: str, name: str) -> str:
    lines = []
    for line in example.strip().splitlines():
        text, marked, _ = line.partition("  # here")
        lines.append(f"    {text}  # {name}" if marked else f"    {text}")
    return "\n".join(lines)
