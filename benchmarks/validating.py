"""Validating 2,000 flows of twelve steps, beside check-jsonschema with the published schema on the same files."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Figure, alternate, spread
from tokenbroker.flow.lint import lint
from tokenbroker.flow.schema import published_schema
from tokenbroker.run.steps import STEPS

FLOW = Path(__file__).parent.parent / "flows" / "examplecloud" / "create_api_key.yaml"
FILES = 2000
OURS, COMMAND, THEIRS = "lint, in one process", "tokenbroker validate", "check-jsonschema"
MIN_PER_S = 1000


def measure(rounds: int) -> list[Figure]:
    """At least 1,000 flows a second with all rules; check-jsonschema knows the schema alone."""
    with tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch:
        folder = Path(scratch) / "flows"
        folder.mkdir()
        text = FLOW.read_text(encoding="utf-8").rstrip() + '\n  - expect: { selector: ".token" }\n'
        for number in range(FILES):
            (folder / f"f{number}.yaml").write_text(text.replace("create_api_key", f"create_{number}"))
        schema = Path(scratch) / "schema.json"
        schema.write_text(published_schema())
        files = sorted(folder.iterdir())
        ways: dict[str, Callable[[], object]] = {
            OURS: lambda: _lint(files),
            COMMAND: lambda: _run(sys.executable, "-m", "tokenbroker", "validate", str(folder)),
        }
        theirs = shutil.which(
            "check-jsonschema", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        )
        if theirs:
            ways[THEIRS] = lambda: _run(theirs, "--schemafile", str(schema), *map(str, files))
        seconds = alternate(ways, rounds=rounds, warm_up=1)
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    if not theirs:
        print(f"{THEIRS}: not installed here (pip install check-jsonschema), so it is not measured")
    return [_rate(name, taken, is_ours=name == COMMAND) for name, taken in seconds.items()]


def _rate(name: str, seconds: list[float], *, is_ours: bool) -> Figure:
    value = FILES / sorted(seconds)[len(seconds) // 2]
    return Figure(
        name=name,
        value=round(value),
        unit="flows a second, median" + (" (at least)" if is_ours else ""),
        baseline=f"{FILES} flows of 12 steps",
        target=MIN_PER_S if is_ours else None,
        ok=value >= MIN_PER_S if is_ours else None,
    )


def _lint(files: list[Path]) -> None:
    for file in files:
        lint(file, STEPS)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
