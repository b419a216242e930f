"""Private values by their form alone, whoever's they are."""

import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Final

from tokenbroker.flow.mend import is_lasting
from tokenbroker.flow.rules.literal_secret import kind_of
from tokenbroker.flow.rules.random_literal import is_random
from tokenbroker.record.sanitise.rule import Rule

_MAX_SEARCHED: Final = 4096
_MAY_HOLD: Final = re.compile(r"[0-9@]|[^\W\d_]{20}")
# Also a host of one word, as in a company's own network. With no check of what is found: that could only lose some.
_EMAIL: Final = re.compile(r"""[^\s@<>"'()\[\]{},;:/\\|=]{1,64}@(?:[\w-]{1,63}\.)*[^\W\d_][\w-]{1,62}""")
_EMAIL_IN_FLOW: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")
_UUID: Final = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_DIGITS: Final = re.compile(r"\d(?:[\s.\-()/]{0,3}\d)*")
_RUN: Final = re.compile(r"[A-Za-z0-9]{10,}")
_HEX: Final = re.compile(r"(?=[a-f]*\d)[0-9a-f]{12,}|(?=[A-F]*\d)[0-9A-F]{12,}")
_CHANGE: Final = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_MIN_CHANGES: Final = 4
_IN_A_ROW, _IN_GROUPS, _CARD = 6, 7, range(13, 20)
# Where a number without a country's code may be from; it is left out as a number in any case.
_REGIONS: Final = (None, "US", "GB", "DE")


def shape_in(text: str) -> tuple[Rule, str] | None:
    """The first thing in `text` that is private by its form, with its rule; None where there is none."""
    if not _MAY_HOLD.search(text):
        return None
    text = text[:_MAX_SEARCHED]
    return next(_shapes(text), None)


def shape_in_flow(line: str) -> Rule | None:
    """As `shape_in`, of a line of a flow, which has numbers of its own: addresses, phone numbers and secrets count."""
    if not _MAY_HOLD.search(line):
        return None
    if _EMAIL_IN_FLOW.search(line):
        return Rule.EMAIL_SHAPE
    if "+" in line and _phone(line, (None,)):
        return Rule.PHONE_SHAPE
    return Rule.SECRET_SHAPE if kind_of(line) or is_random(line) else None


def looks_secret(text: str) -> bool:
    """Whether `text`, all that somebody typed, has the form of a key."""
    return (
        bool(kind_of(text))
        or is_random(text)
        or (" " not in text and any(map(_is_made_up, _RUN.findall(text))))
    )


def is_email(text: str) -> bool:
    """Whether `text` is one e-mail address."""
    return _EMAIL.fullmatch(text.strip()) is not None


def is_phone(text: str) -> bool:
    """Whether `text` is one phone number."""
    return re.fullmatch(r"[+(]?[\d\s()./-]{7,24}", text.strip()) is not None and bool(_phone(text, _REGIONS))


def significant_digits(text: str) -> str:
    """The digits of the phone number `text` that stand in each way to write it: no country's code, no leading zero."""
    phones = _phonenumbers()
    for region in _REGIONS:
        try:
            number = phones.parse(text, region)
        except phones.NumberParseException:
            continue
        if phones.is_possible_number(number):
            return str(number.national_number)
    return re.sub(r"\D", "", text).lstrip("0")


def digit_runs(text: str) -> list[str]:
    """The numbers in `text`, each without what stands between its groups."""
    return [re.sub(r"\D", "", found) for found in _DIGITS.findall(text)]


def _shapes(text: str) -> Iterator[tuple[Rule, str]]:
    if "@" in text:
        yield from ((Rule.EMAIL_SHAPE, found[0]) for found in _EMAIL.finditer(text))
    if kind := kind_of(text):
        yield Rule.SECRET_SHAPE, kind
    yield from ((Rule.ID_SHAPE, found[0]) for found in _UUID.finditer(text))
    if is_random(text):
        yield Rule.SECRET_SHAPE, ""
    yield from (
        (Rule.BANK_SHAPE, found[0]) for found in _IBAN.finditer(text) if sum(map(str.isdigit, found[0])) > 9
    )
    yield from ((Rule.ID_SHAPE, run) for run in _RUN.findall(text) if _is_made_up(run))
    yield from _numbers(text)


def _numbers(text: str) -> Iterator[tuple[Rule, str]]:
    for found in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        is_long = len(digits) >= _IN_GROUPS or re.search(rf"\d{{{_IN_A_ROW}}}", found[0])
        if len(digits) >= _IN_GROUPS and (phone := _phone(text, _REGIONS)):
            yield Rule.PHONE_SHAPE, phone
        elif len(digits) in _CARD and _is_card(digits):
            yield Rule.BANK_SHAPE, found[0]
        elif is_long:
            yield Rule.NUMBER_SHAPE, found[0]


def _is_made_up(run: str) -> bool:
    """Whether `run`, letters and digits, is what nobody would call a thing: hexadecimal, or letters among digits."""
    if run.isdigit() or is_lasting(run):
        return False
    return _HEX.fullmatch(run) is not None or len(_CHANGE.findall(run)) >= _MIN_CHANGES


def _is_card(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1)."""
    doubled = [int(each) * (1 + at % 2) for at, each in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _phone(text: str, regions: tuple[str | None, ...]) -> str:
    phones = _phonenumbers()
    for region in regions:
        for found in phones.PhoneNumberMatcher(text, region, leniency=phones.Leniency.VALID):
            return str(found.raw_string)
    return ""


@cache
def _phonenumbers() -> ModuleType:
    # Late: most recordings hold nothing that may be a phone number.
    import phonenumbers

    return phonenumbers
