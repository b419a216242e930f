"""Approvals: a question on the account's phone, which a person answers there with Approve or Deny."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

APPROVAL_LIFE = timedelta(minutes=2)


class Standing(Enum):
    """What has become of an approval; the value is what the waiting page asks for again and again."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(kw_only=True, slots=True)
class Approval:
    """One question. It changes once, when it is answered; an unanswered one expires.

    `subject` says what is approved, `place` which browser asks, both in words for the person. `key_name` is the
    name of the key that is made once it is approved.
    """

    id: str = field(repr=False)
    subject: str
    key_name: str
    place: str
    asked_at: datetime
    answer: Standing = Standing.WAITING

    @classmethod
    def ask(cls, *, subject: str, key_name: str, place: str, now: datetime) -> "Approval":
        return cls(
            id=secrets.token_urlsafe(16), subject=subject, key_name=key_name, place=place, asked_at=now
        )

    def standing(self, now: datetime) -> Standing:
        """Where it stands at `now`."""
        if self.answer is Standing.WAITING and now >= self.asked_at + APPROVAL_LIFE:
            return Standing.EXPIRED
        return self.answer

    def decide(self, answer: Standing, now: datetime) -> bool:
        """Take the person's answer; False if the question was answered before, or has expired."""
        if self.standing(now) is not Standing.WAITING:
            return False
        self.answer = answer
        return True
