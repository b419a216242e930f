"""The contract of a way to find and use a target, and the ways there are.

The way that is measured against the others stands in `ours.py`, as a class `Ours`; without that file it is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from playwright.sync_api import ElementHandle, Frame, Locator, Page

from benchmarks.ui_mutations.alternatives import Alternative
from benchmarks.ui_mutations.consoles import Point

PATIENCE_MS = 2000
"""How long the ways of this kit look for a target, and again for it to become usable."""


class Claim(StrEnum):
    """What a way says it has done."""

    ACTED = "acted"
    NOT_THERE = "not there"
    """It has acted on nothing and reports that the page has no such target."""
    STOPPED = "stopped"
    """It has acted on nothing and is not sure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a way ended; `reason` is a short code such as "ambiguous", and holds nothing of the page."""

    claim: Claim
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a way is told: the step, what was recorded of its target, and nothing of what has changed since.

    `perform(element, timeout_ms)` does the step with an element of the way's choice, as a run would: it clicks,
    types, ticks, selects or reads. `learned` is what the way's own `learn` has answered for this point.
    """

    point: Point
    alternatives: tuple[Alternative, ...]
    learned: object
    perform: Callable[[ElementHandle | Locator, float], None]


class Way(Protocol):
    """A way to find a recorded target in a page that has changed since, and to use it."""

    name: str

    def learn(self, page: Page, frame: Frame, target: ElementHandle, task: Task) -> object:
        """On the unmutated page: whatever is to be known of `target` later, as plain data without a value.

        Asked once for each point in each process; `task.learned` is None here, and nothing may be acted on.
        """

    def act(self, page: Page, frame: Frame, task: Task) -> Ending:
        """On the mutated page: find the target and use it, or don't and say why.

        `frame` is the one that the step means; the target may have moved into another frame below it. Playwright's
        errors must not get out.
        """


_PLACES = {
    "codegen": "benchmarks.ui_mutations.baselines:Codegen",
    "first_actionable": "benchmarks.ui_mutations.baselines:FirstActionable",
    "ours": "benchmarks.ui_mutations.ours:Ours",
    "without_fingerprint": "benchmarks.ui_mutations.ours:WithoutFingerprint",
    "oracle": "benchmarks.ui_mutations.oracle:Oracle",
}
MEASURED = ("codegen", "first_actionable", "ours")


def measured() -> tuple[str, ...]:
    """The ways that are compared and that this checkout has."""
    return tuple(name for name in MEASURED if find_spec(_PLACES[name].partition(":")[0]) is not None)


def way_named(name: str) -> Way:
    """A new way of that name."""
    module, _, kind = _PLACES[name].partition(":")
    way: Way = getattr(import_module(module), kind)()
    return way
