"""Phones and the text messages on them. They live in memory, as on another device."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

_MESSAGES_KEPT = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One text message; `code` is the one-time code in it."""

    number: int
    code: str = field(repr=False)
    sent_at: datetime


class Phones:
    """Every account's phone, by its unguessable device id."""

    def __init__(self) -> None:
        self._messages: dict[str, deque[Message]] = {}
        self._sent = 0

    def connect(self, device_id: str) -> None:
        self._messages.setdefault(device_id, deque(maxlen=_MESSAGES_KEPT))

    def send_code(self, device_id: str, code: str, *, at: datetime) -> None:
        self._sent += 1
        self.connect(device_id)
        self._messages[device_id].append(Message(number=self._sent, code=code, sent_at=at))

    def messages(self, device_id: str) -> tuple[Message, ...] | None:
        """The messages on a phone, oldest first; None if there is no such phone."""
        messages = self._messages.get(device_id)
        return None if messages is None else tuple(messages)
