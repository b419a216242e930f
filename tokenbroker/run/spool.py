"""The write-ahead spool: what a run is about to create at a site, and the token that it got.

One file per intent in ``HOME/spool``, sealed, created with all the room that it may need, and
written in place from then on: neither a full disk nor a locked database reaches it. A run holds a
lock on its file while it lives. What no live process holds is a leftover, which
:mod:`tokenbroker.run.recover` finishes.

A file is ``ID.tmp`` until it is complete, ``ID.intent`` while it counts, and ``ID.done`` once there
is nothing left to do but to overwrite and remove it: renames decide, so there is no state between.
"""

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tokenbroker.clock import Clock, iso, system_clock
from tokenbroker.errors import BrokerError, RunError, SecretUnavailable
from tokenbroker.run import spool_disk
from tokenbroker.run.fault_points import reached
from tokenbroker.run.intent import Intent, Leftover, SealedToken, intent_payload, read_leftover, unreadable
from tokenbroker.run.spool_frame import BLOCK_BYTES, FrameCipher, Kind
from tokenbroker.secret import Secret

__all__ = ["Intent", "Leftover", "OpenIntent", "SealedToken", "Spool"]

Result = TypeVar("Result")

_SMALLEST_BLOCKS = 16  # 64 KiB
_TOKEN_BLOCKS = 4  # kept free for the token of each target: almost 16 KiB
_INTENT, _DONE, _TMP = ".intent", ".done", ".tmp"


class OpenIntent:
    """An intent whose file this process holds. Made by :meth:`Spool.intend` and :meth:`Spool.claim`.

    Not for two threads at once. Every method but :meth:`leave` raises ``SecretUnavailable`` with the
    code ``spool.unavailable`` when the disk refuses.
    """

    def __init__(self, path: Path, fd: int, cipher: FrameCipher, clock: Clock, content: bytes) -> None:
        scan = cipher.scan(path.stem, content)
        self.leftover = read_leftover(path, scan)
        self._path = path
        self._fd = fd
        self._cipher = cipher
        self._clock = clock
        self._end = scan.end
        self._blocks = len(content) // BLOCK_BYTES
        self._pressed = self.leftover.pressed
        self._put_ids = {token.put_id: token.index for token in self.leftover.sealed}
        self._waiting = {token.put_id for token in self.leftover.waiting}

    @property
    def next_put_id(self) -> str:
        """The id under which the next sealed token will be put."""
        return f"{self._path.stem}.{self._end}"

    def mark_pressed(self) -> None:
        """Make it durable that the creating step is about to act: the key is possibly created."""
        if not self._pressed:
            self._append(self._frame(Kind.PRESSED, 0, {}))
            self._pressed = True
        reached("pressed")

    def seal(self, index: int, secret: Secret) -> str:
        """Make the token for target `index` durable; answers the id to put it under.

        Raises:
            RunError: ``spool.too_large``, the token doesn't fit (each target has room for 15 KiB).
        """
        put_id = self.next_put_id
        others = set(range(len(self._targets))) - {index} - set(self._put_ids.values())
        spare = 1 + len(self._waiting) + (_TOKEN_BLOCKS + 1) * len(others)
        # The value stays out of this frame's variables: a traceback of a full disk would show them.
        frame = self._frame(Kind.SEALED, index, {"target": self._targets[index], "value": secret.reveal()})
        self._waiting.add(put_id)  # before the write: after a Ctrl-C inside it the file must not be cleared
        try:
            self._append(frame, spare=spare)
        except BrokerError:
            self._waiting.discard(put_id)
            raise
        self._put_ids[put_id] = index
        reached("sealed")
        return put_id

    def mark_stored(self, index: int, reference: str, *, put_id: str | None = None) -> None:
        """Make it durable that the sink has the token (by default the one sealed last for `index`).

        `reference` is the text of the sink's reference, ``SINK:PATH@VERSION``.
        """
        if put_id is None:
            put_id = [each for each, of in self._put_ids.items() if of == index][-1]
        self._waiting.discard(put_id)
        self._append(self._frame(Kind.STORED, index, {"put_id": put_id, "reference": reference}))
        reached("stored")

    def clear(self) -> None:
        """Overwrite and remove the file: all is done, or nothing was created.

        Raises:
            RunError: ``spool.token_waiting``, a sealed token is in no sink yet.
        """
        if self._waiting:
            raise RunError(
                "A token in the spool is in no sink yet, so its file stays.",
                next_step="run `tokenbroker recover`",
                code="spool.token_waiting",
            )
        self._require_open()
        _on_disk(self._path.parent, self._remove)
        self.leave()
        reached("cleared")

    def leave(self) -> None:
        """Let go of the file and keep it for recover. Does nothing the second time."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @property
    def _targets(self) -> tuple[str, ...]:
        return self.leftover.intent.targets if self.leftover.intent else ()

    def _require_open(self) -> None:
        if self._fd < 0:
            raise ValueError("this intent is no longer open")

    def _frame(self, kind: Kind, index: int, payload: dict[str, object]) -> bytes:
        payload["at"] = iso(self._clock())
        return self._cipher.seal(self._path.stem, self._end, kind, payload, index=index)

    def _append(self, frame: bytes, *, spare: int = 0) -> None:
        self._require_open()
        end = self._end + len(frame) // BLOCK_BYTES
        if end + spare > self._blocks:
            raise RunError(
                "The token is too large for the room that the spool kept for it.",
                next_step="keep the token by hand, or revoke it at the site",
                code="spool.too_large",
            )
        offset = self._end * BLOCK_BYTES
        _on_disk(self._path.parent, lambda: spool_disk.write_durably(self._fd, frame, offset))
        self._end = end

    def _remove(self) -> None:
        done = self._path.with_suffix(_DONE)
        self._path.rename(done)
        spool_disk.sync_folder(done.parent)
        _wipe(done, self._fd)


class Spool:
    """The folder of spool files, sealed under a key of 32 bytes (the master key's ``spool`` key)."""

    def __init__(self, folder: Path, key: bytes, clock: Clock = system_clock) -> None:
        self._folder = folder
        self._cipher = FrameCipher(key)
        self._clock = clock

    def intend(self, intent: Intent) -> OpenIntent:
        """Make `intent` durable, with room on the disk for all that will follow, and hold it.

        Raises:
            SecretUnavailable: ``spool.unavailable``, nothing was written; nothing may be created.
        """
        # The time comes first, so that the names sort in the order in which keys were made.
        stamp = re.sub(r"\W", "", iso(self._clock()))
        file_id = f"{stamp}-{secrets.token_hex(8)}"
        frame = self._cipher.seal(file_id, 0, Kind.INTENT, intent_payload(intent))
        wanted = len(frame) // BLOCK_BYTES + 1 + len(intent.targets) * (_TOKEN_BLOCKS + 1)
        size_bytes = max(_SMALLEST_BLOCKS, wanted) * BLOCK_BYTES
        path, fd = _on_disk(self._folder, lambda: self._create(file_id, frame, size_bytes))
        opened = OpenIntent(path, fd, self._cipher, self._clock, frame.ljust(size_bytes, b"\0"))
        reached("intended")
        return opened

    def file_ids(self) -> list[str]:
        """The ids of all intent files, of live runs too, oldest first; wipes what was done."""
        return _on_disk(self._folder, self._list)

    def path(self, file_id: str) -> Path:
        """Where the intent file of that id stands."""
        return self._folder / f"{file_id}{_INTENT}"

    def claim(self, file_id: str) -> OpenIntent | None:
        """Hold a leftover, or None when a live process holds it or it is gone by now."""
        path = self.path(file_id)
        held = _on_disk(self._folder, lambda: _open(path))
        return OpenIntent(path, held[0], self._cipher, self._clock, held[1]) if held else None

    def leftovers(self) -> list[Leftover]:
        """Every intent file that no live process holds, oldest first; nothing stays held.

        A damaged file, or one sealed with another key, is among them and is never removed.
        """
        found: list[Leftover] = []
        for file_id in self.file_ids():
            try:
                opened = self.claim(file_id)
            except SecretUnavailable:  # one unreadable file must not hide the others
                found.append(unreadable(self.path(file_id)))
                continue
            if opened is not None:
                found.append(opened.leftover)
                opened.leave()
        return found

    def _list(self) -> list[str]:
        try:
            paths = sorted(self._folder.iterdir())
        except FileNotFoundError:
            return []
        for path in paths:
            if path.suffix in (_TMP, _DONE):
                _remove_remains(path)
        return [path.stem for path in paths if path.suffix == _INTENT]

    def _create(self, file_id: str, frame: bytes, size_bytes: int) -> tuple[Path, int]:
        path, temporary = self.path(file_id), self._folder / f"{file_id}{_TMP}"
        spool_disk.make_private_folder(self._folder)
        fd = spool_disk.create_locked(temporary)
        try:
            spool_disk.allocate(fd, size_bytes)
            spool_disk.write(fd, frame, 0)
            spool_disk.sync(fd)
            temporary.rename(path)
            spool_disk.sync_folder(self._folder)
        except BaseException:
            os.close(fd)
            for each in (temporary, path):
                each.unlink(missing_ok=True)
            raise
        return path, fd


def _wipe(path: Path, fd: int) -> None:
    spool_disk.write(fd, bytes(os.fstat(fd).st_size), 0)
    spool_disk.sync(fd)
    path.unlink(missing_ok=True)


def _remove_remains(path: Path) -> None:
    fd = spool_disk.open_locked(path)
    if fd is None:
        return
    try:
        if path.suffix == _DONE:
            _wipe(path, fd)
        else:
            path.unlink(missing_ok=True)  # never complete, so nothing was done under it
    finally:
        os.close(fd)


def _open(path: Path) -> tuple[int, bytes] | None:
    fd = spool_disk.open_locked(path)
    if fd is None:
        return None
    try:
        return fd, spool_disk.read_all(fd)
    except BaseException:
        os.close(fd)
        raise


def _on_disk(folder: Path, act: Callable[[], Result]) -> Result:
    try:
        return act()
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise SecretUnavailable(
        f"The spool in {folder} can't be used: {reason}.",
        next_step="make room on that disk, or make the folder writable, and run again",
        code="spool.unavailable",
    )
