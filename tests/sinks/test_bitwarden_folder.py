"""The folder of `bw` goes, whatever happens to those who see to it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tokenbroker.secret import Secret
from tokenbroker.sinks.bitwarden_failure import Failure
from tokenbroker.sinks.bitwarden_folder import BwFolder
from tokenbroker.sinks.bitwarden_process import VENDORS_ADDRESS, BitwardenAccount, BitwardenServer, start

pytestmark = [
    pytest.mark.req("SECRET-7"),
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads /proc, which this system lacks"),
]


@pytest.fixture(autouse=True)
def _place_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests, at the same time, leave folders in the real one."""
    monkeypatch.setattr("tokenbroker.sinks.bitwarden_folder._IN_MEMORY", tmp_path)


def a_folder() -> BwFolder:
    folder = BwFolder.make(Path("/bin/false"), None)
    (folder.path / "data.json").write_text("demo-only")
    return folder


def test_it_goes_also_when_the_sweeper_was_ended(tmp_path: Path) -> None:
    folder = a_folder()
    folder.sweeper.kill()
    folder.sweeper.wait()
    folder.leave()
    assert not any(tmp_path.iterdir())


def test_one_that_nobody_could_remove_goes_with_the_next_and_one_in_use_stays(tmp_path: Path) -> None:
    in_use, abandoned = a_folder(), a_folder()
    abandoned.sweeper.kill()
    abandoned.sweeper.wait()
    for fd in (abandoned.held, abandoned.lock):  # as when its maker was killed
        os.close(fd)
    another = a_folder()
    assert set(tmp_path.iterdir()) == {in_use.path, another.path}
    for folder in (in_use, another):
        folder.leave()


def test_the_sweeper_has_nothing_of_ours_but_standard_error_and_hears_no_signal_to_end() -> None:
    folder = a_folder()
    child = folder.start(["/bin/sleep", "600"], {})
    proc = Path(f"/proc/{folder.sweeper.pid}")
    assert ((proc / "fd/1").readlink(), (proc / "cwd").readlink()) == (Path("/dev/null"), Path("/"))
    assert "Max core file size        0  " in Path(f"/proc/{child.pid}/limits").read_text()
    while not hears_none_of(proc, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.sched_yield()  # it has just been started
    os.kill(folder.sweeper.pid, signal.SIGTERM)
    os.close(folder.held)
    assert child.wait() == -signal.SIGKILL
    folder.sweeper.wait()
    assert not folder.path.exists()
    os.close(folder.lock)


def hears_none_of(proc: Path, *signals: int) -> bool:
    (ignored,) = (line.split()[1] for line in (proc / "status").read_text().splitlines() if "SigIgn" in line)
    return all(int(ignored, 16) >> (number - 1) & 1 for number in signals)


def a_command(folder: Path, text: str) -> Path:
    command = folder / "bw"
    command.write_text(f"#!/bin/sh\n{text}\n")
    command.chmod(0o755)
    return command


def test_a_program_that_is_gone_when_it_shall_serve_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    command = a_command(tmp_path_factory.mktemp("bin"), 'rm -f "$0"')
    server = BitwardenServer(address=VENDORS_ADDRESS, command=command, ca_file=None, timeout_s=5)
    word = Secret("demo-only")
    account = BitwardenAccount(password=word, client_id=word, client_secret=word)
    assert start(server, account) is Failure.ENDED
    assert not any(tmp_path.iterdir())


_KILLED = """
import sys
from pathlib import Path
from tokenbroker.secret import Secret
from tokenbroker.sinks import bitwarden_folder
from tokenbroker.sinks.bitwarden_process import VENDORS_ADDRESS, BitwardenAccount, BitwardenServer, start
bitwarden_folder._IN_MEMORY, command = map(Path, sys.argv[1:])
server = BitwardenServer(address=VENDORS_ADDRESS, command=command, ca_file=None, timeout_s=300)
word = Secret("demo-only")
start(server, BitwardenAccount(password=word, client_id=word, client_secret=word))
"""


def test_a_login_ends_with_the_process_that_was_killed_meanwhile(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    place = tmp_path_factory.mktemp("bin")
    started = place / "started"
    os.mkfifo(started)
    command = a_command(place, f'echo $$ > "{started}"\nexec sleep 600')
    words = [sys.executable, "-c", _KILLED, str(tmp_path), str(command)]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as parent:
        login = started.read_text().strip()
        while Path(f"/proc/{parent.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            os.sched_yield()  # it has told the sweeper once it waits for the login
        parent.kill()
        assert parent.stderr is not None
        parent.stderr.read()  # the sweeper is the last that holds it: its end is the event
    assert not any(tmp_path.iterdir())
    told = Path(f"/proc/{login}/cmdline")  # empty for one that has ended and that nobody has waited for
    assert not told.exists() or told.read_bytes() == b""
