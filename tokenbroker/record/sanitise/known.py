"""The private values that a recording tells by itself: typed, marked, shown as the account's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from tokenbroker.record.recording import Event, Recording
from tokenbroker.record.sanitise.fields import is_digit_of_code, option_in, own_value, private_in
from tokenbroker.record.sanitise.rule import SECRETS, Private, Rule, rank
from tokenbroker.record.sanitise.token_shape import values_in
from tokenbroker.record.sanitise.wording import fold

_MIN_CODE_FIELDS = 4
_Key = tuple[bool, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Each private value under the first rule that it falls under.

    Attributes:
        pieces: of the tokens, those that are no values themselves.
        marked: the keys of those that were typed into a marked field.
        kept: the texts, folded, that the person wants in the flow.
        digits: the numbers of the events that filled in one digit of a code each.
    """

    values: Mapping[_Key, Private] = field(repr=False)
    pieces: tuple[Private, ...] = field(repr=False)
    marked: frozenset[_Key] = field(repr=False)
    kept: frozenset[str] = field(repr=False)
    digits: frozenset[int]

    @property
    def sought(self) -> tuple[Private, ...]:
        """Those that may stand nowhere."""
        return (*(each for each in self.values.values() if not self.may_stay(each)), *self.pieces)

    def strictest(self, private: Private) -> Private:
        """`private` by the strictest rule that its value falls under anywhere in the recording."""
        same = (self.values.get((is_secret, text)) for is_secret, text in _keys(private.value))
        rule = min((each.rule for each in (*same, private) if each is not None), key=rank)
        return replace(private, rule=rule)

    def may_stay(self, private: Private) -> bool:
        """Whether the person wants it in the flow, and it is nothing but a text that was typed."""
        return private.rule is Rule.TYPED and self.is_wanted(private.value)

    def is_wanted(self, value: str) -> bool:
        """Whether the person wants `value` in the flow."""
        return fold(value) in self.kept

    def is_parameter(self, private: Private) -> bool:
        """Whether its value was typed into a marked field at least once."""
        return any(key in self.marked for key in _keys(private.value))


def known_in(recording: Recording, *, keep: frozenset[str]) -> Known:
    """All that `recording` tells by itself."""
    digits = frozenset(_digits_of_codes(recording.events))
    values: dict[_Key, Private] = {}
    pieces: dict[str, Private] = {}
    marked = set()
    for private, is_marked in _private(recording, digits):
        if private.is_piece:
            pieces[private.value] = private
            continue
        key = _key(private)
        if key not in values or rank(private.rule) < rank(values[key].rule):
            values[key] = private
        if is_marked:
            marked.add(key)
    kept = frozenset(fold(each) for each in keep)
    # What is known by itself is no piece of anything.
    rest = (each for text, each in pieces.items() if values.keys().isdisjoint(_keys(text)))
    return Known(values=values, pieces=(*rest,), marked=frozenset(marked), kept=kept, digits=digits)


def _private(recording: Recording, digits: frozenset[int]) -> Iterator[tuple[Private, bool]]:
    for own in recording.own:
        if value := own_value(own):
            yield value, False
    code = ""
    for number, event in enumerate(recording.events):
        if event.token is not None:
            yield from ((each, False) for each in values_in(event.token))
        if number in digits:
            code += event.value.strip()
            continue
        if code:
            yield Private(value=code, rule=Rule.ONE_TIME_CODE), False
            code = ""
        if option := option_in(event):
            yield option, event.is_parameter
        if value := private_in(event):
            is_mere = event.is_parameter and value.rule is Rule.TYPED
            yield (replace(value, rule=Rule.PARAMETER) if is_mere else value), event.is_parameter
    if code:
        yield Private(value=code, rule=Rule.ONE_TIME_CODE), False


def _digits_of_codes(events: tuple[Event, ...]) -> Iterator[int]:
    """The places of the events that filled in a code, a digit to a field."""
    for is_digit, group in groupby(enumerate(events), key=lambda each: is_digit_of_code(each[1])):
        places = [place for place, _ in group]
        if is_digit and len(places) >= _MIN_CODE_FIELDS:
            yield from places


def _key(private: Private) -> _Key:
    is_secret = private.rule in SECRETS
    return is_secret, private.value if is_secret else fold(private.value)


def _keys(value: str) -> tuple[_Key, _Key]:
    return (True, value), (False, fold(value))
