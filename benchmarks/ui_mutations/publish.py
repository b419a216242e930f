"""``python -m benchmarks.ui_mutations.publish``: the tables and the plot of docs/ui_mutations.md."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from benchmarks.ui_mutations.judge import DECOY, Outcome, Result
from benchmarks.ui_mutations.report import Figures, figures
from benchmarks.ui_mutations.ways import MEASURED

PAGE: Final = Path("docs/ui_mutations.md")
PLOT: Final = Path("docs/images/ui_mutations.svg")
BEGIN: Final = "<!-- begin of what benchmarks/ui_mutations/publish.py writes: don't edit -->"
END: Final = "<!-- end of what benchmarks/ui_mutations/publish.py writes -->"
_CALLED: Final = {
    "codegen": "the locator of codegen",
    "first_actionable": "first actionable wins",
    "ours": "tokenbroker",
}
_COLOURS: Final = {"survived": "#2f7d4f", "stopped": "#c9ced6", "wrong": "#b3261e"}
_WIDTH, _BAR_LEFT, _BAR_WIDTH, _BAR_HEIGHT, _GAP = 1010, 230, 480, 20, 8

Measured = Mapping[str, Sequence[Result]]
"""The results of each range, by its name."""


def main(ranges: Sequence[str]) -> int:
    """Write the page's tables and its plot from `reports/ui_mutations-RANGE.json` of these ranges.

    Answers 1, and writes nothing, where one of them was not measured along every way.
    """
    measured: dict[str, list[Result]] = {}
    for name in ranges:
        file = Path(f"reports/ui_mutations-{name}.json")
        measured[name] = _read(file) if file.is_file() else []
        if missing := [way for way in MEASURED if not any(result.way == way for result in measured[name])]:
            to_do = f"python -m benchmarks.ui_mutations --range {name}"
            print(f"{file} has no results of {', '.join(missing)}; to do: {to_do}")
            return 1
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    told = f"{BEGIN}\n\n{totals_table(measured)}\n\n{kinds_table(measured)}\n\n{END}"
    PAGE.write_text(before + told + after, encoding="utf-8")
    PLOT.write_text(plot(measured), encoding="utf-8")
    print(f"written: {PAGE}, {PLOT}")
    return 0


def _read(file: Path) -> list[Result]:
    return [_result(said) for said in json.loads(file.read_text(encoding="utf-8"))["results"]]


def _result(said: Mapping[str, Any]) -> Result:
    return Result(**{**said, "outcome": Outcome(said["outcome"])})


def totals_table(measured: Measured) -> str:
    """For each range and way: what came of targets that were there, of those that were gone, and the site's own log."""
    lines = [
        "| seeds | way | survived | stopped (said: not there) | wrong | gone: reported | stopped | wrong | log |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for results in measured.values():
        for way in MEASURED:
            total = _of(results, way)
            cells = [
                _seeds(results),
                _CALLED[way],
                f"{total.survived} of {total.there} ({_share(total)})",
                f"{total.stopped + total.falsely_absent} ({total.falsely_absent})",
                total.wrong_there,
                f"{total.reported} of {total.gone}",
                total.stopped_otherwise,
                total.wrong_gone,
                sum(result.reason == DECOY for result in results if result.way == way),
            ]
            lines.append(_row(cells))
    return "\n".join(lines)


def kinds_table(measured: Measured) -> str:
    """For each kind of change, over all ranges: cases, and for each way how many were right, stopped and wrong."""
    every = [result for results in measured.values() for result in results]
    heads = [f"{_CALLED[way]}: right / stopped / wrong" for way in MEASURED]
    lines = [_row(["change", "cases", *heads]), "|---|---|---|---|---|"]
    for kind in [*sorted({r.kind for r in every if "+" not in r.kind}), "pairs of these"]:
        of_kind = [r for r in every if r.kind == kind or ("+" in r.kind and kind == "pairs of these")]
        counts = [_of(of_kind, way) for way in MEASURED]
        cells = [f"{total.right} / {total.not_used} / {total.wrong}" for total in counts]
        lines.append(
            _row([kind.replace("_", " "), sum(result.way == MEASURED[0] for result in of_kind), *cells])
        )
    return "\n".join(lines)


def plot(measured: Measured) -> str:
    """An SVG with a bar for each range and way: the share of targets that were there and were found."""
    bars = [(results, way) for results in measured.values() for way in MEASURED]
    height = 70 + len(bars) * (_BAR_HEIGHT + _GAP) + len(measured) * 26
    root = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {height}", role="img"
    )
    ElementTree.SubElement(root, "title").text = "What came of targets that are there, by way and seeds"
    style = "font: 13px system-ui, sans-serif; fill: #1d232b"
    _box(root, 0, 0, _WIDTH, height, "#ffffff")
    left = _BAR_LEFT
    for name, colour in _COLOURS.items():
        _box(root, left, 18, 12, 12, colour)
        _text(root, left + 18, 29, name, style)
        left += 110
    top = 56
    for results in measured.values():
        _text(root, 16, top + 4, f"seeds {_seeds(results)}", f"{style}; font-weight: 600")
        top += 14
        for way in MEASURED:
            _bar(root, top, way, _of(results, way), style)
            top += _BAR_HEIGHT + _GAP
        top += 12
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _bar(root: ElementTree.Element, top: int, way: str, total: Figures, style: str) -> None:
    _text(root, 32, top + 15, _CALLED[way], style)
    counts = {
        "survived": total.survived,
        "stopped": total.stopped + total.falsely_absent,
        "wrong": total.wrong_there,
    }
    left = float(_BAR_LEFT)
    for name, count in counts.items():
        width = _BAR_WIDTH * count / total.there
        _box(root, left, top, width, _BAR_HEIGHT, _COLOURS[name])
        left += width
    gone = f"; {total.wrong_gone} where it was gone" if total.wrong_gone else ""
    said = f"{_share(total)}, {total.wrong_there or 'none'} wrong{gone}"
    _text(root, _BAR_LEFT + _BAR_WIDTH + 10, top + 15, said, style)


def _box(root: ElementTree.Element, x: float, y: float, width: float, height: float, colour: str) -> None:
    facts = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    ElementTree.SubElement(root, "rect", facts, fill=colour)


def _text(root: ElementTree.Element, x: float, y: float, text: str, style: str) -> None:
    ElementTree.SubElement(root, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}"}, style=style).text = text


def _of(results: Sequence[Result], way: str) -> Figures:
    return figures(result for result in results if result.way == way)


def _share(total: Figures) -> str:
    return f"{100 * total.survived / total.there:.1f} %"


def _seeds(results: Sequence[Result]) -> str:
    return f"{min(r.seed for r in results)} to {max(r.seed for r in results)}"


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["first", "second", "third", "fourth"]))
