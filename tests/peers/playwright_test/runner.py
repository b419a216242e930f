"""Playwright Test as a person has it: a folder with specs, what they share and a configuration; nothing of tokenbroker."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenbroker.record.emit.spec import SUPPORT_NAME, emit_support

HERE = Path(__file__).parent
PERSON = HERE / "person.ts"
CONFIGURATION = HERE / "playwright.config.ts"
TIME_LIMIT_S = 150
_INHERITED = ("PATH", "HOME", "LANG")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A token that a spec has handed over, and where it was to go."""

    title: str
    reference: str
    token: str = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.token.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A call of `playwright test` that has ended.

    Attributes:
        folder: all that it has left: results, every kind of report, and the output of the terminal.
        outcomes: how each test ended, by its title, such as ``{"site/flow": "passed"}``.
    """

    code: int
    output: str
    folder: Path
    outcomes: Mapping[str, str]
    kept: Sequence[Kept]


@dataclass(frozen=True, kw_only=True)
class PlaywrightTest:
    """What `make test-peers` has installed from npm, and the browser that it is to drive."""

    node: Path
    modules: Path
    browser: Path

    def run(
        self,
        folder: Path,
        specs: Mapping[str, str],
        *,
        variables: Mapping[str, str],
        phones: Mapping[str, str],
        person: Path = PERSON,
        arguments: Sequence[str] = (),
        workers: int = 2,
        patience_s: float = 30,
    ) -> Ran:
        """Run `specs` (their texts by ``site/flow.spec.ts``) in the empty `folder`.

        `variables` are the environment that the specs read, `phones` the address of the demo's phone for each test by
        its title (``site/flow``), and `person` a module with `human` and `keep`. What is waited for longer than
        `patience_s` has failed.
        """
        self.lay_out(folder, specs, person=person)
        kept = folder.with_name(f"{folder.name}-kept.jsonl")  # not among what is searched for tokens
        done = self._node(
            folder,
            ("@playwright/test/cli.js", "test", f"--workers={workers}", *arguments),
            {
                **variables,
                "PHONES": json.dumps(dict(phones)),
                "KEPT": str(kept),
                "BROWSER": str(self.browser),
                "PATIENCE_MS": f"{patience_s * 1000:.0f}",
            },
        )
        (folder / "node_modules").unlink()  # nothing of the run is in it
        (folder / "terminal.txt").write_text(done.stdout, encoding="utf-8")
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        return Ran(
            code=done.returncode,
            output=done.stdout,
            folder=folder,
            outcomes=_outcomes(folder / "reports" / "report.json"),
            kept=[Kept(**json.loads(line)) for line in lines],
        )

    def lay_out(self, folder: Path, specs: Mapping[str, str], *, person: Path = PERSON) -> None:
        """Write a project with `specs` into `folder`."""
        folder.mkdir(exist_ok=True)
        (folder / "node_modules").symlink_to(self.modules)
        shutil.copy(CONFIGURATION, folder)
        shutil.copy(person, folder / "person.ts")
        for name, text in {SUPPORT_NAME: emit_support(), **specs}.items():
            path = folder / "specs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def complaints(self, folder: Path) -> str:
        """What TypeScript's compiler, at its strictest, has to say of the project in `folder`; "" for nothing."""
        shutil.copy(HERE / "tsconfig.json", folder)
        return self._node(folder, ("typescript/bin/tsc", "--project", "tsconfig.json"), {}).stdout

    def _node(
        self, folder: Path, command: Sequence[str], variables: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        script, *arguments = command
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return subprocess.run(
            [self.node, self.modules / script, *arguments],
            cwd=folder,
            env={**inherited, "TMPDIR": str(temporary), "NO_COLOR": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIME_LIMIT_S,
            check=False,
        )


def _outcomes(report: Path) -> dict[str, str]:
    if not report.exists():
        return {}
    found: dict[str, str] = {}

    def walk(suite: Mapping[str, Any]) -> None:
        for spec in suite.get("specs", ()):
            found[spec["title"]] = spec["tests"][0]["results"][-1]["status"]
        for inner in suite.get("suites", ()):
            walk(inner)

    for suite in json.loads(report.read_text(encoding="utf-8"))["suites"]:
        walk(suite)
    return found
