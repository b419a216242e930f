"""TB101: a password, key or token that stands in the file."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from tokenbroker.flow.model import Step
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, words_of

# What stands right behind such a word may say that the field is only about a secret, as `#token_name` is.
_SECRET_FIELD = re.compile(
    r"(passw(or[dt])?+|passphrase|(?<![a-z])(pin|pwd|pass)(?![a-z])|secret|token|api[ _-]?key|credential)s?+"
    r"(?![ _\[-]*(name|title|desc|scope|note|hint|label|expir|days|length|policy|rotat|count|type|search|filter|"
    r"modal|dialog|form|list|table|page|panel|section))"
)
_MAX_SEARCHED = 8192  # some of the patterns take time that grows with more than a text's length
_NEEDED = {"npm": ":_authToken", "jwt": "eyJ"}
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
            yield Hit(path=path, message="a secret is typed from the file", is_secret=True, related=where)
    for path, text in subject.scalars():
        kind = kind_of(text)
        if kind and path not in told:
            yield Hit(path=path, message=f"this looks like a secret: {kind}", is_secret=True)


def _is_secret_field(step: Step) -> bool:
    return bool(step.options["value"]) and _SECRET_FIELD.search(words_of(step)) is not None


def kind_of(text: str) -> str:
    """What kind of secret `text` holds, by its own form; "" where it holds none."""
    if len(text) < 16:
        return ""
    text = text[:_MAX_SEARCHED]
    for needed, kind, forms in _detectors():
        if needed in text and any(form.search(text) for form in forms):
            return kind
    return ""


@cache
def _detectors() -> list[tuple[str, str, tuple[re.Pattern[str], ...]]]:
    """What must be in a text, the kind of secret, and its forms."""
    # Late: a run and a collection never need them.
    modules = {name: import_module(f"detect_secrets.plugins.{name}") for name in _DETECTORS}
    detectors = {module: getattr(modules[module], name)() for module, name in _DETECTORS.items()}
    return [
        (_NEEDED.get(name, ""), each.secret_type, tuple(each.denylist)) for name, each in detectors.items()
    ]


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
