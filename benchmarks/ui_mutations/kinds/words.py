"""Kinds that change what a person reads."""

from random import Random

from benchmarks.ui_mutations.catalogue import CONSOLES, SEEDED_KEYS
from benchmarks.ui_mutations.consoles import Point
from benchmarks.ui_mutations.kinds.german import PHRASES, WORDS
from benchmarks.ui_mutations.kinds.kind import Kind, Options
from benchmarks.ui_mutations.kinds.synonyms import OTHER_PLACEHOLDER, SYNONYMS

_SHOWN_WORD_COUNT = 1
_DATA = ("Example", "Cloud", "API", *SEEDED_KEYS, *(p.value for c in CONSOLES for p in c.points if p.value))


def label_reworded(chance: Random, point: Point) -> Options:
    """The target says the same in other words: its text, label, `aria-label`, placeholder. Right: the target.

    A person who looks for the old words finds the new ones in the old place, and nothing else that means them.
    """
    words = chance.choice(SYNONYMS[point.words])
    short = " ".join(
        words.split()[:_SHOWN_WORD_COUNT]
    )  # of a row's button that shows a part of its name only
    return {"words": words, "short": short, "placeholder": chance.choice(OTHER_PLACEHOLDER)}


def translated(_chance: Random, _point: Point) -> Options:
    """The whole page is in another language; keys, names and addresses stay. Right: the target.

    What is known as a phrase or a word is German, the rest turns into words that nobody knows; the order of the
    page stays, and with it what a person goes by.
    """
    return {"phrases": PHRASES, "words": WORDS, "names": [word for text in _DATA for word in text.split()]}


WORDING = (
    Kind(draw=label_reworded, script="label_reworded", also=lambda point: bool(point.words)),
    Kind(draw=translated, script="translated"),
)
