"""What the panel says to the person: words, and the buttons that answer them. No field takes a `Secret`.

Nor does a person type anything into the panel: a page could take the focus, in a frame or a new document, and the keys.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """One answer that the person may give.

    Attributes:
        id: what a press tells.
        is_primary, is_quiet: how much it stands out.
        why_not: why it can't be pressed now; "" where it can.
    """

    id: str
    label: str
    is_primary: bool = False
    is_quiet: bool = False
    why_not: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What the panel shows.

    Attributes:
        count: how far it is: "Step 4 of 11".
        share: the same as a part of the whole, from 0 to 1.
        heading: what the person is to do.
        detail: why, or how.
        literal: a text of the flow that is to be typed as it stands.
        hint: what the person should know now: read out when it changes.
        may_fold: in a window that is too small for it the panel begins folded: its bar alone.
    """

    heading: str
    buttons: tuple[Button, ...]
    count: str = ""
    share: float = 0.0
    detail: str = ""
    literal: str = ""
    hint: str = ""
    may_fold: bool = False

    def as_told(self, *, mark: str, serial: int = 0) -> dict[str, Any]:
        """For the panel's script; a press tells `serial` back."""
        for name, value in (("heading", self.heading), ("detail", self.detail), ("literal", self.literal)):
            if not isinstance(value, str):
                raise TypeError(f"the panel shows words only, and {name} is none")
        return {**asdict(self), "mark": mark, "serial": serial}
