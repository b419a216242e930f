"""What stands in the note of a secret of ours in Secrets Manager: its history, and older values.

A secret there has a key, a value and a note, each of which its client encrypts before it leaves the machine. The key
is the path, the value the newest one, and the note holds the rest as JSON. It has an end: of the older values the
newest ones stay, as many as find room.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.failure import MISREAD
from tokenbroker.sinks.place import REMOVED

ROOM_BYTES: Final = 7_000
"""The SDK takes 7,000 characters, and the server 10,000 of ciphertext, which are more than 7,400 bytes."""

_OURS: Final = "tokenbroker"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a secret's value and note say.

    Attributes:
        value: the newest value; None where it was removed.
        history: of :class:`tokenbroker.sinks.item_history.History`; None where somebody else has made the secret.
        held: the values of versions.
        remark: what a person has written as the note, before it became ours.
    """

    value: Secret | None
    history: str | None = None
    held: Mapping[int, Secret]
    remark: str = ""


def told_by(value: str, note: str) -> Told:
    """Read a secret; a note that begins like ours and can't be read has a history that can't be, either."""
    newest = Secret(value) if value else None
    if not note.startswith(f'{{"{_OURS}":'):
        return Told(value=newest, held={}, remark=note)
    try:
        said = json.loads(note)
        held = {int(number): _held(text) for number, text in said["held"].items()}
        history, last = said[_OURS], int(said[_OURS]["last"])
        if said["newest"] == _mark(value):
            if said["removed"]:
                newest = None
            else:
                held[last] = Secret(value)
        text = json.dumps(history, separators=(",", ":"))
        return Told(value=newest, history=text, held=held, remark=str(said["remark"]))
    except MISREAD:
        return Told(value=newest, history="", held={})


def _held(text: object) -> Secret:
    if not isinstance(text, str):
        raise TypeError("a value is a text")
    text.encode()  # raises for what no other store could take
    return Secret(text)


def texts_of(told: Told) -> tuple[str, str] | None:
    """The value and the note that say `told`, or None if there is no room for it."""
    value = told.value.reveal() if told.value else REMOVED
    said: dict[str, Any] = {
        _OURS: json.loads(told.history or "null"),
        "newest": _mark(value),
        "removed": told.value is None,
        "remark": told.remark,
        "held": {},
    }
    note = _text(said)
    if len(note.encode()) > ROOM_BYTES:
        return None
    for number, each in sorted(told.held.items(), reverse=True):
        more = {**said, "held": {**said["held"], str(number): each.reveal()}}
        longer = _text(more)
        if len(longer.encode()) <= ROOM_BYTES:
            said, note = more, longer
    return value, note


def _text(said: dict[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def _mark(value: str) -> str:
    """Tells whether a person has changed the value since; it is encrypted like the value itself."""
    return hashlib.sha256(value.encode()).hexdigest()
