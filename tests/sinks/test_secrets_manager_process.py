"""The process that Bitwarden's SDK runs in: what it can be seen to hold, and that it ends with whoever started it."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sinks.faulty_server import Fault
from tests.sinks.secrets_manager_fixtures import TOKEN, Certificates, OpenSecretsManager
from tests.sinks.secrets_manager_server import SecretsManager
from tokenbroker.errors import SecretTimeout
from tokenbroker.sinks import secrets_manager_sdk
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = [
    pytest.mark.req("SECRET-7"),
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at processes in Linux's /proc"),
]

SOON_S = 10
PARENT = """
import os, socket, subprocess, sys
script, certificates, lines = sys.argv[1:]
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.executable, "-I", script, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                         env={"SSL_CERT_FILE": certificates}, start_new_session=True)
theirs.close()
ours.sendall(lines.encode())
print(child.pid, flush=True)
while ours.recv(4096):
    pass
"""
SCRIPT = Path(secrets_manager_sdk.__file__).with_name("secrets_manager_process.py")


def test_neither_token_nor_value_is_in_its_environment_its_arguments_or_a_file(
    open_manager: OpenSecretsManager,
    manager: SecretsManager,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret, token = demo_secret(), manager.new_token()
    monkeypatch.setenv("BWS_ACCESS_TOKEN", token)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    sink = open_manager({TOKEN: token})
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    process = Path(f"/proc/{sink.vault.sdk.pid}")
    assert (process / "environ").read_bytes() == f"SSL_CERT_FILE={certificates.authority}\0".encode()
    arguments = (process / "cmdline").read_bytes().split(b"\0")
    assert arguments[:2] == [sys.executable.encode(), b"-I"]
    assert arguments[2].endswith(b"secrets_manager_process.py")
    assert arguments[3].isdigit()
    assert (process / "cwd").readlink() == Path("/")
    for each in (process / "fd").iterdir():
        target = str(each.readlink())
        assert target.startswith(("socket:", "anon_inode:", "pipe:", "/memfd:", "/dev/null")), target
        if target.startswith("/memfd:"):
            assert each.read_bytes() == b""


@pytest.mark.parametrize("busy", [True, False], ids=["at_work", "waiting"])
def test_it_ends_when_its_parent_was_killed(
    manager: SecretsManager, certificates: Certificates, busy: bool
) -> None:
    asked = told_when_asked(manager)
    lines = [start_of(manager, timeout_s=300), {"do": "list"}]
    if busy:
        manager.go_wrong(Fault.SILENT)
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    with subprocess.Popen(
        [sys.executable, "-I", "-c", PARENT, str(SCRIPT), str(certificates.authority), text],
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            assert asked.wait(SOON_S)
            assert not ended(child, within_s=0)
            parent.kill()
            assert ended(child, within_s=SOON_S)
        finally:
            os.close(child)


def test_it_ends_by_itself_where_nobody_ends_it(manager: SecretsManager, certificates: Certificates) -> None:
    manager.go_wrong(Fault.SILENT)
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={"SSL_CERT_FILE": str(certificates.authority)},
        ) as process,
    ):
        for line in (start_of(manager, timeout_s=0.1), {"do": "list"}):
            ours.sendall(json.dumps(line).encode() + b"\n")
        assert process.wait(SOON_S) == -signal.SIGALRM


@pytest.mark.req("SECRET-3")
def test_a_silent_server_ends_the_process_and_the_next_act_has_another(
    open_manager: OpenSecretsManager, manager: SecretsManager
) -> None:
    sink, secret = open_manager(timeout_s=1), demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    first = os.pidfd_open(sink.vault.sdk.pid or 0)
    manager.go_wrong(Fault.SILENT)
    with pytest.raises(SecretTimeout):
        sink.get("example/key", actor=ACTOR)
    assert ended(first, within_s=SOON_S)
    os.close(first)
    manager.recover()
    assert sink.get("example/key", actor=ACTOR) == secret


def start_of(manager: SecretsManager, *, timeout_s: float) -> dict[str, object]:
    return {
        "api_url": f"{manager.url}/api",
        "identity_url": f"{manager.url}/identity",
        "organization": manager.organization,
        "project": manager.project,
        "timeout_s": timeout_s,
        "token": manager.new_token(),
    }


def told_when_asked(manager: SecretsManager) -> threading.Event:
    told, fault_of = threading.Event(), manager.fault_of

    def tell(request: str) -> Fault | None:
        told.set()
        return fault_of(request)

    manager.fault_of = tell  # type: ignore[method-assign]
    return told


def ended(process: int, *, within_s: float) -> bool:
    """Whether the process of this descriptor ends in time, whoever its parent is."""
    return bool(select.select([process], [], [], within_s)[0])
