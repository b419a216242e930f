"""Which of the ways that led to an element are worth writing down: few, lasting, and resting on different things."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tokenbroker.flow.basis import bases_of
from tokenbroker.flow.mend import is_lasting, may_be_proposed
from tokenbroker.flow.selector import Alternative, Family, SelectorSet

MAX_WAYS: Final = 4
_TAG: Final = r"[a-z]{1,20}(?:-[a-z]{1,20}){0,3}"
_DATA: Final = re.compile(rf"{_TAG}\[(?P<data>data-[\w-]+)\]", re.ASCII)
_HELD: Final = re.compile(rf"[#.](?P<holder>[\w-]+) {_TAG}", re.ASCII)
_WITHIN: Final = re.compile(
    rf"(?:dialog|main|form|aside|section|article|\[role=(?:dialog|main|status|alert|region|note|log)\]) {_TAG}",
    re.ASCII,
)


def best_of(offers: Iterable[Sequence[str]], *, is_token: bool = False) -> tuple[Alternative, ...]:
    """At most `MAX_WAYS` of `offers` (family, value and name each), the most lasting first.

    First one for each thing that they rest on, then others of families that are not there yet. Of a mere text that
    holds the token (`is_token`) its attributes and landmark count as well; where nothing lasts, a path is taken.
    """
    offered = [_alternative(each) for each in offers]
    lasting = sorted(
        (each for each in offered if may_be_proposed(each) or (is_token and _leads_to_text(each))), key=_rank
    )
    # The words around a token are no words of its own.
    lasting = [each for each in lasting if not (is_token and each.family is Family.TEXT)]
    if not lasting:
        return tuple(each for each in offered if each.family in (Family.CSS, Family.XPATH))[:1]
    chosen: list[Alternative] = []
    for each in lasting:
        if len({*bases_of(SelectorSet(alternatives=(*chosen, each)))}) > len(
            {*bases_of(SelectorSet(alternatives=(*chosen,)))}
        ):
            chosen.append(each)
    families = {each.family for each in chosen}
    for each in lasting:
        if each.family not in families:
            families.add(each.family)
            chosen.append(each)
    return tuple(sorted(chosen[:MAX_WAYS], key=_rank))


def _alternative(offer: Sequence[str]) -> Alternative:
    family, value, *name = offer
    return Alternative(family=Family(family), value=value, name=name[0] if name else "")


def _leads_to_text(way: Alternative) -> bool:
    if way.family is not Family.CSS:
        return False
    by_data, within = _DATA.fullmatch(way.value), _HELD.fullmatch(way.value)
    return (
        (by_data is not None and is_lasting(by_data["data"]))
        or (within is not None and is_lasting(within["holder"]))
        or _WITHIN.fullmatch(way.value) is not None
    )


def _rank(way: Alternative) -> int:
    match way.family:
        case Family.TEST_ID:
            return 0
        case Family.LABEL:
            return 1  # only fields have one: it is what a person would say
        case Family.ROLE:
            return 2
        case Family.PLACEHOLDER:
            return 3
        case Family.TEXT:
            return 5
        case _:
            return (
                4 if way.value.startswith("#") or "[name=" in way.value else 6 if " " not in way.value else 7
            )
