"""The checks that `make test` and CI run, one after the other, each with a heading and its time."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from installation import Checkout


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One check: its name, and the command (the first word is a program of `.venv/bin`)."""

    name: str
    command: tuple[str, ...]


STATIC: tuple[Stage, ...] = (
    Stage(name="format", command=("ruff", "format", "--check", ".")),
    Stage(name="lint", command=("ruff", "check", ".")),
    Stage(name="types", command=("mypy",)),
    Stage(name="types of the tools", command=("mypy", "--strict", ".ci", "docs")),
    Stage(name="import contract", command=("lint-imports",)),
    Stage(name="secrets in files", command=("python", ".ci/secret_scan.py")),
    Stage(name="licences", command=("python", ".ci/licences.py")),
    Stage(name="known vulnerabilities", command=("python", ".ci/vulnerabilities.py")),
    Stage(name="traceability", command=("python", "docs/make_traceability.py", "--check")),
    Stage(name="flow reference", command=("python", "docs/make_flow_reference.py", "--check")),
    Stage(name="rule pages", command=("python", "docs/make_rule_pages.py", "--check")),
    Stage(name="cookbook", command=("python", "docs/make_cookbook.py", "--check")),
)


def tests(arguments: Sequence[str]) -> Stage:
    """The test stage; `arguments` are pytest's."""
    return Stage(
        name="tests",
        command=(
            "python",
            "-m",
            "pytest",
            "tests/",
            # Most of them wait for a browser or a server: one more than there are processors keeps those busy.
            "-n",
            str((os.cpu_count() or 1) + 1),
            "--dist",
            "loadfile",
            "--timeout=180",
            # The long versions are for `make soak`.
            "-m",
            "not soak",
            *arguments,
        ),
    )


def documents(checkout: Checkout) -> tuple[Stage, ...]:
    """One stage for each generator `docs/make_*.py`."""
    return tuple(
        Stage(name=path.stem, command=("python", str(path.relative_to(checkout.root))))
        for path in sorted(checkout.root.glob("docs/make_*.py"))
    )


def run_all(stages: Sequence[Stage], checkout: Checkout, env: Mapping[str, str]) -> int:
    """Run `stages` in order and stop at the first that fails; answers its exit code, or 0."""
    for stage in stages:
        typed = shlex.join([f".venv/bin/{stage.command[0]}", *stage.command[1:]])
        sys.stdout.write(f"\n== {stage.name}: {typed}\n")
        sys.stdout.flush()
        began = time.monotonic()
        code = run([str(checkout.own.bin / stage.command[0]), *stage.command[1:]], checkout, env)
        took_s = time.monotonic() - began
        if code != 0:
            sys.stderr.write(
                f"\nstopped: the stage {stage.name!r} failed after {took_s:.1f} s. Repeat it alone: {typed}\n"
            )
            return code
        sys.stdout.write(f"   {stage.name}: ok, {took_s:.1f} s\n")
        sys.stdout.flush()
    return 0


def run(command: list[str], checkout: Checkout, env: Mapping[str, str]) -> int:
    """Run `command` in the checkout to its end; answers its exit code as a shell would."""
    # Ctrl-C reaches the child too: it closes its browsers and says how it ended; this waits for it. A handler
    # (unlike SIG_IGN) is not inherited by the child.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        code = subprocess.Popen(command, cwd=checkout.root, env=dict(env)).wait()
    except FileNotFoundError:
        sys.stderr.write(f"{os.path.relpath(command[0], checkout.root)} is missing\n")
        return 2
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
