"""TB101: a password, key or token that stands in the file."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from tokenbroker.errors import FlowError
from tokenbroker.flow.comments import Comment, comments_in
from tokenbroker.flow.document import Document, NodePath, parse_document
from tokenbroker.flow.model import Step
from tokenbroker.flow.rule import Hit, Rule, Severity, Subject, scalars_in, words_in, words_of

# What stands right behind such a word may say that the field is only about a secret, as `#token_name` is.
_SECRET_FIELD = re.compile(
    r"(passw(or[dt])?+|kennwort|passphrase|(?<![a-z])(pin|pwd|pw|pass)(?![a-z])|secret|token|api[ _-]?key"
    r"|credential)s?+"
    r"(?![ _\[-]*(name|title|desc|scope|note|hint|label|expir|days|length|policy|rotat|count|type|search|filter|"
    r"modal|dialog|form|list|table|page|panel|section))"
)
# In a comment: such a word, an equals sign or a colon, and behind it words in quotes, or one word with a letter and a
# digit. An address, a reference (`secrets:NAME`), a selector and a length ("12-character") are no secrets.
_SIGN = r"""([ _-]key)?["'`\]]?(\s*(=|:(?=[\s"'])|(?<!s):)\s*|\s+(?:is|was)\s+)"""
_QUOTED = r"""["'](?![a-z][\w+.-]*:)[^\W_][^"'\[\]=#>]{5,}["']"""
_WORD = (
    r"""["'`]?(?![a-z][\w+.-]*:|\d+-[a-z])(?=[^\s"'`]*\d)(?=[^\s"'`]*[a-z])[^\W_][^\s"'`()\[\]{}<>,;]{5,}"""
)
_NAMED_SECRET = re.compile(rf"{_SECRET_FIELD.pattern}{_SIGN}({_QUOTED}|{_WORD})")
_OF_TYPE = frozenset({"frame", "page", "timeout", "name", "id", "when", "unless", "retry"})
_IS_REFERENCE = re.compile(r"(secrets|param|env):[\w./${}-]+$")
_MAX_SEARCHED = 8192  # some of the patterns take time that grows with more than a text's length
# Characters in one comment and in all: more than anybody writes, and few enough to be searched in a moment.
_MAX_COMMENT = 1024
_MAX_COMMENTS = 65_536
# What stands in every form of a kind: a text without it is not searched for that kind.
_NEEDED = {
    "basic_auth": "://",
    "jwt": "eyJ",
    "npm": ":_authToken",
    "openai": "T3BlbkFJ",
    "pypi_token": "pypi-",
    "sendgrid": "SG.",
    "square_oauth": "sq0csp-",
    "stripe": "k_live_",
    "telegram_token": ":",
}
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
        if step.verb == "type" and says_secret(words_of(step)):
            for path, field in _typed(subject, step):
                told.add(path)
                where = ((field, "the field that it is typed into"),)
                yield Hit(path=path, message="a secret is typed from the file", is_secret=True, related=where)
    yield from _by_form(subject.scalars(), told)
    yield from _in_comments(subject.comments)


def check_text(document: Document) -> Iterator[Hit]:
    """Also in a text that is no flow: its mistake is mended later, and it is committed now."""
    told = set()
    data = document.data if isinstance(document.data, dict) else {}
    steps = data.get("steps")
    for index, entry in enumerate(steps if isinstance(steps, list) else ()):
        match entry:
            case {"type": {"selector": selector, **rest}} if _SECRET_FIELD.search(words_in(selector)):
                # What is none of the step's own words is what was to be typed.
                for key in rest.keys() - _OF_TYPE:
                    path: NodePath = ("steps", index, "type", str(key))
                    told.add(path)
                    said = rest[key]
                    if isinstance(said, str) and not _IS_REFERENCE.match(said):
                        yield Hit(path=path, message="a secret stands in the file", is_secret=True)
    yield from _by_form(scalars_in(document), told)
    yield from _in_comments(comments_in(document))


def _by_form(scalars: Iterable[tuple[NodePath, str]], told: set[NodePath]) -> Iterator[Hit]:
    for path, text in scalars:
        kind = kind_of(text)
        if kind and path not in told:
            yield Hit(path=path, message=f"this looks like a secret: {kind}", is_secret=True)


def says_secret(words: str) -> bool:
    """Whether `words`, in small letters, say of a field that it takes a secret: the name of a token is none."""
    return _SECRET_FIELD.search(words) is not None


def _typed(subject: Subject, step: Step) -> Iterator[tuple[NodePath, NodePath]]:
    """The literals that `step` types: its own, or those of the parameter that it types; each with the field's node."""
    field = subject.at(step, "selector")
    if step.options.get("value"):
        yield subject.at(step, "value"), field
    kind, _, name = str(step.options.get("value_ref", "")).partition(":")
    if kind == "param":
        places: list[NodePath] = [("params", name, "default")]
        places += [("matrix", case, name) for case in subject.flow.matrix]
        values = subject.document.values
        yield from ((path, field) for path in places if path in values and values[path].value)


def _in_comments(comments: Iterable[Comment]) -> Iterator[Hit]:
    searched = 0
    for comment in comments:
        searched += len(comment.text)
        if searched > _MAX_COMMENTS:
            what = "from here on there are more comments than are searched for secrets"
            yield Hit(comment=comment, message=what, is_secret=True)
            return
        what = _said_in(comment.text.lstrip("# "))
        if what:
            yield Hit(comment=comment, message=what, is_secret=True)


def _said_in(comment: str) -> str:
    """What is wrong with `comment`; "" where nothing is."""
    if len(comment) > _MAX_COMMENT:
        return "a comment of this length is not searched for secrets"
    kind = kind_of(comment)
    if kind:
        return f"this looks like a secret: {kind}"
    is_named = _NAMED_SECRET.search(comment.lower()) is not None
    return "a secret stands in a comment" if is_named or _types_a_secret(comment) else ""


def _types_a_secret(comment: str) -> bool:
    """Whether `comment` is a step that was taken out, and that typed into the field of a secret."""
    if "type:" not in comment or "value:" not in comment:
        return False
    try:
        steps = parse_document(comment.encode(), Path()).data
    except FlowError:
        return False
    match steps:
        case [{"type": {"selector": selector, "value": value}}]:
            return bool(value) and _SECRET_FIELD.search(words_in(selector)) is not None
    return False


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
    check_text=check_text,
    is_critical=True,
)
