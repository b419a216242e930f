import base64
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringError

from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretUnavailable, SettingsError
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import open_local
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-4")


class MemoryKeyring(KeyringBackend):
    """A keyring of the real interface; `broken` makes it refuse, as a locked one does."""

    priority = 5

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.broken:
            raise KeyringError("demo-only-foreign-message")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.broken:
            raise KeyringError("demo-only-foreign-message")
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def _own_config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


def _key_id(home: Path, *, default_home: bool = False, key: Secret | None = None) -> str:
    with open_local(home, default_home=default_home, key=key) as sink:
        return sink.custody.master_key.key_id


def _refused(home: Path, *, default_home: bool = False, key: Secret | None = None) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        open_local(home, default_home=default_home, key=key)
    assert caught.value.next_step
    assert caught.value.__context__ is None
    return caught.value


def _make_key() -> Secret:
    return MasterKey.generate().export()


def test_another_home_has_its_key_beside_it_for_the_owner_only(home: Path) -> None:
    keyring.set_keyring(MemoryKeyring())
    with open_local(home, default_home=False) as sink:
        file = home.with_name("home.key")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert str(file) in sink.custody.key_location()
        assert file.read_text().strip() == sink.custody.export_key().reveal()


def test_a_home_and_its_key_can_be_moved_together(home: Path, tmp_path: Path) -> None:
    first = _key_id(home)
    (tmp_path / "moved").mkdir()
    home.rename(tmp_path / "moved" / "home")
    home.with_name("home.key").rename(tmp_path / "moved" / "home.key")
    assert _key_id(tmp_path / "moved" / "home") == first


def test_the_default_home_uses_the_keyring(home: Path, tmp_path: Path) -> None:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    with open_local(home, default_home=True) as sink:
        assert list(backend.kept.values()) == [sink.custody.export_key().reveal()]
        assert "keyring" in sink.custody.key_location()
    assert _key_id(home, default_home=True) == sink.custody.master_key.key_id
    assert not list(tmp_path.rglob("*.key"))


@pytest.mark.parametrize(
    "backend", [MemoryKeyring(broken=True), fail.Keyring(), null.Keyring()], ids=["broken", "none", "null"]
)
def test_without_a_keyring_that_works_the_default_home_uses_a_file(
    home: Path, tmp_path: Path, backend: KeyringBackend
) -> None:
    keyring.set_keyring(backend)
    first = _key_id(home, default_home=True)
    file = tmp_path / "config" / "tokenbroker" / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keyring.set_keyring(MemoryKeyring())
    assert _key_id(home, default_home=True) == first, "a keyring that appears later is not asked"


def test_a_keyring_that_fails_later_is_said(home: Path) -> None:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    _key_id(home, default_home=True)
    backend.broken = True
    error = _refused(home, default_home=True)
    assert isinstance(error, SecretUnavailable)
    assert "foreign-message" not in str(error)
    backend.broken, backend.kept = False, {}
    assert isinstance(_refused(home, default_home=True), SecretUnavailable)
    assert backend.kept == {}, "no second key"


def test_a_key_that_is_given_is_used_and_nothing_written(home: Path, tmp_path: Path) -> None:
    key = _make_key()
    with open_local(home, default_home=False, key=key) as sink:
        assert sink.custody.export_key() == key
        assert not sink.custody.backup_pending()
    assert not list(tmp_path.rglob("*.key"))
    assert isinstance(_refused(home), SecretUnavailable)
    assert not list(tmp_path.rglob("*.key"))


def test_a_wrong_key_is_refused_at_opening(home: Path) -> None:
    _key_id(home)
    error = _refused(home, key=_make_key())
    assert isinstance(error, SecretAccessDenied)
    assert "Invalid encryption key" in str(error)
    home.with_name("home.key").write_text(_make_key().reveal())
    assert "Invalid encryption key" in str(_refused(home))


def test_the_backup_opens_the_store_when_the_file_is_lost(home: Path) -> None:
    secret = demo_secret()
    with open_local(home, default_home=False) as sink:
        sink.put("example/key", secret, put_id="a", actor=ACTOR)
        backup = sink.custody.export_key()
    file = home.with_name("home.key")
    file.unlink()
    error = _refused(home)
    assert isinstance(error, SecretUnavailable)
    assert str(file) in str(error)
    assert not file.exists(), "no second key"
    with open_local(home, default_home=False, key=backup) as sink:
        assert sink.get("example/key", actor=ACTOR) == secret


def test_a_key_file_that_others_can_read_is_refused(home: Path) -> None:
    _key_id(home)
    home.with_name("home.key").chmod(0o640)
    assert isinstance(_refused(home), SecretAccessDenied)


@pytest.mark.parametrize("content", [b"", b"\n", b"demo-only-not-a-key", b"\xff\xfe", b"AAAA"])
def test_a_key_file_without_a_key_is_refused_without_its_content(home: Path, content: bytes) -> None:
    _key_id(home)
    home.with_name("home.key").write_bytes(content)
    assert "demo-only" not in str(_refused(home))


@pytest.mark.parametrize("text", ["demo-only-wrong", "AAAA", "é", base64.b64encode(b"x" * 33).decode()])
def test_a_malformed_key_is_refused_without_being_shown(home: Path, text: str) -> None:
    error = _refused(home, key=Secret(text))
    assert isinstance(error, SettingsError)
    assert text not in str(error)


def test_the_backup_is_pending_until_it_is_recorded(home: Path) -> None:
    with open_local(home, default_home=False) as sink:
        assert sink.custody.backup_pending()
        sink.custody.record_backup(actor=ACTOR)
        assert not sink.custody.backup_pending()
    with open_local(home, default_home=False) as sink:
        assert not sink.custody.backup_pending()
