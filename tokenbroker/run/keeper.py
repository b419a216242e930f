"""What a step may ask of the record of creations (RUN-10)."""

from typing import Protocol

from tokenbroker.flow.model import Step
from tokenbroker.secret import Secret


class Keeper(Protocol):
    """Where creating steps announce themselves and captured tokens go; see `tokenbroker.run.creation`."""

    @property
    def pressed_any(self) -> bool:
        """Whether a step that may create a key has acted in this run."""

    def announces(self, step: Step) -> bool:
        """Whether `before_press` of `step` has something to note: its target must then be found before."""

    def before_press(self, step: Step) -> None:
        """Note durably that `step` is about to act, if it may create a key."""

    def foresee(self, step: Step, page_address: str) -> bool:
        """As `before_press`, before `step` has begun: a person may be ahead of the flow. Answers whether it is new."""

    @property
    def in_doubt(self) -> bool:
        """Whether a key may have been made that was not captured yet."""

    @property
    def may_retract(self) -> bool:
        """Whether a single act is in doubt, of which nothing was read."""

    def retract(self) -> None:
        """Take that note back: it is certain that nothing was pressed."""

    def keep(self, step: Step, token: Secret) -> str:
        """Bring `token` to rest and answer its reference."""
