"""What the listener, the browser and the panel have told while a person recorded: the entries of one log, in order.

They hold what was typed: like the `Recording` that is made of them they stay in memory.
"""

from dataclasses import dataclass, field
from typing import Literal

from tokenbroker.flow.selector import Alternative
from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.record.recording import Appeared, ElementSeen, FrameSeen, TokenSeen


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What an element is beside what an `ElementSeen` keeps.

    Attributes:
        is_text: a text is typed into it.
        is_code: it takes a one-time code, or a digit of one.
        asks_code: its page asked for a one-time code.
        opens_list: it says that a press opens something: a combobox, a menu.
        is_pointed: the pointer is drawn as over a link.
        acts: it is a control or a field.
    """

    is_text: bool = False
    is_code: bool = False
    asks_code: bool = False
    is_readonly: bool = False
    opens_list: bool = False
    is_pointed: bool = False
    acts: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An element, as it was before the person used it.

    Attributes:
        element: None where it could not be looked at: then it is only known that a person was there.
        document, number: which one of which document.
    """

    window: int
    document: str
    number: int
    element: ElementSeen | None = None
    traits: Traits = field(default_factory=Traits)
    frames: tuple[FrameSeen, ...] = ()
    page_url: str = field(default="", repr=False)

    @property
    def key(self) -> tuple[str, int]:
        """The same for two sights of one look."""
        return self.document, self.number


@dataclass(frozen=True, kw_only=True, slots=True)
class Acted:
    """An input device was used.

    Attributes:
        value: the content of the field, the option's label, the key.
        before: the content that the field had at first.
        how: the `inputType` of a field's event; "" where it has none.
        detail: how many clicks one after the other; 0 for one that a key made.
    """

    kind: Literal["click", "input", "check", "uncheck", "select", "key"]
    seen: Seen
    value: str = field(default="", repr=False)
    before: str = field(default="", repr=False)
    how: str = ""
    detail: int = 0
    at_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """What came of the last act in a document: its form was sent, the page took the key for itself, or a press has only
    shown or hidden a password."""

    kind: Literal["submitted", "handled", "toggled"]
    window: int
    document: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CameUp:
    """A heading, dialog or notice is to be seen that was not there before; `frame` is the frame of its document."""

    window: int
    document: str
    appeared: Appeared
    frame: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picked:
    """The person has pointed at the token."""

    seen: Seen
    token: TokenSeen
    at_s: float = 0.0


How = Literal["", "typed", "history"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A window shows another address.

    Attributes:
        how: "typed" (or opened by the recorder), "history": one that it had shown before; "" for any other way.
        asked: the address that was typed; `url` is where that led.
    """

    window: int
    url: str = field(repr=False)
    from_url: str = field(default="", repr=False)
    how: How = ""
    asked: str = field(default="", repr=False)
    at_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """There is another window; `opener` is the one that opened it, None for an unknown one or for none."""

    window: int
    opener: int | None
    is_blank: bool = False
    at_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The person has answered a JavaScript dialog."""

    window: int
    answer: Literal["accept", "dismiss"]


Mark = Literal["parameter", "forget", "human", "human over"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A button of the panel was pressed."""

    kind: Mark
    window: int = 0
    human: HumanKind | None = None
    page_url: str = field(default="", repr=False)
    at_s: float = 0.0


Entry = Acted | Followed | CameUp | Picked | Moved | Opened | Answered | Marked


@dataclass(frozen=True, kw_only=True, slots=True)
class CodegenAction:
    """What Playwright's recorder says that was done.

    Attributes:
        name: "click", "fill", "check", "uncheck", "select", "press", "navigate", "openPage" or "closePage".
        value: the content, the key, the address; of a select nothing.
        locator: how it would find the element; None for what has no element, or no locator of ours.
    """

    name: str
    window: int
    value: str = field(default="", repr=False)
    locator: Alternative | None = field(default=None, repr=False)
