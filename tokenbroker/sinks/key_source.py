"""Where the master key is kept: the caller's environment, the system's keyring, or a file.

A key that is already at its place is taken, never overwritten: an older backup may have been sealed with it.
"""

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import platformdirs

from tokenbroker.errors import SecretAccessDenied, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks.master_key import MasterKey

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

KEYRING_SERVICE = "tokenbroker"
KEYRING_ENTRY = "master-key"
VARIABLE = "TOKENBROKER_KEY"

_FILE_NAME = "master.key"
_RESTORE = f"put the key back from its backup, or give it in {VARIABLE}"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeySource:
    """What the store records of its key's place.

    Attributes:
        kind: ``env`` (whoever starts us gives it), ``keyring`` or ``file``.
        path: of the file; relative to the home where it lies beside it, so that both can be moved together.
    """

    kind: Literal["env", "keyring", "file"]
    path: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "path": self.path})

    def file(self, home: Path) -> Path:
        """The key's file, if it is one."""
        return Path(os.path.normpath(home / self.path))

    def described(self, home: Path) -> str:
        """The place in words: "in the file …"."""
        if self.kind == "env":
            return f"in the variable {VARIABLE}, which whoever starts tokenbroker keeps"
        if self.kind == "keyring":
            return f"in the system's keyring (service '{KEYRING_SERVICE}', entry '{KEYRING_ENTRY}')"
        return f"in the file {self.file(home)}"


def establish(home: Path, *, default_home: bool) -> tuple[KeySource, MasterKey]:
    """Find or make the key of a new store; the caller holds the set-up lock.

    Raises:
        SecretUnavailable: the key can't be written.
    """
    if default_home and (key := _in_keyring()) is not None:
        return KeySource(kind="keyring"), key
    source = _own_file(home, default_home=default_home)
    file = source.file(home)
    if _is_there(file):
        return source, _read_file(file)
    key = MasterKey.generate()
    _write_file(file, key)
    return source, key


def is_established(home: Path, *, default_home: bool) -> bool:
    """Whether :func:`establish` would find a key, rather than make one."""
    if default_home and _keyring_has_one():
        return True
    return _is_there(_own_file(home, default_home=default_home).file(home))


def read_key(source: KeySource, home: Path) -> MasterKey:
    """The key from the place that the store recorded.

    Raises:
        SecretUnavailable: it is not there.
        SecretAccessDenied: others can read the key's file.
        SettingsError: what is there is not a key.
    """
    if source.kind == "file":
        return _read_file(source.file(home))
    if source.kind == "keyring":
        return _read_keyring()
    raise SecretUnavailable(
        f"the store in {home} needs its master key in {VARIABLE}",
        next_step=f"set {VARIABLE} to the store's key",
    )


def _own_file(home: Path, *, default_home: bool) -> KeySource:
    if default_home:
        return KeySource(kind="file", path=str(platformdirs.user_config_path("tokenbroker") / _FILE_NAME))
    return KeySource(kind="file", path=str(Path("..", f"{home.name}.key")))


def _is_there(file: Path) -> bool:
    try:
        file.lstat()
    except FileNotFoundError:
        return False
    except OSError:  # it may be there: reading it then says what is wrong
        return True
    return True


def _read_file(file: Path) -> MasterKey:
    failure, text, mode = "", "", 0
    try:
        with file.open(encoding="ascii") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(1024).strip()
    except FileNotFoundError:
        failure = "is not there"
    except (OSError, UnicodeDecodeError):
        failure = "can't be read"
    if failure:
        raise SecretUnavailable(f"the store's master key {failure}: {file}", next_step=_RESTORE)
    if stat.S_IMODE(mode) & 0o077:
        raise SecretAccessDenied(
            f"the file of the master key can be read by other users: {file}", next_step=f"chmod 600 {file}"
        )
    if not text:
        raise SecretUnavailable(f"the file of the master key is empty: {file}", next_step=_RESTORE)
    return MasterKey.parse(Secret(text), origin=f"what is in {file}")


def _write_file(file: Path, key: MasterKey) -> None:
    """Durably and whole or not at all: written beside its place, then renamed."""
    draft = file.with_name(file.name + ".new")
    failure = ""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(key.export().reveal().encode() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        draft.rename(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        failure = error.strerror or "unknown reason"
    if failure:
        raise SecretUnavailable(
            f"the master key can't be written to {file}: {failure}",
            next_step=f"make the folder writable, or give a key in {VARIABLE}",
        )


def _in_keyring() -> MasterKey | None:
    """The keyring's key, made if there is none; None if no real keyring is there or it doesn't work."""
    from keyring.errors import KeyringError  # late: it looks for back ends in every installed package

    backend = _backend()
    if backend is None:
        return None
    try:
        found = backend.get_password(KEYRING_SERVICE, KEYRING_ENTRY)
        if found is None:
            backend.set_password(KEYRING_SERVICE, KEYRING_ENTRY, MasterKey.generate().export().reveal())
            found = backend.get_password(KEYRING_SERVICE, KEYRING_ENTRY)
    except (KeyringError, OSError, RuntimeError):
        return None
    return MasterKey.parse(Secret(found), origin="what is in the system's keyring") if found else None


def _keyring_has_one() -> bool:
    from keyring.errors import KeyringError

    backend = _backend()
    with suppress(KeyringError, OSError, RuntimeError):
        return backend is not None and backend.get_password(KEYRING_SERVICE, KEYRING_ENTRY) is not None
    return False


def _read_keyring() -> MasterKey:
    from keyring.errors import KeyringError

    backend = _backend()
    found = None
    with suppress(KeyringError, OSError, RuntimeError):  # said below, without the back end's message
        if backend is not None:
            found = backend.get_password(KEYRING_SERVICE, KEYRING_ENTRY)
    if not found:
        raise SecretUnavailable(
            f"the system's keyring doesn't give the store's master key "
            f"(service '{KEYRING_SERVICE}', entry '{KEYRING_ENTRY}')",
            next_step=f"unlock the keyring, or {_RESTORE}",
        )
    return MasterKey.parse(Secret(found), origin="what is in the system's keyring")


def _backend() -> "KeyringBackend | None":
    import keyring
    from keyring.errors import KeyringError

    try:
        backend = keyring.get_keyring()
        # keyring's own threshold: below 1 are the back ends that fail, forget, or keep values in clear.
        recommended = backend.priority >= 1
    except (KeyringError, OSError, RuntimeError):
        return None
    return backend if recommended else None
