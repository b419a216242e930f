"""The figures of a run: a table per kind and in total, and the JSON behind it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.ui_mutations.judge import DECOY, Outcome, Result


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What came of some cases of one way; "there" are those whose target can be found and used, "gone" the others."""

    there: int
    survived: int
    stopped: int
    falsely_absent: int
    wrong_there: int
    gone: int
    reported: int
    stopped_otherwise: int
    wrong_gone: int

    @property
    def wrong(self) -> int:
        return self.wrong_there + self.wrong_gone

    @property
    def right(self) -> int:
        return self.survived + self.reported

    @property
    def not_used(self) -> int:
        """Nothing was used, and that was not right."""
        return self.stopped + self.falsely_absent + self.stopped_otherwise

    @property
    def cells(self) -> str:
        """Right, stopped and wrong."""
        return f"{self.right:>6} {self.not_used:>5} {self.wrong or '.':>5}"


def figures(results: Iterable[Result]) -> Figures:
    """Count outcomes, apart for targets that are there and targets that are gone."""
    counts = {(there, outcome): 0 for there in (True, False) for outcome in Outcome}
    for result in results:
        counts[result.target_stays, result.outcome] += 1
    return Figures(
        there=sum(number for (there, _), number in counts.items() if there),
        survived=counts[True, Outcome.SURVIVED],
        stopped=counts[True, Outcome.STOPPED],
        falsely_absent=counts[True, Outcome.ABSENT_REPORTED],
        wrong_there=counts[True, Outcome.WRONG],
        gone=sum(number for (there, _), number in counts.items() if not there),
        reported=counts[False, Outcome.ABSENT_REPORTED],
        stopped_otherwise=counts[False, Outcome.STOPPED],
        # Nothing right can be used where the target is gone.
        wrong_gone=counts[False, Outcome.WRONG] + counts[False, Outcome.SURVIVED],
    )


def print_table(results: Sequence[Result]) -> None:
    """Each kind a line: its cases, and for each way how many were right, stopped and wrong; then the totals."""
    ways = list(dict.fromkeys(result.way for result in results))
    kinds = sorted({result.kind for result in results}, key=lambda kind: ("+" in kind, kind))
    width = max(len(kind) for kind in kinds)
    print(f"{'':<{width}}        " + "   ".join(f"{way:<18}" for way in ways))
    print(f"{'kind':<{width}} cases  " + "   ".join(f"{'right':>6} {'stop':>5} {'wrong':>5}" for _ in ways))
    for kind in kinds:
        of_kind = [result for result in results if result.kind == kind]
        cells = "   ".join(figures(r for r in of_kind if r.way == way).cells for way in ways)
        print(f"{kind:<{width}} {len(of_kind) // len(ways):>5}  {cells}")
    for way in ways:
        print(f"\n{way}: {_sentence(figures(r for r in results if r.way == way))}")
        seconds = sum(result.took_ms for result in results if result.way == way) / 1000
        decoys = sum(result.reason == DECOY for result in results if result.way == way)
        print(f"  decoys pressed, by the site's own log: {decoys}; looking and acting took {seconds:.0f} s")


def _sentence(total: Figures) -> str:
    share = 100 * total.survived / total.there if total.there else 0
    return (
        f"survived {total.survived} of {total.there} ({share:.1f} %), "
        f"stopped {total.stopped}, falsely reported absent {total.falsely_absent}, wrong {total.wrong_there}; "
        f"of {total.gone} that were gone reported {total.reported}, stopped otherwise {total.stopped_otherwise}, "
        f"wrong {total.wrong_gone}"
    )


def write_json(results: Sequence[Result], file: Path, **about: Any) -> None:
    """Write what was measured, with the figures of each way; no value of a page is in it."""
    ways = list(dict.fromkeys(result.way for result in results))
    content = {
        **about,
        "ways": {way: asdict(figures(r for r in results if r.way == way)) for way in ways},
        "results": [asdict(result) for result in results],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {file}")
