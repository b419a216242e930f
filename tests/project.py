"""A user's project in small: a folder with settings, flows and a home, used by child processes only.

What runs in it are the commands as a person types them: `pytest` and `tokenbroker`, in processes of their
own, also at a terminal. Every such process carries the project's TMPDIR, so that one left behind is found.
"""

import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]  # it ships no types
from pyrage import x25519

from demo_site.launch import Account, RunningDemo
from tokenbroker.broker import Broker
from tokenbroker.secret import Secret
from tokenbroker.settings import load_configuration
from tokenbroker.store.jobs import begin_job, finish_job, mark_created_key

SITE = "https://console.example.com"
SEEDED = "Retired integration"
TIME_LIMIT_S = 120
"""Far beyond what anything here takes: the machine may be busy."""
_INHERITED = ("PATH", "HOME", "LANG", "TOKENBROKER_BROWSER", "PLAYWRIGHT_BROWSERS_PATH")

SETTINGS = """\
[sinks.bitwarden]
type = "local"
"""
# Hypothesis is ours, not the user's: its plugin alone is a quarter of what a session's start takes.
PYTEST_INI = """\
[pytest]
addopts = -p no:hypothesispytest
filterwarnings = error
asyncio_default_fixture_loop_scope = function
"""
PERSON = """\
import json
from pathlib import Path

import pytest

from tokenbroker.human.channels.simulated import Habits, Press, SimulatedPerson
from tokenbroker.human.phone import PhonePage


@pytest.fixture(scope="session")
def human_checkpoint(request):
    phone = json.loads(Path(__file__).with_name("demo.json").read_text())["phone"]
    page = PhonePage(phone, lambda: request.getfixturevalue("flow_browser"))
    return SimulatedPerson(page, habits=Habits())
"""
"""A conftest whose person holds the demo's phone; one person for the session."""

SIGN_IN = f"""\
  - navigate: "{SITE}/login"
  - type: {{ selector: "#email", value_ref: "secrets:example.email" }}
  - type: {{ selector: "#password", value_ref: "secrets:example.password" }}
  - click: {{ selector: "button[type=submit]" }}
  - wait_human: {{ reason: "Enter the code" }}
"""
"""The steps up to a page that a signed-in person sees."""

CREATE = (
    SIGN_IN
    + f"""\
  - navigate: "{SITE}/api-keys"
  - click: {{ selector: "text=Create API Key" }}
  - type: {{ selector: "#name", value: "Reporting" }}
  - click: {{ selector: "text=Create", creates: {{ name: "Reporting", revoke: "{SITE}/api-keys" }} }}
"""
)
"""The steps that make a key named Reporting; what reads it follows."""

LOOK = f'  - navigate: "{SITE}/login"\n  - wait_for: {{ selector: "#email" }}\n'
"""The shortest steps that need a browser and the demo site, and no person."""

WAIT_FOR_EVER = LOOK + '  - wait_for: { selector: "#never-there" }\n    timeout: 2m\n'


def flow_text(name: str, steps: str = LOOK, *, modes: str = "semi_auto", head: str = "") -> str:
    """A flow `name` of the site `example`; `head` holds further lines of its mapping."""
    return f"version: 1\nsite: example\nflow: {name}\nallowed_automation: {modes}\n{head}steps:\n{steps}"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def outcomes(self) -> dict[str, int]:
        """What pytest's closing line counts, such as ``{"passed": 2}``."""
        closing = [line for line in self.out.splitlines() if re.search(r" in \d+\.\d+s", line)][-1]
        return {
            word.rstrip("s"): int(n)
            for n, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)", closing)
        }

    def refusal(self) -> str:
        """The code at the start of a refusal; proves that it is a plain sentence without a traceback."""
        assert "Traceback" not in self.text
        assert "tokenbroker/" not in self.err.replace("/bin/tokenbroker", "")
        found = re.search(r"^([a-z_]+(?:\.[a-z_]+)*): \S", self.err, re.MULTILINE)
        return found[1] if found else ""


@dataclass(kw_only=True)
class Project:
    """The folder of one test."""

    folder: Path
    settings: str = SETTINGS
    account: Account | None = None
    demo: RunningDemo | None = None
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.temporary.mkdir()
        self.write("tokenbroker.toml", self.settings)
        self.write("pytest.ini", PYTEST_INI)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        """TMPDIR of every process of the project."""
        return self.folder / "tmp"

    @property
    def phone(self) -> str:
        assert self.demo is not None
        assert self.account is not None
        return self.demo.phones[self.account.email]

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def flow(self, name: str, steps: str = LOOK, *, modes: str = "semi_auto", head: str = "") -> str:
        """Write a flow into the flow folder; answers its path in the project."""
        self.write(f"flows/{name}.yaml", flow_text(name, steps, modes=modes, head=head))
        return f"flows/{name}.yaml"

    def attach_demo(self, demo: RunningDemo, account: Account) -> None:
        """Map the site to `demo`, and store what `account` signs in with, as a person would have."""
        self.demo, self.account = demo, account
        self.settle(self.settings)
        self.put("example.email", account.email)
        self.put("example.password", account.password)

    def settle(self, settings: str, *, origins: str = "") -> None:
        """Let the project have `settings`, and its site where the demo is; `origins` are further lines of the map."""
        assert self.demo is not None
        self.write("tokenbroker.toml", f'{settings}\n[origin_map]\n"{SITE}" = "{self.demo.url}"\n{origins}')

    def name_auditor(self) -> None:
        """Name somebody who may read the bundles; a run beyond this machine needs that."""
        recipient = str(x25519.Identity.generate().to_public())
        self.variables["TOKENBROKER_AUDIT__RECIPIENTS"] = json.dumps([recipient])

    def play_person(self, habits: str = "") -> None:
        """Let a simulated person with these `Habits` answer; without this only a terminal can."""
        path = self.folder / "demo.json"
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            json.dump({"phone": self.phone}, file)
        self.write("conftest.py", PERSON.replace("Habits()", f"Habits({habits})"))

    @contextmanager
    def broker(self, key: str = "") -> Iterator[Broker]:
        """The home, opened in this process, with `key` as its master key where it is given."""
        environ = {"TOKENBROKER_HOME": str(self.home), "TOKENBROKER_KEY": key}
        configuration = load_configuration(self.folder, environ)
        with Broker(configuration, environ=dict(self.variables)) as broker:
            yield broker

    def put(self, path: str, value: str) -> None:
        with self.broker() as broker:
            broker.local.put(path, Secret(value), put_id=f"test-{path}", actor="tests")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {"TOKENBROKER_HOME": str(self.home), "TMPDIR": str(self.temporary), "COLUMNS": "200"}
        return {**inherited, **own, **self.variables, **more}

    def run(self, *command: str, stdin: str = "", **variables: str) -> Ended:
        """Run `command` to its end, in a session of its own: it has no terminal."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(variables),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=TIME_LIMIT_S,
            start_new_session=True,
            check=False,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def tokenbroker(self, *arguments: str, stdin: str = "", **variables: str) -> Ended:
        return self.run(*TOKENBROKER, *arguments, stdin=stdin, **variables)

    def pytest(self, *arguments: str, **variables: str) -> Ended:
        return self.run(sys.executable, "-m", "pytest", *arguments, **variables)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `tokenbroker` with its progress on a pipe."""
        return subprocess.Popen(
            [*TOKENBROKER, *arguments],
            cwd=self.folder,
            env=self.environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    @contextmanager
    def terminal(
        self, *arguments: str, folder: Path | None = None, command: Sequence[str] = ()
    ) -> Iterator["Terminal"]:
        """`tokenbroker`, or another `command`, at a terminal of its own."""
        program, *first = command or TOKENBROKER
        child = pexpect.spawn(
            program,
            [*first, *arguments],
            cwd=str(folder or self.folder),
            env=self.environment({"TERM": "xterm"}),
            encoding="utf-8",
            timeout=TIME_LIMIT_S,
            dimensions=(50, 200),
        )
        child.logfile_read = StringIO()
        try:
            yield Terminal(child)
        finally:
            child.close(force=True)

    def audit(self) -> list[tuple[str, str, str]]:
        """The audit's rows so far: action, key, result."""
        with sqlite3.connect(f"{(self.home / 'store.db').as_uri()}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT action, key, result FROM audit_log ORDER BY 1").fetchall()
        connection.close()
        return rows

    def whoami(self, key: str) -> int:
        """What the demo's API answers to `key`."""
        assert self.demo is not None
        request = urllib.request.Request(
            f"{self.demo.url}/api/whoami", headers={"Authorization": f"Bearer {key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIME_LIMIT_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code

    def read_phone(self) -> str:
        """The newest code, read as a person reads it."""
        with urllib.request.urlopen(self.phone, timeout=TIME_LIMIT_S) as answer:
            found = re.search(r"data-latest-code>(\d{6})<", answer.read().decode())
        assert found is not None
        return found[1]

    def processes(self) -> list[int]:
        """The processes that were started for this project and still run: their TMPDIR tells."""
        mark = f"TMPDIR={self.temporary}".encode()  # or a folder below it
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
        return found

    def wait_until_alone(self, timeout_s: float = 20) -> bool:
        """Whether every process of the project has ended, at once or within the time-out."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                try:
                    if not select.select([descriptor], [], [], timeout_s)[0]:
                        return False
                finally:
                    os.close(descriptor)
        return True

    def end_processes(self) -> list[int]:
        """Kill what is left; answers what that was."""
        left = [] if self.wait_until_alone() else self.processes()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return left


class Terminal:
    """A person at a terminal."""

    def __init__(self, child: Any) -> None:
        self._child = child

    def wait_for(self, text: str) -> None:
        self._child.expect_exact(text)

    def wait_for_one_of(self, *texts: str) -> str:
        """The first of `texts` that is shown."""
        return texts[self._child.expect_exact([*texts])]

    def type(self, line: str) -> None:
        self._child.sendline(line)

    def type_at_once(self, line: str) -> None:
        """As `type`, without the pause that a person makes before typing."""
        os.write(self._child.child_fd, f"{line}\n".encode())

    def press_ctrl_c(self) -> None:
        self._child.sendintr()

    def terminate(self) -> None:
        """What a service manager does, or `kill`."""
        self._child.kill(signal.SIGTERM)

    def end(self) -> int:
        """The exit code, once the command has ended by itself."""
        self._child.expect(pexpect.EOF)
        self._child.wait()
        assert self._child.exitstatus is not None
        return int(self._child.exitstatus)

    @property
    def screen(self) -> str:
        """Everything that was shown so far."""
        log = self._child.logfile_read
        assert isinstance(log, StringIO)
        return log.getvalue()


TOKENBROKER = (sys.executable, "-m", "tokenbroker")


def remember_created_key(project: Project, flow_id: str, *, key: str = "") -> None:
    """Let the store know of an earlier run of `flow_id` that created a key."""
    with project.broker(key) as broker:
        store = broker.local.store
        job = begin_job(store, flow_id=flow_id, mode="semi_auto", actor="tests")
        mark_created_key(store, job)
        finish_job(store, job, status="passed", actor="tests")


def marking_browser(folder: Path) -> tuple[Path, Path]:
    """A "browser" that only leaves a mark when it is started: its path, and the mark's."""
    mark, program = folder / "a-browser-was-started", folder / "marking-browser"
    program.write_text(f'#!/bin/sh\necho started >> "{mark}"\nexit 1\n', encoding="utf-8")
    program.chmod(0o755)
    return program, mark
