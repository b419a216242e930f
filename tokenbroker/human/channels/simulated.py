"""The demo's simulated person: does with the phone and the page what a person would, and only on this machine."""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from playwright.sync_api import Error as PlaywrightError

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import RunError, UsageError
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome, PageSays
from tokenbroker.human.phone import PATIENCE_MS, Phone
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback

if TYPE_CHECKING:
    from playwright.sync_api import Page

T = TypeVar("T")
LOOK_AGAIN_S = 0.05
_CODE_DIGITS = 6
_NEW_CODE = "Send a new code"
_TICK, _TILES = "[data-captcha-checkbox]", "[data-tile]"


class Press(StrEnum):
    """What the person does with the question on the phone."""

    APPROVE = "approve"
    DENY = "deny"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How the simulated person behaves, where a test wants another than a careful one."""

    wrong_codes: int = 0
    """So many wrong codes come first, counted over the person's life."""
    late_codes: int = 0
    """So many codes are given only `late_by_s` after they were read; then a new one is asked for in the page."""
    late_by_s: float = 301.0
    """The demo's codes are good for five minutes."""
    device: Press = Press.APPROVE


class SimulatedPerson:
    """Answers checkpoints of loopback sites as a person with a phone would; a `PageChannel`.

    A code is read from the phone, a sign-in approved there, and a puzzle in the page solved with the answer
    that the phone tells, by input events. `pause` waits so many seconds of the person's time.
    """

    name = "simulated"
    has_hands = True

    def __init__(
        self,
        phone: Phone,
        *,
        habits: Habits | None = None,
        clock: Clock = system_clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._phone = phone
        self._habits = habits or Habits()
        self._clock = clock
        self._pause = pause
        self._wrong_left = self._habits.wrong_codes
        self._late_left = self._habits.late_codes
        self._last_was_late = False

    def unreachable(self) -> str | None:
        """Always None: the simulated person is there."""
        return None

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """Do what `checkpoint` asks for, without a view of the page.

        Raises:
            UsageError: `human.simulated`; the site is beyond this machine.
            RunError: the phone does not show what is looked for.
        """
        return self._act(checkpoint, page_says, None)

    def ask_at_page(self, page: "Page", checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        """As `ask`, with the run's page before one's eyes."""
        return self._act(checkpoint, page_says, page)

    def _act(self, checkpoint: Checkpoint, page_says: PageSays, page: "Page | None") -> Answer:
        if not is_loopback(checkpoint.origin):
            raise UsageError("the simulated person answers loopback sites only", code="human.simulated")
        outcome, code = Outcome.DONE, None
        if checkpoint.kind is Kind.OTP:
            code = self._code(page)
        elif checkpoint.kind is Kind.DEVICE:
            self._press()
            outcome = self._watch(checkpoint, page_says)
        elif checkpoint.kind is Kind.ACTION and page is not None and _by_hand(lambda: self._solve(page)):
            outcome = self._watch(checkpoint, page_says)
        return Answer(outcome=outcome, code=code, who="simulated person", channel=self.name, at=self._clock())

    def _code(self, page: "Page | None") -> Secret:
        if self._last_was_late and page is not None:
            renew = page.get_by_role("button", name=_NEW_CODE)
            _by_hand(lambda: renew.click(timeout=PATIENCE_MS))
        self._last_was_late = False
        code = self._phone.newest_code()
        if self._wrong_left:
            self._wrong_left -= 1
            return _other_than(code)
        if self._late_left:
            self._late_left -= 1
            self._last_was_late = True
            self._pause(self._habits.late_by_s)
        return code

    def _press(self) -> None:
        if self._habits.device is Press.APPROVE:
            self._phone.approve()
        elif self._habits.device is Press.DENY:
            self._phone.deny()

    def _watch(self, checkpoint: Checkpoint, page_says: PageSays) -> Outcome:
        """Look at the page until it shows how it ended; a person gives up once nobody is waited for any more."""
        ends_at = time.monotonic() + (checkpoint.ends_at - self._clock()).total_seconds()
        while time.monotonic() < ends_at:
            said = page_says()
            if said is not None:
                return said
            time.sleep(LOOK_AGAIN_S)
        return Outcome.TIMED_OUT

    def _solve(self, page: "Page") -> bool:
        """Tick "I'm human" and press the tile that the phone names; False in a page without that widget."""
        tick = page.locator(_TICK)
        if not tick.is_visible():
            return False
        tick.click(timeout=PATIENCE_MS)
        page.locator(_TILES).first.wait_for(state="visible", timeout=PATIENCE_MS)
        page.locator(f"[data-tile='{self._phone.captcha_answer()}']").click(timeout=PATIENCE_MS)
        return True


def _by_hand(act: Callable[[], T]) -> T:
    with suppress(PlaywrightError):  # its message holds pieces of the page
        return act()
    raise RunError("the page does not let the simulated person act", code="human.simulated_failed")


def _other_than(code: Secret) -> Secret:
    while True:
        other = Secret(f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}")
        if other != code:
            return other
