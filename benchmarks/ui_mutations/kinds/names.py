"""Kinds that change what no person sees: ids, classes, test ids and other attributes."""

from random import Random

from benchmarks.ui_mutations.consoles import Point
from benchmarks.ui_mutations.kinds.kind import Kind, Options


def ids_and_classes_renamed(chance: Random, _point: Point) -> Options:
    """Every id and class of the page has another name, its style sheets and references too. Right: the target.

    Nothing that a person sees is different.
    """
    return {"salt": chance.randrange(10**6)}


def classes_hashed(chance: Random, _point: Point) -> Options:
    """Every class of the page is hashed, as CSS modules or CSS-in-JS do it. Right: the target.

    Nothing that a person sees is different.
    """
    return {"salt": chance.randrange(10**6), "style": chance.choice(("module", "opaque"))}


def attributes_stripped(_chance: Random, _point: Point) -> Options:
    """Test ids and names of fields are gone from the page, and the target's `data-` attributes. Right: the target.

    Nothing that a person sees is different.
    """
    return {}


def duplicate_ids(chance: Random, _point: Point) -> Options:
    """Something else has got the target's id: a part of the page, or a control of the same tag. Right: the target.

    The other one has words of its own, under a heading of its own; only its id is the same.
    """
    heading, note, words = chance.choice(_SAME_ID)
    return {
        "before": chance.random() < 0.7,
        "as": chance.choice(("section", "control")),
        "heading": heading,
        "note": note,
        "words": words,
    }


_SAME_ID = (
    ("Stay informed", "News of the platform, once a month.", "Newsletter address"),
    ("Help", "Ask us anything.", "Search the handbook"),
    ("Your opinion", "It takes a minute.", "Give feedback"),
)

NAMES = (
    Kind(draw=ids_and_classes_renamed, script="ids_and_classes_renamed"),
    Kind(draw=classes_hashed, script="classes_hashed"),
    Kind(draw=attributes_stripped, script="attributes_stripped"),
    Kind(draw=duplicate_ids, script="duplicate_ids", also=lambda point: point.has_id),
)
