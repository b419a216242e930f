"""TB101: a password, key or token that stands in the file."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from tokenbroker.flow.model import Step
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, words_of

_SECRET_FIELD = re.compile(r"passw|passphrase|\b(pin|pwd|pass)\b|secret|token|api[ _-]?key|credential")
# What a field about a secret asks for, where it isn't the secret itself.
_ABOUT_IT = re.compile(
    r"name|title|description|scope|note|hint|label\b|expir|days|length|policy|rotat|count|type\b"
)
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


def check(subject: Subject) -> Iterator[Hit]:
    told = set()
    for step in subject.flow.steps:
        if step.verb == "type" and "value" in step.options and _is_secret_field(step):
            path = subject.at(step, "value")
            told.add(path)
            where = ((subject.at(step, "selector"), "the field that it is typed into"),)
            yield Hit(path=path, message="a secret is typed from the file", related=where)
    for path, text in subject.scalars():
        kind = kind_of(text)
        if kind and path not in told:
            yield Hit(path=path, message=f"this looks like a secret: {kind}")


def _is_secret_field(step: Step) -> bool:
    words = (
        words_of(step)
        .replace("aria-label", "")
        .replace("[name", "")
        .replace("[type", "")
        .replace("'label'", "")
    )
    return bool(_SECRET_FIELD.search(words)) and not _ABOUT_IT.search(words)


def kind_of(text: str) -> str:
    """What kind of secret `text` holds, by its own form; "" where it holds none."""
    if len(text) < 16:
        return ""
    return next((kind for kind, forms in _detectors() if any(form.search(text) for form in forms)), "")


@cache
def _detectors() -> list[tuple[str, tuple[re.Pattern[str], ...]]]:
    # Late: a run and a collection never need them.
    modules = {name: import_module(f"detect_secrets.plugins.{name}") for name in _DETECTORS}
    detectors = [getattr(modules[module], name)() for module, name in _DETECTORS.items()]
    return [(each.secret_type, tuple(each.denylist)) for each in detectors]


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
    is_about_secrets=True,
)
