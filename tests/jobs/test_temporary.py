"""Temporary folders of runs: one whose maker was killed goes with the next look, one that is in use stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from tokenbroker.jobs.temporary import make_folder, remove_abandoned, remove_folder

pytestmark = pytest.mark.req("RUN-9")

MAKER = """
import sys
from tokenbroker.jobs.temporary import make_folder
folder = make_folder()
(folder / "profile").mkdir()
(folder / "profile" / "file").write_text("x")
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def maker(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", MAKER],
        env={"TMPDIR": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_folder_of_a_process_that_lives_stays_and_that_of_a_killed_one_goes(home: Path) -> None:
    with maker(home) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        remove_abandoned()
        assert (folder / "profile" / "file").exists()
        process.kill()
    own = make_folder()
    assert list(home.iterdir()) == [own]
    assert remove_folder(own)


def test_what_is_not_known_to_be_abandoned_stays(home: Path) -> None:
    own, in_the_making = make_folder(), home / "tokenbroker-run-new"
    in_the_making.mkdir()
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (home / "tokenbroker-run-link").symlink_to(elsewhere)
    remove_abandoned()
    assert own.exists()
    assert in_the_making.exists()
    assert (elsewhere / "lock").exists()
    assert remove_folder(own)
