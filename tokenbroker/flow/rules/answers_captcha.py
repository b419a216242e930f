"""TB105: a step that would answer a CAPTCHA."""

import re
from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

# Words that a page shows may be about a CAPTCHA: only what names the widget, its field or its frame counts.
_CAPTCHA = re.compile(
    r"[.#\[]([\w-]*[-_])?(re|h)?captcha(?![a-z])|name[*^$]?=['\"]?[\w-]*captcha|cf-turnstile|data-sitekey"
    r"|(?:src|url|title)[*^$]?['\"]?[=:].*(captcha|turnstile|challenges\.cloudflare\.com)|i'?m not a robot"
)


def check(subject: Subject) -> Iterator[Hit]:
    for step in subject.flow.steps:
        if subject.steps[step.verb].looks or "human" in subject.steps[step.verb].requires:
            continue
        for option in ("selector", "frame"):
            if names_a_captcha(str(step.options.get(option, ""))):
                yield Hit(path=subject.at(step, option), message="a CAPTCHA is answered without a person")
                break


def names_a_captcha(selector: str) -> bool:
    """Whether `selector`, or a set as text, leads to a CAPTCHA."""
    return _CAPTCHA.search(selector.lower()) is not None


RULE = Rule(
    id="TB105",
    name="answers-captcha",
    severity=Severity.ERROR,
    summary="A step acts on a CAPTCHA.",
    why="A CAPTCHA asks for a person, and most sites' terms forbid to answer it in another way.",
    fix="Leave the step away: a CAPTCHA in a step's way is put to the person; or pause with "
    "`wait_human: { kind: action }`.",
    bad="""
steps:
  - navigate: https://console.example.com/login
  - click: { selector: ".g-recaptcha" }  # here: ".g-recaptcha"
""",
    good="""
steps:
  - navigate: https://console.example.com/login
  - wait_human: { kind: action, reason: "Please answer the CAPTCHA in the window.", until: "text=Welcome" }
""",
    check=check,
    is_critical=True,
)
