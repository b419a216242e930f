"""TB101: a password, key or token that stands in the file."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, words_of

# The name that a token is to have is none.
_SECRET_FIELD = re.compile(
    r"passw|passphrase|\bpin\b"
    r"|(secret|token|api[ _-]?key|credential)s?(?![ _-]*(name|label|title|description|scope|note))"
)
_FREE_TEXT = ("value", "default", "note", "reason", "url", "description")
# Of detect-secrets' detectors those that know a key by its own form.
_DETECTORS = {
    "artifactory": "ArtifactoryDetector",
    "aws": "AWSKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
# detect-secrets' own limits: bits for each character.
_ENTROPY = {"Base64HighEntropyString": 4.5, "HexHighEntropyString": 3.0}


def check(subject: Subject) -> Iterator[Hit]:
    told = set()
    for step in subject.flow.steps:
        if "value" in step.options and _SECRET_FIELD.search(words_of(step)) and step.verb == "type":
            path = subject.at(step, "value")
            told.add(path)
            where = ((subject.at(step, "selector"), "the field that it is typed into"),)
            yield Hit(path=path, message="a secret is typed from the file", related=where)
    for path, text in subject.scalars():
        kind = _kind_of(text, is_free=path[-1] in _FREE_TEXT)
        if kind and path not in told:
            yield Hit(path=path, message=f"this looks like a secret: {kind}")


def _kind_of(text: str, *, is_free: bool) -> str:
    """What kind of secret `text` holds, by its form or by how random it is; "" where it holds none."""
    if len(text) < 16:
        return ""
    known, random = _detectors()
    for kind, patterns in known:
        if any(pattern.search(text) for pattern in patterns):
            return kind
    for run in _LIKE_A_KEY.findall(text) if is_free else ():
        mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
        if mixed and any(entropy(run) > limit for entropy, limit in random):
            return "random characters"
    return ""


@cache
def _detectors() -> tuple[
    list[tuple[str, tuple[re.Pattern[str], ...]]], list[tuple[Callable[[str], float], float]]
]:
    import importlib  # late: a run and a collection never need them

    modules = {name: importlib.import_module(f"detect_secrets.plugins.{name}") for name in _DETECTORS}
    known = [getattr(modules[module], name)() for module, name in _DETECTORS.items()]
    high = importlib.import_module("detect_secrets.plugins.high_entropy_strings")
    random = [
        (getattr(high, name)(limit).calculate_shannon_entropy, limit) for name, limit in _ENTROPY.items()
    ]
    return [(each.secret_type, tuple(each.denylist)) for each in known], random


RULE = Rule(
    id="TB101",
    name="literal-secret",
    severity=Severity.ERROR,
    summary="A password, key or token stands in the file.",
    why="Flows are committed, reviewed and copied into evidence: whoever can read the file has the secret.",
    fix="Store it with `tokenbroker secrets put NAME` and type `value_ref: secrets:NAME`; then change it at the site.",
    bad="""
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "#password", value: "hunter2" }  # here: "hunter2"
""",
    good="""
steps:
  - navigate: https://console.example.com/login
  - type: { selector: "#password", value_ref: "secrets:example.password" }
""",
    check=check,
    is_critical=True,
)
