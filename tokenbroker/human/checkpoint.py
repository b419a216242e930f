"""A point in a run where only a person may act, and what the person answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tokenbroker.secret import Secret

if TYPE_CHECKING:
    from playwright.sync_api import Page


MIN_CODE_CHARACTERS = 4
"""What is typed and shorter is taken for a slip: it could not be redacted without hurting every number."""


class Kind(StrEnum):
    """What is asked of the person."""

    OTP = "otp"
    """Enter a one-time code."""
    DEVICE = "device"
    """Approve the sign-in on another device."""
    CONFIRM = "confirm"
    """Say that it may go on."""
    ACTION = "action"
    """Do something by hand in the browser."""
    APPROVAL = "approval"
    """Approve the run, before it begins: nothing but an explicit yes is one."""
    RETRY = "retry"
    """A step has failed: mend the page, and let it be done again."""


ASKED_BY_FLOWS = (Kind.OTP, Kind.DEVICE, Kind.CONFIRM, Kind.ACTION)
"""What a flow may ask for; the others are the product's own questions."""


class Outcome(StrEnum):
    """How a checkpoint ended."""

    DONE = "done"
    DENIED = "denied"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """One question to a person."""

    kind: Kind
    reason: str
    """Why, in the flow's own words."""
    flow_id: str
    origin: str
    """The origin of the page that waits."""
    deadline: datetime
    attempt: int = 1
    """Counts from 1; a one-time code that was refused is asked for again."""
    parked_until: datetime | None = None
    """Until when it may still be answered after its deadline; None where that is its end."""
    asked: str = ""
    """Who is asked: the person for whom the run acts."""

    @property
    def ends_at(self) -> datetime:
        """When nobody is waited for any more."""
        return self.parked_until or self.deadline

    def parked_at(self, now: datetime) -> datetime | None:
        """Since when it is parked, as seen at `now`; None where it is not."""
        return self.deadline if self.parked_until is not None and now >= self.deadline else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a person answered, or that nobody did."""

    outcome: Outcome
    code: Secret | None = None
    """The one-time code, for `Kind.OTP`."""
    who: str
    channel: str
    at: datetime


PageSays = Callable[[], Outcome | None]
"""What the run's page itself proves now: that the person has acted (DONE), that it was denied, or nothing yet."""


class Channel(Protocol):
    """A way to reach a person."""

    name: str

    def unreachable(self) -> str | None:
        """Why this channel can reach nobody now; None when it can."""

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """Put `checkpoint` to the person and wait for the answer, until its `ends_at` at most.

        Where that is later than its deadline, the person is told once that it is parked, and until when.

        `page_says` is called now and then (at least twice a second): once it answers an outcome, the question
        is settled, and that outcome is the answer's.
        """


@runtime_checkable
class PageChannel(Channel, Protocol):
    """A channel that asks in the run's own page; where a channel is one, a run asks by `ask_at_page` only."""

    @property
    def has_hands(self) -> bool:
        """Whether its person can act in the page also where the browser has no window."""

    def ask_at_page(self, page: "Page", checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """As `ask`; the person sees `page` and acts in it by input events alone, as with mouse and keyboard."""


def has_hands(channel: Channel) -> bool:
    """Whether the person of `channel` can act in a page that no window shows."""
    return isinstance(channel, PageChannel) and channel.has_hands


@runtime_checkable
class TellingChannel(Channel, Protocol):
    """A channel that can also tell the person something who has just answered."""

    def tell(self, sentence: str) -> None:
        """Show `sentence`, if the person is still there."""


def parked_in_words(checkpoint: Checkpoint) -> str:
    """What a person is told of `checkpoint` once it is parked."""
    return (
        "Nobody has answered in time: the question is parked, and can be answered until "
        f"{checkpoint.ends_at:%Y-%m-%d %H:%M} UTC, also by `tokenbroker approve`."
    )
