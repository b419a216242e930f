"""The one-time code that follows the password."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

CODE_LIFE = timedelta(minutes=5)
WRONG_CODES_UNTIL_REFUSED = 3


class Verdict(Enum):
    """What became of an answer; the value is what the person reads."""

    RIGHT = ""
    WRONG = "That code isn't right. Check the newest message and try again."
    EXPIRED = "That code has expired. Ask for a new one."
    REFUSED = "Too many wrong codes. Sign in again."


@dataclass(kw_only=True, slots=True)
class Challenge:
    """One sign-in's question for a code. It changes as it is answered.

    Wrong answers are counted over all codes of one sign-in: asking for new codes buys no more guesses.
    """

    expires_at: datetime
    code: str = field(repr=False)
    wrong_answers: int = 0

    @classmethod
    def begin(cls, code: str, now: datetime) -> "Challenge":
        return cls(code=code, expires_at=now + CODE_LIFE)

    def renew(self, code: str, now: datetime) -> None:
        """Replace the code; the old one is worth nothing from now on."""
        self.code = code
        self.expires_at = now + CODE_LIFE

    def answer(self, code: str, now: datetime) -> Verdict:
        """Judge an answer. A right one uses the code up."""
        if now >= self.expires_at:
            return Verdict.EXPIRED
        if self.code and hmac.compare_digest(code.encode(), self.code.encode()):
            self.code = ""
            return Verdict.RIGHT
        self.wrong_answers += 1
        return Verdict.REFUSED if self.wrong_answers >= WRONG_CODES_UNTIL_REFUSED else Verdict.WRONG


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**6):06}"
