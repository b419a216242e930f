"""Sessions: which browser is how far signed in. They live in memory; a restart signs everyone out."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from demo_site.accounts import AccountRecord
from demo_site.approvals import Approval
from demo_site.challenge import Challenge
from demo_site.clock import Clock
from demo_site.puzzle import Puzzle

COOKIE = "example_cloud_session"
SESSION_LIFE = timedelta(hours=8)
_OPEN_FORMS_LIMIT = 20


class Stage(Enum):
    """How far a browser has come."""

    ANONYMOUS = auto()
    PASSWORD_GIVEN = auto()
    SIGNED_IN = auto()


@dataclass(kw_only=True, slots=True)
class Session:
    """One browser's session. It is the state itself, so it changes.

    `csrf` must come with every request that changes something. `notice` is shown once, on the next page.
    `landing` is the page that follows the sign-in, if it isn't the usual one.
    """

    id: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime
    stage: Stage = Stage.ANONYMOUS
    account: AccountRecord | None = None
    challenge: Challenge | None = None
    notice: str = ""
    landing: str = ""
    approval: Approval | None = None
    puzzle: Puzzle | None = None
    failures_left: int | None = None
    open_forms: list[str] = field(default_factory=list, repr=False)

    def new_form(self) -> str:
        """A ticket for one submission of one form."""
        ticket = secrets.token_urlsafe(12)
        self.open_forms = [*self.open_forms[1 - _OPEN_FORMS_LIMIT :], ticket]
        return ticket

    def use_form(self, ticket: str) -> bool:
        """Use a ticket up; False if it was used before, as when a person reloads the answer to a form."""
        if ticket not in self.open_forms:
            return False
        self.open_forms.remove(ticket)
        return True

    def take_notice(self) -> str:
        notice, self.notice = self.notice, ""
        return notice


class Sessions:
    """All sessions of one origin; each lives for `life`."""

    def __init__(self, clock: Clock, life: timedelta = SESSION_LIFE) -> None:
        self._clock = clock
        self._life = life
        self._by_id: dict[str, Session] = {}

    def find(self, session_id: str | None) -> Session | None:
        """The session of that id, if it has not expired."""
        session = self._by_id.get(session_id or "")
        return session if session and session.expires_at > self._clock() else None

    def open(self, *, account: AccountRecord | None = None, stage: Stage = Stage.ANONYMOUS) -> Session:
        """Begin a session with an id and a CSRF token of its own."""
        now = self._clock()
        self._by_id = {key: old for key, old in self._by_id.items() if old.expires_at > now}
        session = Session(
            id=secrets.token_urlsafe(32),
            csrf=secrets.token_urlsafe(32),
            expires_at=now + self._life,
            account=account,
            stage=stage,
        )
        self._by_id[session.id] = session
        return session

    def replace(self, old: Session, *, account: AccountRecord, stage: Stage) -> Session:
        """Go one stage on under a new id: one that was planted before is worth nothing after."""
        self.close(old)
        return self.open(account=account, stage=stage)

    def close(self, session: Session) -> None:
        self._by_id.pop(session.id, None)
