"""What was replaced, where, and by what; told so that the values stay unknown to who reads it over a shoulder."""

from collections import Counter
from dataclasses import dataclass, field

from tokenbroker.record.sanitise.finder import Found
from tokenbroker.record.sanitise.rule import SECRETS, Private, Rule
from tokenbroker.record.sanitise.wording import fold

_CALLED = {
    Rule.PASSWORD: "a password",
    Rule.ONE_TIME_CODE: "a one-time code",
    Rule.TOKEN: "the token",
    Rule.SECRET: "a secret",
    Rule.SECRET_SHAPE: "what looks like a secret",
    Rule.EMAIL: "an e-mail address",
    Rule.EMAIL_SHAPE: "an e-mail address",
    Rule.PHONE: "a phone number",
    Rule.PHONE_SHAPE: "a phone number",
    Rule.BANK_SHAPE: "what looks like a bank account or a card",
    Rule.ID_SHAPE: "an id",
    Rule.NUMBER_SHAPE: "a long number",
    Rule.ACCOUNT: "an account's number",
    Rule.USERNAME: "a user name",
    Rule.NAME: "a name",
    Rule.PERSONAL: "something about a person",
    Rule.OWN: "what the page showed as yours",
    Rule.PARAMETER: "a value that you marked",
    Rule.TYPED: "a text that you typed",
    Rule.ADDRESS_USER: "a user in an address",
    Rule.ADDRESS_SCHEME: "an address that is no web page's",
    Rule.ADDRESS_QUERY: "the query of an address",
    Rule.ADDRESS_PART: "a part of an address",
    Rule.ADDRESS_CUT: "the end of an address",
    Rule.HOST_NAME: "a host name",
}
_UNTOLD = SECRETS | {Rule.SECRET_SHAPE, Rule.ID_SHAPE, Rule.BANK_SHAPE}

_TYPED = frozenset({Rule.TYPED, Rule.PARAMETER})
_MIN_SOUGHT = 3
_MAX_TOLD = 30  # what is longer may be a secret, whatever its field says


@dataclass(frozen=True, kw_only=True, slots=True)
class Replacement:
    """One private value, and all places where it was replaced.

    Attributes:
        rule: why.
        reference: what stands in its place: "secrets:…", "param:…"; "" where it was left out, and for what is kept.
        masked: what it is, for who knows it: ``a…, an e-mail address, 15 characters``; of a secret neither a
            character nor the length.
        where: the places, in words, each once.
        count: how often it was found.
        is_kept: it still stands there: the person has to look at it.
        reason: why it was replaced although the person wanted to keep it; "" where they did not.
    """

    rule: Rule
    reference: str
    masked: str
    where: tuple[str, ...]
    count: int
    is_kept: bool = False
    reason: str = ""


@dataclass(kw_only=True, slots=True)
class _Entry:
    rule: Rule
    masked: str
    reference: str = ""
    reason: str = ""
    where: Counter[str] = field(default_factory=Counter)


class Ledger:
    """Collects the replacements while a recording is sanitised."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Rule, str], _Entry] = {}

    def note(self, found: Found, where: str) -> None:
        """`found` was left out at `where`."""
        text = found.private.value if found.private else found.text
        self._entry(found.rule, text).where[where] += 1

    def replace(self, private: Private, where: str, *, reference: str, reason: str = "") -> None:
        """`reference` stands for `private` at `where`."""
        entry = self._entry(private.rule, private.value)
        entry.where[where] += 1
        entry.reference = entry.reference or reference
        entry.reason = entry.reason or reason

    def _entry(self, rule: Rule, text: str) -> _Entry:
        key = (rule, text if rule in SECRETS else fold(text))
        return self._entries.setdefault(key, _Entry(rule=rule, masked=masked(rule, text)))

    def told(self) -> tuple[Replacement, ...]:
        """All of it, in the order in which it was first seen."""
        return tuple(
            Replacement(
                rule=entry.rule,
                reference=entry.reference,
                masked=entry.masked,
                where=tuple(entry.where),
                count=entry.where.total(),
                is_kept=entry.rule is Rule.HOST_NAME,
                reason=entry.reason,
            )
            for entry in self._entries.values()
        )


def called(rule: Rule) -> str:
    """What falls under `rule`, for a person."""
    return _CALLED[rule]


def masked(rule: Rule, text: str) -> str:
    """What `text` is, with no more of it than its first character and its length."""
    if rule in _UNTOLD or not text:
        return _CALLED[rule]
    if rule in _TYPED and len(text) > _MAX_TOLD:
        return f"{_CALLED[rule]}, {len(text)} characters"
    first = text.strip()[:1]
    said = f"{first}…, {_CALLED[rule]}, {len(text)} characters" if len(text) > 1 else _CALLED[rule]
    is_sought = rule not in _TYPED or len(text.strip()) >= _MIN_SOUGHT
    return said if is_sought else f"{said} (too short to be looked for elsewhere)"
