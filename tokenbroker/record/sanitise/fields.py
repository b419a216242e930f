"""What a field asks for, by what it says of itself and by what was typed into it."""

import re
from collections.abc import Collection
from typing import Final

from tokenbroker.flow.rules.literal_secret import says_secret
from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.record.recording import ElementSeen, Event, OwnValue, What
from tokenbroker.record.sanitise.rule import Private, Rule
from tokenbroker.record.sanitise.shapes import is_email, is_phone, looks_secret
from tokenbroker.record.sanitise.wording import as_name, fold, is_usual_option

_PASSWORDS: Final = frozenset({"current-password", "new-password"})
_NAMES: Final = frozenset(
    {
        "name",
        "given-name",
        "additional-name",
        "family-name",
        "nickname",
        "honorific-prefix",
        "honorific-suffix",
    }
    | {"organization", "organization-title", "cc-name", "cc-given-name", "cc-family-name"}
)
_ABOUT: Final = ("address-", "street-", "postal-", "country", "cc-", "bday", "sex", "impp", "transaction-")
# Whose field says none of this by an attribute says it in words: English first, and some of its neighbours.
_SAYS_PASSWORD: Final = (  # as it is folded
    r"passw(?:or[dt])?|passphrase|kennwort|mots? de passe|contrasena|senha|wachtwoord|haslo"  # noqa: S105  # a pattern
    r"|has\u0142o|\u043f\u0430\u0440\u043e\u043b|\u30cf\u30b9\u30ef\u30fc\u30c8|\u5bc6\u7801|\u5bc6\u78bc"
    r"|(?<![a-z])(?:pin|pwd)(?![a-z])"
)
_SAYS_SECRET: Final = re.compile(
    r"(?:recovery|seed|secret|mnemonic|backup) ?(?:phrase|words)|(?:recovery|backup) ?codes?"
    r"|(?:master|private|signing|licen[cs]e|recovery|encryption) ?key(?! ?(?:name|title|label|id|type|length))"
    r"|security (?:question|answer)|(?:secret|memorable) (?:answer|word)"
)
_SAYS_PHONE: Final = r"phone|mobile number|telefon|handynummer"
_SAYS_USERNAME: Final = r"user ?(?:name|id)|login(?: name)?$|account name|benutzername|nutzername"
_SAYS_NAME: Final = (
    r"(?:first|given|last|family|middle|full|your|legal) ?name|surname|vorname|nachname"
    r"|compan(?:y|ies)|organi[sz]ation|employer"
)
_SAYS_PERSONAL: Final = (
    r"street|postal|post ?code|zip ?code|(?<!ip )(?<!mail )(?<!web )address(?! (?:bar|space))|birth|card number"
    r"|(?<![a-z])(?:city|iban|vat)(?![a-z])|tax (?:id|number)|passport|account number"
    r"|(?<![a-z])ssn(?![a-z])|social (?:security|insurance)|national insurance"
)
_SAYS: Final = (
    (Rule.PASSWORD, _SAYS_PASSWORD),
    (Rule.EMAIL, r"e-?mail"),
    (Rule.PHONE, _SAYS_PHONE),
    (Rule.USERNAME, _SAYS_USERNAME),
    (Rule.NAME, _SAYS_NAME),
    (Rule.PERSONAL, _SAYS_PERSONAL),
)
_SAYS_CODE: Final = re.compile(
    r"one.?time|(?:verification|security|authenti\w+|confirmation|login|sign.?in|sms|access|digit) (?:code|pin)"
    r"|(?<![a-z])(?:otp|totp|2fa|mfa)(?![a-z])|passcode|two.?factor|einmal|(?:bestatigungs|sicherheits)code|^code$"
)
_CALLS_A_THING: Final = re.compile(r"(?:note|name|label|title|description|purpose|comment)s?[:*]?")
"""A label that says whole what is typed: words about a thing. `token` in the field's placeholder is that thing then."""
_CODE: Final = re.compile(r"[0-9][0-9 -]{2,10}[0-9]|[A-Za-z0-9-]{4,10}")
_OWN: Final = {
    "email": Rule.EMAIL,
    "phone": Rule.PHONE,
    "name": Rule.NAME,
    "username": Rule.USERNAME,
    "account": Rule.ACCOUNT,
}


def private_in(event: Event) -> Private | None:
    """What was typed in `event`, by the rule that it falls under; None where nothing was."""
    if event.what is not What.TYPE or not event.value.strip():
        return None
    element = event.element
    rule = Rule.ONE_TIME_CODE if event.human is HumanKind.OTP else _rule_of(event.value, element)
    return Private(value=event.value, rule=rule, field=_field_of(rule, element))


def option_in(event: Event) -> Private | None:
    """The option that was chosen in `event`, where it may be the name of somebody or of a thing of theirs."""
    if event.what is not What.SELECT or is_usual_option(event.value):
        return None
    return Private(value=event.value, rule=Rule.TYPED) if event.value.strip() else None


def own_value(own: OwnValue) -> Private | None:
    """What a page showed as the account's own; None for an empty one."""
    if not own.value.strip():
        return None
    rule = _OWN.get(own.what) or _by_content(own.value) or Rule.OWN
    if rule is Rule.USERNAME and is_email(own.value):
        rule = Rule.EMAIL
    return Private(value=own.value, rule=rule)


def is_digit_of_code(event: Event) -> bool:
    """Whether `event` filled one of several fields that take one digit of a code each."""
    element = event.element
    if event.what is not What.TYPE or element is None or len(event.value.strip()) != 1:
        return False
    tokens = element.autocomplete.lower().split()
    return element.max_length == 1 or "one-time-code" in tokens or bool(_SAYS_CODE.search(_words(element)))


def _rule_of(content: str, element: ElementSeen | None) -> Rule:
    if element is None:
        return _by_content(content) or Rule.TYPED
    kind, tokens, words = element.type.lower(), {*element.autocomplete.lower().split()}, _words(element)
    said = next((rule for rule, pattern in _SAYS if re.search(pattern, words)), None)
    if _takes_code(content, element, tokens, words):
        return Rule.ONE_TIME_CODE
    if element.is_secret or kind == "password" or tokens & _PASSWORDS:
        # A page that covers a key's field makes no password of the key.
        return Rule.SECRET if _is_secret(words) and said is not Rule.PASSWORD else Rule.PASSWORD
    if is_email(content) or kind == "email" or "email" in tokens:
        return Rule.EMAIL
    by_attribute = _by_attribute(kind, tokens)
    if by_attribute:
        return by_attribute
    if (_is_secret(words) and not _CALLS_A_THING.fullmatch(fold(element.label))) or looks_secret(content):
        return Rule.PASSWORD if said is Rule.PASSWORD else Rule.SECRET
    if said is Rule.EMAIL:
        # What is no address was typed into "User name or e-mail", or into "Subject of the e-mail".
        said = Rule.USERNAME if len(content.split()) == 1 else None
    return said or _by_content(content) or Rule.TYPED


def _is_secret(words: str) -> bool:
    return says_secret(words) or _SAYS_SECRET.search(words) is not None


def _by_attribute(kind: str, tokens: set[str]) -> Rule | None:
    if "username" in tokens:
        return Rule.USERNAME
    if kind == "tel" or any(token.startswith("tel") for token in tokens):
        return Rule.PHONE
    return _about(tokens)


def _about(tokens: Collection[str]) -> Rule | None:
    if not _NAMES.isdisjoint(tokens):
        return Rule.NAME
    return Rule.PERSONAL if any(token.startswith(_ABOUT) for token in tokens) else None


def _by_content(content: str) -> Rule | None:
    if is_email(content):
        return Rule.EMAIL
    if looks_secret(content):
        return Rule.SECRET
    return Rule.PHONE if is_phone(content) else None


def _takes_code(content: str, element: ElementSeen, tokens: set[str], words: str) -> bool:
    if "one-time-code" in tokens:
        return True
    if not _CODE.fullmatch(content.strip()) or not any(map(str.isdigit, content)):
        return False
    is_numeric = element.inputmode == "numeric" or element.type in {"number", "tel"}
    is_short = is_numeric and 4 <= element.max_length <= 10 and content.strip().isdigit()
    return _SAYS_CODE.search(words) is not None or (is_short and "code" in words)


def _words(element: ElementSeen) -> str:
    return fold(" ".join((element.label, re.sub(r"[_\-\[\].]+", " ", element.name), element.placeholder)))


def _field_of(rule: Rule, element: ElementSeen | None) -> str:
    """What HTML calls the field, as the name of a reference: ``given_name``; "" where it does not say."""
    tokens = element.autocomplete.lower().split() if element is not None else []
    return as_name(tokens[-1]) if rule in {Rule.NAME, Rule.PERSONAL} and tokens and _about(tokens) else ""
