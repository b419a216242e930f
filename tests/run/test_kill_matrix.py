"""A real run, killed by its parent at each point from the intent to the end; then ``tokenbroker recover`` (RUN-10)."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.project import CREATE, Project
from tests.sinks.vault_server import serve_vault
from tokenbroker.run.fault_points import POINTS

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-10")]

CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'
LISTENER = '''

@pytest.fixture(scope="session", autouse=True)
def tell_the_parent():
    """Log each point into the pipe; wait at the one that the parent wants to kill at."""
    import os
    import signal

    from tokenbroker.run import fault_points

    def listener(name):
        with open("points", "w") as pipe:
            pipe.write(name + "\\n")
        if name == os.environ["KILL_AT"]:
            signal.pause()

    with fault_points.listening(listener):
        yield
'''


def run_until(project: Project, point: str) -> list[str]:
    """Run the flow, kill pytest when it reports `point`; answers the points that it passed."""
    pipe = project.folder / "points"
    os.mkfifo(pipe)
    child = _start(project, point)
    passed: list[str] = []
    try:
        while point not in passed:
            with pipe.open() as points:
                passed += points.read().split()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    return passed


def _start(project: Project, point: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--no-pictures", "flows/create.yaml"],
        cwd=project.folder,
        env=project.environment({"KILL_AT": point}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stored_digests(project: Project) -> list[str]:
    with project.broker() as broker:
        sink = broker.sink("bitwarden")
        tokens = [sink.get(each.path, version=each.version, actor="tests") for each in sink.list()]
    return [hashlib.sha256(token.reveal().encode()).hexdigest() for token in tokens]


def live_digests(project: Project) -> list[str]:
    assert project.demo is not None
    assert project.account is not None
    keys = [key for key in project.demo.live_keys() if key.account_email == project.account.email]
    return [key.key_sha256 for key in keys if key.name == "Reporting"]


@pytest.fixture
def killable(attended: Project, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project whose flow keeps its key in a sink of the kind that the parameter names."""
    kind = getattr(request, "param", "local")
    attended.flow("create", CREATE + CAPTURE)
    conftest = attended.folder / "conftest.py"
    conftest.write_text(conftest.read_text() + LISTENER)
    with ExitStack() as servers:
        settings = f'[sinks.bitwarden]\ntype = "{kind}"\n'
        if kind == "postgres":
            attended.variables["TOKENBROKER_POSTGRES_URL"] = request.getfixturevalue("postgres_url")
        if kind == "vault":
            vault = servers.enter_context(serve_vault())
            attended.variables["TOKENBROKER_VAULT_TOKEN"] = vault.new_token()
            settings += f'address = "{vault.url}"\n'
        attended.settle(settings)
        yield attended


ELSEWHERE = ("put",)
"""Where a sink that rests elsewhere makes most of a difference; `make soak` does all."""
MATRIX = [
    *(("local", point) for point in POINTS),
    *((kind, point) for kind in ("postgres", "vault") for point in ELSEWHERE),
    *(
        pytest.param(kind, point, marks=pytest.mark.soak)
        for kind in ("postgres", "vault")
        for point in POINTS
        if point not in ELSEWHERE
    ),
]


@pytest.mark.parametrize(("killable", "point"), MATRIX, indirect=["killable"])
def test_after_a_kill_each_key_on_the_site_is_in_the_sink_once_or_is_named(
    killable: Project, point: str
) -> None:
    attended = killable
    passed = run_until(attended, point)
    assert passed == list(POINTS[: POINTS.index(point) + 1])
    assert attended.wait_until_alone()

    recovered = attended.tokenbroker("recover", "--json")
    named = [row for row in json.loads(recovered.out) if "POSSIBLY CREATED" in row["outcome"]]
    live, stored = live_digests(attended), stored_digests(attended)
    assert len(live) == (0 if point in ("intended", "pressed") else 1)
    assert sorted(stored) == (live if point in POINTS[POINTS.index("sealed") :] else [])
    assert len(named) == (1 if point in ("pressed", "before_read", "read") else 0)
    assert recovered.code == (1 if named else 0)
    for row in named:
        assert (row["key_name"], row["revoke"]) == ("Reporting", "https://console.example.com/api-keys")
    assert _spool_files(attended) == len(named)

    again = attended.tokenbroker("recover", "--json")
    assert stored_digests(attended) == stored
    assert len(json.loads(again.out)) == len(named)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("killable", "kills"),
    [("local", 20), ("postgres", 20), ("vault", 10)],  # Vault keeps ten versions of a path
    indirect=["killable"],
)
def test_killed_at_random_moments_every_live_key_of_the_site_is_in_the_sink_or_named(
    killable: Project, kills: int
) -> None:
    lot = random.Random(seed := random.randrange(10**6))
    print(f"seed {seed}")
    named_so_far = 0
    for _ in range(kills):
        run_and_kill(killable, lot.uniform(0, 0.5))
        assert killable.wait_until_alone()
        named = [
            row
            for row in json.loads(killable.tokenbroker("recover", "--json").out)
            if "POSSIBLY CREATED" in row["outcome"]
        ]
        named_so_far += len(named)
        live, stored = set(live_digests(killable)), stored_digests(killable)
        assert len(set(stored)) == len(stored)
        assert set(stored) <= live
        # Counted over all runs: what a browser sent just before its end may reach the site after recover has named it.
        assert len(live - set(stored)) <= named_so_far
        for row in named:
            assert killable.tokenbroker("recover", "--dismiss", row["run"]).code == 0
    assert stored_digests(killable), "some runs came far enough"


def run_and_kill(project: Project, after_s: float) -> None:
    """Run the flow, and kill pytest `after_s` seconds after the intent was durable."""
    pipe = project.folder / "points"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    # Open at both ends: so that no writer waits for a reader.
    held = os.open(pipe, os.O_RDWR)
    child = _start(project, "never")
    try:
        assert os.read(held, 9) == b"intended\n"
        time.sleep(after_s)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        os.close(held)


def _spool_files(project: Project) -> int:
    return len(list(Path(project.home / "spool").glob("*")))
