import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.testing import ACTOR
from tokenbroker.store.audit_log import verify_chain

ROOT = Path(__file__).parents[2]
PUT_MANY = """
import secrets, sys
from pathlib import Path
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import open_local
home, name, count = sys.argv[1:]
with open_local(Path(home), default_home=False) as sink:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(int(count)):
        value = Secret("demo-only-" + secrets.token_hex(8))
        reference = sink.put("example/key", value, put_id=f"{name}/{number}", actor=name)
        print(reference.version, flush=True)
"""

Start = Callable[[str, int], "subprocess.Popen[str]"]


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    children: list[subprocess.Popen[str]] = []

    def begin(name: str, count: int) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PUT_MANY, str(home), name, str(count)],
            env={"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def _go(child: "subprocess.Popen[str]") -> None:
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "open\n"
    child.stdin.write("go\n")
    child.stdin.flush()


@pytest.mark.req("SECRET-1", "AUDIT-1")
def test_two_processes_that_put_at_once_never_share_a_version_or_fork_the_log(
    home: Path, start: Start
) -> None:
    children = [start("a", 25), start("b", 25)]  # both make the new store and its key, too
    for child in children:
        _go(child)
    versions = [int(line) for child in children for line in child.communicate(timeout=60)[0].split()]
    assert sorted(versions) == list(range(1, 51))
    with open_local(home, default_home=False) as sink:
        check = verify_chain(sink.store)
        assert (check.rows, check.broken) == (50, None)
        assert sink.get("example/key", version=50, actor=ACTOR) is not None


@pytest.mark.req("SECRET-1", "RUN-10")
@pytest.mark.parametrize("after", [1, 3, 8])
def test_a_put_that_returned_survives_a_kill_and_no_put_is_half_done(
    home: Path, start: Start, after: int
) -> None:
    child = start("a", 100_000)
    _go(child)
    assert child.stdout is not None
    seen = [int(child.stdout.readline()) for _ in range(after)]
    child.kill()
    child.wait()
    with open_local(home, default_home=False) as sink:
        kept = [stored.version for stored in sink.list()]
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) >= max(seen)
        check = verify_chain(sink.store)
        assert (check.rows, check.broken) == (len(kept), None), (
            "one audit row for each put, in one transaction"
        )
        for version in kept:
            sink.get("example/key", version=version, actor=ACTOR)


@pytest.mark.req("SECRET-4")
def test_a_first_opening_that_was_killed_after_the_key_file_uses_that_key(
    home: Path, local: LocalSink
) -> None:
    """The key's file is durable before the store records it: a kill in between makes no second key."""
    key_id = local.custody.master_key.key_id
    local.close()
    for file in local.store.path.parent.glob("store.db*"):
        file.unlink()
    with open_local(home, default_home=False) as again:
        assert again.custody.master_key.key_id == key_id
