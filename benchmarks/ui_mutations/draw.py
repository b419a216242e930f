"""Which cases there are: drawn from seeds, one stratum for each console and kind, so that none is left out.

The same seeds give the same cases on every machine; nothing of a browser is asked.
FROZEN before the resolver was tuned: a test compares the digests of both ranges.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from benchmarks.ui_mutations.catalogue import CONSOLES, console_named
from benchmarks.ui_mutations.consoles import Console, Point
from benchmarks.ui_mutations.kinds import KINDS, PAIRS

PAIRS_OF_A_CONSOLE = 4
"""In each range; the second range has other pairs of a console than the first."""

Stratum = tuple[str, tuple[str, ...] | int]
"""A console, and a kind, or the number of one of its pairs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """One change of the page, with all that is left to chance decided."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A target point and what happens to its page."""

    seed: int
    console: str
    point: Point
    mutations: tuple[Mutation, ...]

    @property
    def kind(self) -> str:
        return "+".join(mutation.kind for mutation in self.mutations)

    @property
    def target_stays(self) -> bool:
        """Whether the target can be found and used; else a way is right to report that it is not there."""
        return all(KINDS[mutation.kind].target_stays for mutation in self.mutations)

    @property
    def step(self) -> int:
        """The number of the point among those of its console, from 1."""
        return console_named(self.console).points.index(self.point) + 1

    def __str__(self) -> str:
        return f"{self.seed} {self.console}/{self.step} {self.point.verb} {self.kind}"


def suiting(console: Console, kinds: Iterable[str]) -> tuple[Point, ...]:
    """The points of `console` for which all of `kinds` make sense."""
    return tuple(point for point in console.points if all(KINDS[kind].suits(point) for kind in kinds))


def _strata() -> tuple[Stratum, ...]:
    made: list[Stratum] = []
    for console in CONSOLES:
        made += [(console.name, (kind,)) for kind in KINDS if suiting(console, (kind,))]
        made += [(console.name, number) for number in range(PAIRS_OF_A_CONSOLE)]
    return tuple(made)


STRATA = _strata()
N = 390
FIRST = range(1, N + 1)
SECOND = range(N + 1, 2 * N + 1)
QUICK = range(1, N + 1, 6)
"""A part of the first range, for a check at every change."""


def cases(seeds: Iterable[int]) -> list[Case]:
    """The cases of these seeds; as many seeds as there are strata give each of them once."""
    return [_case(seed) for seed in seeds]


def _case(seed: int) -> Case:
    name, wanted = STRATA[(seed - 1) % len(STRATA)]
    console, chance = console_named(name), Random(seed)
    kinds = wanted if isinstance(wanted, tuple) else _pair(console, wanted, round_=(seed - 1) // len(STRATA))
    point = chance.choice(suiting(console, kinds))
    mutations = tuple(Mutation(kind=kind, options=KINDS[kind].draw(chance, point)) for kind in kinds)
    return Case(seed=seed, console=name, point=point, mutations=mutations)


def _pair(console: Console, number: int, *, round_: int) -> tuple[str, str]:
    """A pair that suits the console: they follow each other, from console to console and from range to range."""
    fitting = [pair for pair in PAIRS if suiting(console, pair)]
    turn = CONSOLES.index(console) * PAIRS_OF_A_CONSOLE + number + round_ * PAIRS_OF_A_CONSOLE
    return fitting[turn % len(fitting)]


def digest(seeds: Iterable[int]) -> str:
    """SHA-256 of the cases of these seeds, all that was drawn for them included."""
    drawn = [[str(case), [[m.kind, m.options] for m in case.mutations]] for case in cases(seeds)]
    return sha256(json.dumps(drawn, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
