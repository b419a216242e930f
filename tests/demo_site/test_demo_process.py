"""The site as a process: how it starts, what it tells, and that it can't outlive its starter."""

import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pexpect
import pytest

from demo_site.database import open_database
from demo_site.launch import DemoNotStarted, SeedKey, generate_account, start

KEY = "exk_live_demo0only0demo0only0demo0only0xy"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "site.sqlite"


def connect(url):
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def answers(url):
    try:
        connect(url).close()
    except ConnectionRefusedError:
        return False
    return True


def test_it_serves_its_accounts_and_their_keys(database):
    account = generate_account(
        keys=(SeedKey(name="demo-only-seed", key=KEY), SeedKey(name="demo-only-other"))
    )
    with start(database=database, accounts=[account]) as site:
        request = urllib.request.Request(f"{site.url}/api/whoami", headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["key_name"] == "demo-only-seed"
        with urllib.request.urlopen(site.phones[account.email], timeout=10) as answer:
            assert answer.status == 200
        assert site.url.startswith("http://127.0.0.1:")
        assert site.keys_url.startswith("http://127.0.0.1:")
        assert answers(site.keys_url)
        live = {key.name: key for key in site.live_keys()}
    assert set(live) == {"demo-only-seed", "demo-only-other"}
    assert live["demo-only-seed"].key_sha256 == hashlib.sha256(KEY.encode()).hexdigest()
    assert live["demo-only-seed"].account_email == account.email
    assert not answers(site.url)
    assert not answers(site.keys_url)


def test_no_value_of_an_account_shows_in_the_process_table_or_a_repr(database):
    account = generate_account(keys=(SeedKey(name="demo-only-seed", key=KEY),))
    with start(database=database, accounts=[account]) as site:
        if Path("/proc/self/environ").exists():
            process = Path(f"/proc/{site.pid}")
            shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            assert not any(value.encode() in shown for value in (account.email, account.password, KEY))
            names = {entry.partition(b"=")[0] for entry in (process / "environ").read_bytes().split(b"\0")}
            assert names <= {b"", b"PATH", b"HOME", b"LANG", b"PYTHONPATH"}
    assert not any(value in repr(account) for value in (account.password, KEY, account.device_id))


def test_each_of_its_two_ports_serves_an_origin_of_its_own(database):
    def status(url):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code

    with start(database=database, accounts=[]) as site:
        assert [status(f"{site.url}{path}") for path in ("/login", "/issue")] == [200, 404]
        assert [status(f"{site.keys_url}{path}") for path in ("/login", "/issue")] == [404, 403]


def test_live_keys_can_be_read_while_the_site_writes(database):
    with start(database=database, accounts=[generate_account()]) as site:
        writer = sqlite3.connect(database, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        assert site.live_keys() == []
        writer.close()


def test_it_ends_when_its_starter_is_killed(database):
    starter = f"""
import sys
from pathlib import Path
from demo_site.launch import generate_account, start
site = start(database=Path({str(database)!r}), accounts=[generate_account()])
print(site.url, flush=True)
sys.stdin.read()
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", starter],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with connect(url) as connection:
            process.send_signal(signal.SIGKILL)
            with suppress(ConnectionResetError):  # if the site ends before it has accepted us
                assert connection.recv(1) == b""
    assert not answers(url)


def test_a_restart_keeps_accounts_and_keys(database):
    seeds = (SeedKey(name="demo-only-seed"), SeedKey(name="demo-only-seed", service="atlas"))
    account = generate_account(keys=seeds)
    with start(database=database, accounts=[account]) as site:
        before = site.live_keys(), site.service_keys()
    assert [len(keys) for keys in before] == [1, 1]
    with start(database=database, accounts=[account]) as site:
        assert (site.live_keys(), site.service_keys()) == before


def test_stopping_twice_is_fine(database):
    site = start(database=database, accounts=[])
    site.stop()
    site.stop()


def test_a_taken_port_is_told(database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DemoNotStarted, match="in use"):
            start(database=database, accounts=[], port=taken.getsockname()[1])
    assert not database.exists()


@pytest.mark.parametrize("content", [b"not a database" * 100, None])
def test_a_file_that_is_not_the_sites_is_told_and_left_alone(database, content):
    if content is None:
        other = sqlite3.connect(database)
        other.execute("CREATE TABLE something (else_entirely TEXT)")
        other.close()
    else:
        database.write_bytes(content)
    before = database.read_bytes()
    with pytest.raises(DemoNotStarted, match=str(database)):
        start(database=database, accounts=[])
    assert database.read_bytes() == before


def test_the_file_is_for_its_owner_only(database):
    open_database(database).close()
    assert database.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("", "first line"),
        ("{}", "first line"),
        ('{"accounts": [{"email": "demo-only@example.test"}]}', "accounts[0].password"),
        (
            '{"accounts": [{"email": "a", "password": "demo-only", "device_id": "1"}]}',
            "accounts[0].device_id",
        ),
        ('{"accounts": [{"email": "a", "password": "demo-only", "pin": "1"}]}', "accounts[0]"),
        (
            '{"accounts": [{"email": "a", "password": "demo-only", "keys": [{"name": "b", "service": "c"}]}]}',
            "accounts[0].keys[0].service",
        ),
    ],
)
def test_a_wrong_control_line_is_one_sentence_without_values(database, line, place):
    command = [sys.executable, "-m", "demo_site", "--database", str(database), "--control"]
    ended = subprocess.run(
        command, input=line + "\n", capture_output=True, text=True, timeout=30, cwd=Path(__file__).parents[2]
    )
    assert ended.returncode == 2
    assert place in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "demo-only" not in ended.stderr


def test_without_a_terminal_or_control_it_shows_no_password():
    command = [sys.executable, "-m", "demo_site"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=Path(__file__).parents[2])
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--control" in ended.stderr


def test_at_a_terminal_it_tells_a_person_how_to_sign_in_and_ends_with_ctrl_c():
    terminal = pexpect.spawn(
        sys.executable, ["-m", "demo_site"], cwd=str(Path(__file__).parents[2]), timeout=20
    )
    try:
        terminal.expect(rb"running at (http://127\.0\.0\.1:\d+)")
        url = terminal.match.group(1).decode()
        terminal.expect(rb"e-mail +demo-only-\w+@example\.test\s+password +demo-only-\S+\s+phone +(http\S+)")
        assert terminal.match.group(1).decode().startswith(f"{url}/phone/")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close()
    assert terminal.exitstatus == 0
    assert not answers(url)
