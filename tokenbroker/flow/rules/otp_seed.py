"""TB103: a seed from which one-time codes are computed."""

import re
from collections.abc import Iterator

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject

_SEED_NAME = re.compile(
    r"(?<![a-z])(totp|hotp|otp|2fa|mfa|authenticator)[./_-]?(seed|secret|key|code)|otpauth"
)
_SEED = re.compile(r"otpauth://|\b(?=[A-Z]*[2-7])[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9])")


def check(subject: Subject) -> Iterator[Hit]:
    for path, text in subject.scalars():
        if path[-1] in ("value_ref", "secret_ref") and _SEED_NAME.search(text.lower()):
            yield Hit(path=path, message="this reference names the seed of one-time codes")
        elif path[-1] in ("value", "default", "url", "navigate", "verify_token") and is_a_seed(text):
            yield Hit(path=path, message="this looks like the seed of one-time codes", is_secret=True)


def is_a_seed(text: str) -> bool:
    """Whether `text` looks like the seed of one-time codes."""
    return _SEED.search(text) is not None


RULE = Rule(
    id="TB103",
    name="otp-seed",
    severity=Severity.ERROR,
    summary="The seed of one-time codes is given to a flow.",
    why="Who holds the seed needs no second person and no second device any more: that is no second factor.",
    fix="Leave the seed on the person's device, and pause with `wait_human: { kind: otp }`.",
    bad="""
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "#name", value_ref: "secrets:example.totp_seed" }  # here: "secrets:example.totp_seed"
""",
    good="""
steps:
  - navigate: https://console.example.com/login
  - wait_human: { kind: otp, reason: "The console asks for the code on your phone." }
""",
    check=check,
    is_critical=True,
)
