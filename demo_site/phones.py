"""Phones, and what arrives on them: text messages and approvals. They live in memory, as on another device."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from demo_site.approvals import Approval

_MESSAGES_KEPT = 50
_APPROVALS_KEPT = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One text message; `code` is the one-time code in it, `sender` who is said to have sent it."""

    number: int
    sender: str
    code: str = field(repr=False)
    sent_at: datetime


@dataclass(kw_only=True, slots=True)
class Phone:
    """One phone. `hint` is support's help with the puzzle on the screen: the tile to press, or None."""

    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=_MESSAGES_KEPT))
    approvals: deque[Approval] = field(default_factory=lambda: deque(maxlen=_APPROVALS_KEPT))
    hint: int | None = field(default=None, repr=False)


class Phones:
    """Every account's phone, by its unguessable device id."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}
        self._sent = 0

    def connect(self, device_id: str) -> Phone:
        """The phone of that id, switched on if it wasn't."""
        return self._phones.setdefault(device_id, Phone())

    def find(self, device_id: str) -> Phone | None:
        return self._phones.get(device_id)

    def send_code(self, device_id: str, code: str, *, sender: str, at: datetime) -> None:
        self._sent += 1
        message = Message(number=self._sent, sender=sender, code=code, sent_at=at)
        self.connect(device_id).messages.append(message)

    def ask(self, device_id: str, approval: Approval) -> None:
        """Put a question on the phone's screen."""
        self.connect(device_id).approvals.append(approval)

    def show_hint(self, device_id: str, tile: int | None) -> None:
        """Help a person who can't make out a puzzle; None takes the help away."""
        self.connect(device_id).hint = tile
