"""From the call of `run_flow` to the start of the flow's first step, as a client sees it."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from benchmarks.measure import Figure, spread
from demo_site.launch import generate_account, start
from tokenbroker.jobs.events import StepBegan
from tokenbroker.jobs.order import Order
from tokenbroker.jobs.process import RunProcess
from tokenbroker.jobs.variables import inherited

CONSOLE = "https://console.example.com"
FLOW = f"""\
version: 1
site: example
flow: look
allowed_automation: semi_auto
steps:
  - navigate: "{CONSOLE}/login"
  - wait_for: {{ selector: "#email" }}
"""
FRESH, KEPT, ALONE = "a server just started", "a server that has waited", "no server: a process of its own"
TARGET_S = 1.0
WAIT_S = 2.0


@contextmanager
def project() -> Iterator[Path]:
    """A project whose site is the demo, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch:
        folder = Path(scratch)
        with start(database=folder / "site.sqlite", accounts=[generate_account()]) as site:
            (folder / "flows").mkdir()
            (folder / "flows" / "look.yaml").write_text(FLOW)
            settings = f'home = "home"\n[origin_map]\n"{CONSOLE}" = "{site.url}"\n'
            (folder / "tokenbroker.toml").write_text(settings)
            yield folder


async def served(folder: Path, *, wait_s: float) -> float:
    """Seconds from the first call at a new server, `wait_s` after it has answered, to the first progress."""
    began, started = 0.0, 0.0

    async def tell(*_progress: object) -> None:
        nonlocal started
        started = started or time.perf_counter()

    command = ["-m", "tokenbroker", "serve", "--stdio"]
    parameters = StdioServerParameters(
        command=sys.executable, args=command, cwd=folder, env=inherited(os.environ)
    )
    async with Client(stdio_client(parameters)) as client:
        await anyio.sleep(wait_s)
        began = time.perf_counter()
        result = await client.call_tool("run_flow", {"flow": "example/look"}, progress_callback=tell)
    if result.is_error:
        raise SystemExit(f"the flow failed: {result.content}")
    return started - began


async def alone(folder: Path) -> float:
    """Seconds from the start of a run's process to its first step."""
    began, started = time.perf_counter(), 0.0
    process = RunProcess.start(root=folder, environ=inherited(os.environ))
    try:
        async for event in process.run(Order(flow=folder / "flows" / "look.yaml")):
            if isinstance(event, StepBegan) and not started:
                started = time.perf_counter()
    finally:
        await process.end()
    return started - began


def measure(rounds: int) -> list[Figure]:
    """≤ 1.0 s at the first call of a server that was started just now; the demo site runs already."""
    seconds: dict[str, list[float]] = {FRESH: [], KEPT: [], ALONE: []}
    # In a thread: the reference flow's browser may have left an event loop on this one.
    with project() as folder, ThreadPoolExecutor(1) as pool:
        for round_ in range(-1, rounds):
            taken = {
                FRESH: pool.submit(anyio.run, lambda: served(folder, wait_s=0)).result(),
                KEPT: pool.submit(anyio.run, lambda: served(folder, wait_s=WAIT_S)).result(),
                ALONE: pool.submit(anyio.run, alone, folder).result(),
            }
            if round_ >= 0:
                for name, value in taken.items():
                    seconds[name].append(value)
    for name, values in seconds.items():
        print(f"{'run_flow to its first step, ' + name:<68} {spread(values)}")
    return [_figure(name, values, TARGET_S if name == FRESH else None) for name, values in seconds.items()]


def _figure(name: str, seconds: list[float], target: float | None) -> Figure:
    value = round(sorted(seconds)[len(seconds) // 2], 3)
    return Figure(
        name=f"run_flow to its first step, {name}",
        value=value,
        unit="s, median",
        baseline="the call",
        target=target,
        ok=None if target is None else value <= target,
    )
