"""Runs cases in several processes, each with a site, an account and a browser of its own."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from benchmarks.ui_mutations.draw import Case, cases
from benchmarks.ui_mutations.judge import Judge, Result
from benchmarks.ui_mutations.visit import visiting
from benchmarks.ui_mutations.ways import Way, way_named
from tokenbroker.run.targets.engine import install

_TOLD_EVERY = 50


def measure(seeds: Sequence[int], ways: Sequence[str], *, jobs: int) -> list[Result]:
    """Every way on every case of these seeds, in the order of seeds and ways."""
    shards = [list(seeds[start::jobs]) for start in range(jobs)]
    if jobs == 1:
        done = [_shard(shards[0], ways)]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            done = list(pool.map(_shard, shards, [ways] * jobs))
    results = [result for shard in done for result in shard]
    return sorted(results, key=lambda result: (result.seed, ways.index(result.way)))


def _shard(seeds: Sequence[int], names: Sequence[str]) -> list[Result]:
    ways = [way_named(name) for name in names]
    with sync_playwright() as playwright:
        install(playwright.selectors)  # before any context is opened
        with visiting(playwright) as visitor:
            return _judged(Judge(visitor), seeds, ways)


def _judged(judge: Judge, seeds: Sequence[int], ways: Sequence[Way]) -> list[Result]:
    results: list[Result] = []
    for number, case in enumerate(cases(seeds), start=1):
        results += [_run(judge, case, way) for way in ways]
        if number % _TOLD_EVERY == 0:
            print(f"{number} of {len(seeds)} cases", file=sys.stderr, flush=True)
    return results


def _run(judge: Judge, case: Case, way: Way) -> Result:
    """The result of a case; reaching its point is tried twice, since a browser may fail once on a busy machine."""
    try:
        return judge.run(case, way)
    except PlaywrightError as error:
        print(f"again: {case}, {way.name}: {type(error).__name__}", file=sys.stderr, flush=True)
    return judge.run(case, way)
