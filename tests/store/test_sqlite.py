import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from tests.store.plain import assert_plain
from tokenbroker.errors import SecretTimeout, SecretUnavailable
from tokenbroker.store.meta import read_meta, write_meta
from tokenbroker.store.setup_lock import setup_lock
from tokenbroker.store.sqlite import SqliteStore, open_store

ROOT = Path(__file__).parents[2]
OPEN = (
    "import sys; from tokenbroker.store.sqlite import open_store"
    "; from pathlib import Path; open_store(Path(sys.argv[1])).close()"
)


def _python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)],
)
def test_every_connection_is_durable_and_strict(sqlite: SqliteStore, pragma: str, value: object) -> None:
    assert sqlite.read(lambda c: c.execute(text(f"PRAGMA {pragma}")).scalar()) == value


def test_file_and_folder_are_for_the_owner_only(sqlite: SqliteStore) -> None:
    sqlite.write(lambda c: write_meta(c, "a", "b"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in sqlite.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"store.db", "store.db-wal"} <= modes.keys()
    assert stat.S_IMODE(sqlite.path.parent.stat().st_mode) == 0o700


def test_a_warm_store_opens_without_alembic(sqlite: SqliteStore) -> None:
    program = f"{OPEN}; assert 'alembic' not in sys.modules and 'keyring' not in sys.modules"
    child = _python(program, str(sqlite.path))
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors


def test_processes_that_open_a_new_store_at_once_all_succeed(store_path: Path) -> None:
    children = [_python(OPEN, str(store_path)) for _ in range(3)]
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
    assert not list(store_path.parent.glob("*.new*"))


def test_what_a_killed_first_opening_left_is_swept_away(store_path: Path) -> None:
    store_path.parent.mkdir()
    for rest in ("", "-wal", "-shm"):
        store_path.with_name(f"store.db.new{rest}").write_bytes(b"half")
    with open_store(store_path) as store:
        assert store.read(lambda c: read_meta(c, "audit_head")) is not None
    assert not list(store_path.parent.glob("*.new*"))


@pytest.mark.req("SECRET-3", "SECRET-4")
@pytest.mark.parametrize("share", [0, 0.0001, 0.001, 0.1, 0.5, 0.95])
def test_a_file_that_was_cut_off_is_said_and_left_for_its_backup(sqlite: SqliteStore, share: float) -> None:
    sqlite.write(lambda c: write_meta(c, "kept", "x" * 20_000))
    sqlite.close()
    backup = sqlite.path.read_bytes()
    os.truncate(sqlite.path, int(len(backup) * share))
    cut_off = sqlite.path.read_bytes()
    with pytest.raises(SecretUnavailable) as caught, open_store(sqlite.path) as opened:
        opened.read(lambda c: read_meta(c, "kept"))
    assert_plain(caught.value)
    assert sqlite.path.read_bytes() == cut_off
    sqlite.path.write_bytes(backup)
    with open_store(sqlite.path) as opened:
        assert opened.read(lambda c: read_meta(c, "kept")) == "x" * 20_000


@pytest.mark.req("SECRET-3")
def test_a_locked_store_is_a_timeout(sqlite: SqliteStore) -> None:
    impatient = SqliteStore(sqlite.path, busy_timeout_s=0.2)
    with impatient, closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SecretTimeout) as caught:
            impatient.write(lambda c: write_meta(c, "a", "b"))
        assert_plain(caught.value, "secret.timeout")
        assert sqlite.read(lambda c: read_meta(c, "audit_head"))
        other.execute("ROLLBACK")
    sqlite.write(lambda c: write_meta(c, "a", "b"))


@pytest.mark.req("SECRET-3")
def test_a_file_that_is_no_database_is_unavailable(store_path: Path) -> None:
    store_path.parent.mkdir()
    store_path.write_bytes(b"this is not a database " * 500)
    with pytest.raises(SecretUnavailable) as caught:
        open_store(store_path)
    assert_plain(caught.value)


@pytest.mark.req("SECRET-3")
def test_a_store_with_torn_pages_is_unavailable(sqlite: SqliteStore) -> None:
    sqlite.close()
    pages = bytearray(sqlite.path.read_bytes())
    pages[4096:] = os.urandom(len(pages) - 4096)
    sqlite.path.write_bytes(pages)
    with pytest.raises(SecretUnavailable) as caught, open_store(sqlite.path) as opened:
        opened.read(lambda c: c.execute(text("SELECT * FROM audit_log")).all())
    assert_plain(caught.value)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretUnavailable) as caught:
        open_store(tmp_path / "file" / "home" / "store.db")
    assert_plain(caught.value)


READ_ONLY = """
import os, sys
from pathlib import Path
import alembic.command, alembic.config, sqlalchemy.dialects.sqlite
from tokenbroker.errors import BrokerError
from tokenbroker.store.sqlite import open_store
from tokenbroker.store.meta import write_meta
if os.geteuid() == 0:
    os.seteuid(65534)  # root writes everywhere: give that up once everything is imported
try:
    with open_store(Path(sys.argv[1])) as store:
        store.write(lambda connection: write_meta(connection, "a", "b"))
except BrokerError as error:
    print(error.code)
"""


@pytest.fixture
def folder_for_all() -> Iterator[Path]:
    with TemporaryDirectory() as name:  # tmp_path is closed to other users
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        (folder / "home").chmod(0o700)


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize(
    ("state", "code"),
    [("new", "secret.unavailable"), ("existing", "secret.access_denied"), ("closed", "secret.unavailable")],
)
def test_a_store_that_this_user_cannot_write_is_refused(folder_for_all: Path, state: str, code: str) -> None:
    path = folder_for_all / "home" / "store.db"
    open_store(path).close()
    path.chmod(0o444)
    if state == "new":
        path.unlink()
    path.parent.chmod(0o000 if state == "closed" else 0o555)
    child = _python(READ_ONLY, str(path))
    output, errors = child.communicate(timeout=60)
    assert output.strip() == code, errors


def test_a_set_up_that_never_ends_is_said(tmp_path: Path) -> None:
    lock = tmp_path / "store.lock"
    with setup_lock(lock), pytest.raises(SecretUnavailable) as caught, setup_lock(lock, wait_s=0.05):
        pass
    assert_plain(caught.value)
