"""Collecting 2,000 flow files against pytest collecting 2,000 one-test Python files."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Figure, alternate, ratio, spread

FLOW = Path(__file__).parent.parent / "flows" / "examplecloud" / "create_api_key.yaml"
FILES = 2000
FLOWS, PYTHON = "2,000 flow files", "2,000 one-test Python files"
MAX_MB = 200


def measure(rounds: int) -> list[Figure]:
    """≤ 1.5 of pytest's own time, ≤ 200 MB; whole processes, caches warm on both sides."""
    with tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch:
        flows, tests = Path(scratch) / "flows", Path(scratch) / "tests"
        flows.mkdir()
        tests.mkdir()
        text = FLOW.read_text(encoding="utf-8")
        for number in range(FILES):
            (flows / f"f{number}.flow.yaml").write_text(text.replace("create_api_key", f"create_{number}"))
            (tests / f"test_f{number}.py").write_text("def test_one():\n    assert True\n")
        seconds = alternate(
            {FLOWS: lambda: _collect(flows), PYTHON: lambda: _collect(tests)}, rounds=rounds, warm_up=1
        )
        for name, taken in seconds.items():
            print(f"{name:<58} {spread(taken)}")
        memory = _peak_mb(flows)
    size = Figure(
        name="collecting, peak memory",
        value=memory,
        unit="MB",
        baseline=FLOWS,
        target=MAX_MB,
        ok=memory <= MAX_MB,
    )
    return [ratio("collecting", seconds, FLOWS, PYTHON, target=1.5), size]


def _command(folder: Path) -> list[str]:
    options = [
        "-q",
        "--collect-only",
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    ]
    return [sys.executable, "-m", "pytest", *options, str(folder), "--rootdir", str(folder)]


def _collect(folder: Path) -> None:
    done = subprocess.run(_command(folder), capture_output=True, text=True, check=True, cwd=folder)
    found = re.search(r"(\d+) tests collected", done.stdout)
    if not found or int(found.group(1)) != FILES:
        raise SystemExit(f"not everything was collected: {done.stdout[-300:]}")


def _peak_mb(folder: Path) -> float:
    child = subprocess.Popen(_command(folder), stdout=subprocess.DEVNULL, cwd=folder)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0  # already waited for
    return round(usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024), 1)
