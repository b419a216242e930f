"""The demo's simulated person: reads the code where a person would, and only on this machine."""

from collections.abc import Callable

from tokenbroker.clock import Clock, system_clock
from tokenbroker.errors import UsageError
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome
from tokenbroker.secret import Secret
from tokenbroker.settings import is_loopback, origin_of


class SimulatedPerson:
    """Answers checkpoints of loopback sites: a code is read from the demo's phone page.

    `read_phone` opens an address in a browser context of the person's own and answers the newest code shown
    there (never a context of the run's: the run must not be able to read its own codes).

    Raises:
        UsageError: the phone's address is not on loopback; no real person may be played.
    """

    name = "simulated"

    def __init__(
        self, phone_url: str, read_phone: Callable[[str], Secret], *, clock: Clock = system_clock
    ) -> None:
        if not is_loopback(origin_of(phone_url)):
            raise UsageError("the simulated person works on loopback addresses only", code="human.simulated")
        self._phone_url = phone_url
        self._read_phone = read_phone
        self._clock = clock

    def unreachable(self) -> str | None:
        """Always None: the simulated person is there."""
        return None

    def ask(self, checkpoint: Checkpoint, page_says_done: Callable[[], bool]) -> Answer:
        """Read the code, or say yes; refuse a checkpoint of a site beyond this machine."""
        if not is_loopback(checkpoint.origin):
            raise UsageError("the simulated person answers loopback sites only", code="human.simulated")
        code = self._read_phone(self._phone_url) if checkpoint.kind is Kind.OTP else None
        return Answer(
            outcome=Outcome.DONE, code=code, who="simulated person", channel=self.name, at=self._clock()
        )
