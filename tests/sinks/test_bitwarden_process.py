"""What the program `bw` leaves open, on disk and in the lists of processes, while it is unlocked and after."""

import base64
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.sinks.bitwarden_fixtures import COMMAND, OpenBitwarden
from tests.sinks.bitwarden_server import Bitwarden
from tokenbroker.errors import SecretAccessDenied, SettingsError
from tokenbroker.sinks.bitwarden_cli import BitwardenSink
from tokenbroker.sinks.bitwarden_client import check_version
from tokenbroker.sinks.bitwarden_failure import Failure, explain, failure_in
from tokenbroker.sinks.bitwarden_process import BwProcess
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = [
    pytest.mark.req("SECRET-7"),
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads /proc, which this system lacks"),
]

SAID = {
    "FetchError: request to https://127.0.0.1:1/x failed, reason: connect ECONNREFUSED 127.0.0.1:1": "CONNECTION_REFUSED",
    "FetchError: request to https://x.invalid/ failed, reason: getaddrinfo ENOTFOUND x.invalid": "NAME_UNKNOWN",
    "FetchError: request to https://x/ failed, reason: unable to verify the first certificate": "TLS_REFUSED",
    "Syncing failed: FetchError: request to https://x failed, reason: socket hang up": "CUT_OFF",
    "Syncing failed: FetchError: invalid json response body, reason: Unexpected end of JSON input": "CUT_OFF",
    'Syncing failed: {"response":{"error":"invalid_client"},"statusCode":400}': "LOGIN_REFUSED",
    'Syncing failed: {"response":null,"statusCode":403}': "DENIED",
    "request to https://vault.example:41300/api/ciphers failed, reason: read ECONNRESET": "CUT_OFF",
    "request to https://x/ failed, reason: connect ECONNREFUSED 127.0.0.1:429": "CONNECTION_REFUSED",
    "request to https://vault.example:4013/forbidden failed, reason: something new": "SERVER_ERROR",
    "request to https://ssl-certificate.example/ failed, reason: socket hang up": "CUT_OFF",
    "Vault is locked.": "LOGIN_REFUSED",
    "Cryptography error, The decryption operation failed": "PASSWORD_REFUSED",
    "Syncing failed: Rate limit exceeded. Try again later.": "TOO_MANY_REQUESTS",
    "An unhandled server error has occurred.": "SERVER_ERROR",
    "TypeError: ciphers.map is not a function": "SERVER_ERROR",
    "The cipher you are updating is out of date. Please save your work, sync your vault, and try again.": "CONFLICT",
    "The field Password exceeds the maximum encrypted value length of 5000 characters.": "TOO_LONG",
    "Not found.": "NOT_FOUND",
}
"""What the pinned client was seen to say."""


@pytest.mark.parametrize(("said", "name"), SAID.items(), ids=range(len(SAID)))
def test_what_the_client_says_is_told_in_our_words(said: str, name: str) -> None:
    failure = failure_in(said)
    assert failure is Failure[name]
    assert said not in str(explain(failure, "https://vault.example.test"))


def running(sink: BitwardenSink) -> BwProcess:
    process = sink.client.process()
    assert process is not None
    assert process.is_up
    return process


def test_nothing_listens_while_it_is_unlocked(bitwarden_sink: BitwardenSink) -> None:
    bitwarden_sink.list()
    process = running(bitwarden_sink)
    own = {str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()}
    assert any(target.startswith("socket:") for target in own), "the search can find what is there"
    assert not own & listening(process.pid)
    with socket.create_server(("127.0.0.1", 0)):
        assert listening(os.getpid()), "nor does it miss a server"


def listening(pid: int) -> set[str]:
    """The sockets of the whole machine that listen, by TCP or in the file system, as `pid` sees them."""
    found = set()
    for name in ("tcp", "tcp6"):
        table = Path(f"/proc/{pid}/net/{name}")
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            parts = line.split()
            if parts[3] == "0A":
                found.add(f"socket:[{parts[9]}]")
    for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]:
        parts = line.split()
        if int(parts[3], 16) & 0x10000:
            found.add(f"socket:[{parts[6]}]")
    return found


def test_no_secret_is_in_its_arguments_its_environment_or_in_clear_in_its_folder(
    bitwarden_sink: BitwardenSink, bitwarden: Bitwarden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENBROKER_DEMO_ONLY", "demo-only-inherited")
    secret = demo_secret().reveal()
    bitwarden_sink.put("example/key", demo_secret().__class__(secret), put_id="a", actor=ACTOR)
    process = running(bitwarden_sink)
    told = {name: Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")}
    folder = b"".join(file.read_bytes() for file in process.folder.rglob("*") if file.is_file())
    assert b"serve" in told["cmdline"]
    assert b"BITWARDENCLI_APPDATA_DIR" in told["environ"]
    assert bitwarden.client_id.encode() in folder, "the search can find what is there"
    assert process.folder.stat().st_mode & 0o777 == 0o700
    assert b"BW_SESSION" not in told["environ"] + folder
    for value in (secret, bitwarden.password, bitwarden.client_secret, "demo-only-inherited"):
        for form in forms(value):
            assert form not in told["cmdline"] + told["environ"]
            # The API key is: `bw` keeps it so. That is why the folder is in memory, and goes.
            assert form not in folder or value == bitwarden.client_secret


def forms(value: str) -> tuple[bytes, ...]:
    raw = value.encode()
    return raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode(), quote(value, safe="").encode()


def test_when_it_is_closed_the_process_and_its_folder_are_gone(open_bitwarden: OpenBitwarden) -> None:
    sink = open_bitwarden()
    sink.list()
    process = running(sink)
    sink.client.close()
    assert not process.folder.exists()
    assert not Path(f"/proc/{process.pid}").exists()


_OTHER = """
import os, signal, sys
from pathlib import Path
from tokenbroker.secret import Secret
from tokenbroker.sinks.bitwarden_process import BitwardenAccount, BitwardenServer, start
address, command, ca_file, *words = sys.stdin.read().split()
server = BitwardenServer(address=address, command=Path(command), ca_file=Path(ca_file), timeout_s=30)
client_id, client_secret, password = map(Secret, words)
process = start(server, BitwardenAccount(password=password, client_id=client_id, client_secret=client_secret))
print(process.pid, process.folder.exists(), process.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_when_we_are_killed_the_process_and_its_folder_go_too(
    bitwarden: Bitwarden, authority: tuple[Path, Path]
) -> None:
    told = (
        bitwarden.url,
        COMMAND,
        authority[0],
        bitwarden.client_id,
        bitwarden.client_secret,
        bitwarden.password,
    )
    # The sweeper inherits standard error and is the last that holds it: its end is the event.
    done = subprocess.run(
        [sys.executable, "-c", _OTHER],
        input=" ".join(map(str, told)),
        capture_output=True,
        text=True,
        check=False,
    )
    pid, existed, folder = done.stdout.split()
    assert (done.returncode, existed) == (-signal.SIGKILL, "True")
    assert not Path(folder).exists()
    command = Path(f"/proc/{pid}/cmdline")  # empty for one that has ended and that nobody has waited for
    assert not command.exists() or command.read_bytes() == b""


@pytest.mark.parametrize("version", ["2025.1.0", "2027.1.0", "nonsense"])
def test_another_version_is_a_mistake_in_the_settings(tmp_path: Path, version: str) -> None:
    command = tmp_path / "bw"
    command.write_text(f"#!/bin/sh\necho {version}\n")
    command.chmod(0o755)
    with pytest.raises(SettingsError) as caught:
        check_version(command)
    assert "@bitwarden/cli@" in caught.value.next_step
    assert check_version(COMMAND).startswith("2026.")


def test_a_missing_program_is_a_mistake_in_the_settings(open_bitwarden: OpenBitwarden) -> None:
    with pytest.raises(SettingsError) as caught:
        open_bitwarden(command="/nonexistent/bw")
    assert "@bitwarden/cli@" in caught.value.next_step


def test_without_credentials_the_variable_is_named(open_bitwarden: OpenBitwarden) -> None:
    with pytest.raises(SecretAccessDenied) as caught:
        open_bitwarden({})
    assert "TOKENBROKER_BITWARDEN_PASSWORD" in caught.value.next_step
