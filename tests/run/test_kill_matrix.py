"""A real run, killed by its parent at each point from the intent to the end; then ``tokenbroker recover`` (RUN-10)."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import CREATE, Project
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
    child = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--no-pictures", "flows/create.yaml"],
        cwd=project.folder,
        env=project.environment({"KILL_AT": point}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    passed: list[str] = []
    try:
        while point not in passed:
            with pipe.open() as points:
                passed += points.read().split()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    return passed


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


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_each_key_on_the_site_is_in_the_sink_once_or_is_named(
    attended: Project, point: str
) -> None:
    attended.flow("create", CREATE + CAPTURE)
    conftest = attended.folder / "conftest.py"
    conftest.write_text(conftest.read_text() + LISTENER)

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


def _spool_files(project: Project) -> int:
    return len(list(Path(project.home / "spool").glob("*")))
