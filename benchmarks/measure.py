"""Alternating timings and the table that they end in."""

import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One line of the table; `ok` is None for what is reported beside the targets."""

    name: str
    value: float
    unit: str
    baseline: str
    target: float | None
    ok: bool | None


def alternate(
    ways: dict[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 2,
    before: Callable[[], object] = lambda: None,
) -> dict[str, list[float]]:
    """Run each way in turn, `rounds` times, and answer the seconds that each took; neither warm-ups nor what is done
    `before` each run count.

    The rounds go through :func:`balanced_orders`, again and again.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    chance = random.Random(len(ways))  # the same orders each time
    orders: list[list[tuple[str, Callable[[], object]]]] = []
    for round_ in range(-warm_up, rounds):
        if not orders:  # in another sequence each time: the last of a round has no fixed next one
            orders = balanced_orders([*ways.items()])
            chance.shuffle(orders)
        for name, way in orders.pop():
            before()
            began = time.perf_counter()
            way()
            if round_ >= 0:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def balanced_orders(things: Sequence[_T]) -> list[list[_T]]:
    """Orders in which each of `things` has each place, and follows each other one, equally often.

    What a way leaves the machine to do must not always fall to the same next one. As many orders as there are things,
    or twice as many of an odd number (Williams, "Experimental designs balanced for the estimation of residual effects
    of treatments", 1949).
    """
    count = len(things)
    zigzag = [place // 2 if place % 2 == 0 else count - 1 - place // 2 for place in range(count)]
    orders = [[things[(place + turn) % count] for place in zigzag] for turn in range(count)]
    return orders + [order[::-1] for order in orders] if count % 2 else orders


def ratio(
    name: str, seconds: dict[str, list[float]], way: str, baseline: str, *, target: float | None
) -> Figure:
    """The ratio of two medians as a figure that must not exceed `target`."""
    value = statistics.median(seconds[way]) / statistics.median(seconds[baseline])
    return Figure(
        name=name,
        value=round(value, 3),
        unit="ratio of medians",
        baseline=baseline,
        target=target,
        ok=None if target is None else value <= target,
    )


def spread(seconds: list[float]) -> str:
    """Median and quartiles in milliseconds."""
    low, middle, high = (statistics.quantiles(seconds, n=4)[i] * 1000 for i in range(3))
    return f"{middle:7.1f} ms  (quartiles {low:.1f} to {high:.1f})"


def write_table(figures: list[Figure], file: Path) -> None:
    """Print the figures and write them as JSON."""
    width = max(len(figure.name) for figure in figures)
    print(f"\n{'figure':<{width}}  {'value':>9}  {'target':>7}  ok    unit, baseline")
    for figure in figures:
        target = "-" if figure.target is None else f"{figure.target:g}"
        verdict = {None: "", True: "yes", False: "NO"}[figure.ok]
        line = f"{figure.name:<{width}}  {figure.value:>9g}  {target:>7}  {verdict:<4}  {figure.unit}"
        print(f"{line}, {figure.baseline}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten: {file}")
