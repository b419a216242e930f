"""A person who is a process of its own: what starts and ends one."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@contextmanager
def played(module: str, orders: Mapping[str, Any], log: Path) -> Iterator[Callable[[], str]]:
    """The person of `module`, who gets `orders` on standard input; answers what they have said into `log` so far."""
    with log.open("w") as out:
        person = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
            encoding="utf-8",
        )  # fmt: skip
    assert person.stdin is not None
    person.stdin.write(json.dumps(orders))
    person.stdin.close()
    try:
        yield log.read_text
    finally:
        person.kill()
        person.wait()
