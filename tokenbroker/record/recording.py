"""What was seen while a person created a token by hand. It holds what they typed: it is never written anywhere.

`tokenbroker.record.sanitise` makes of it what may be kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tokenbroker.flow.selector import Alternative
from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.run.targets.engine import Print


class What(StrEnum):
    """What an event is."""

    NAVIGATE = "navigate"
    """The person went to an address: typed it, or opened the recorder at it. What a link or a form leads to is none."""
    CLICK = "click"
    TYPE = "type"
    """A field has this content now: one event for each field that was left, with its last content."""
    SELECT = "select"
    CHECK = "check"
    UNCHECK = "uncheck"
    PRESS = "press"
    """A key that is no text, such as Enter."""
    HUMAN = "human"
    """From here to the next event the person did what only a person may do: they have marked it."""
    TOKEN = "token"  # noqa: S105  # the name of a kind of event
    """The person has marked this element as what shows, or copies, the token."""


class Typing(StrEnum):
    """How a content came into its field."""

    KEYS = "keys"
    PASTED = "pasted"
    FILLED = "filled"
    """By the browser or a password manager, or by a script of the page's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameSeen:
    """A frame around an element, as it was then."""

    name: str
    """The frame's name, else the id of its element; "" for neither."""
    url: str = field(repr=False)
    selector: str = ""
    """A CSS selector of its element that leads to nothing else in its parent; "" for none found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ElementSeen:
    """An element as it was right before the person used it. Its words are the page's, and may be anything.

    Attributes:
        alternatives: ways that led to it then, and to nothing else; the most lasting first, each of another basis or
            family.
        print: what it is and what surrounds it.
        label: what the page calls it: its accessible name.
        type, autocomplete, inputmode, name: the attributes of a field; `type` as it was first seen, so that a
            password that is shown stays one.
        href: where a link leads, absolute; "" for what is no link.
        is_secret: it has been a password field at any time, or says that it takes a password.
        max_length: of a field; 0 where it does not say.
    """

    alternatives: tuple[Alternative, ...] = field(repr=False)
    print: Print | None
    tag: str
    label: str = field(default="", repr=False)
    type: str = ""
    autocomplete: str = ""
    inputmode: str = ""
    name: str = ""
    placeholder: str = field(default="", repr=False)
    href: str = field(default="", repr=False)
    is_secret: bool = False
    max_length: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSeen:
    """Where the marked element has the token.

    Attributes:
        source: "text", "value", "clipboard" (the element is a control that copies it), or "attribute:NAME".
        text: all that the source held: the token, and perhaps words around it; "" for the clipboard.
        selected: the part of it that the person had selected; "".
        inner: the words of controls and notes inside of the element, which are not the token, such as "Click to copy".
    """

    source: str
    text: str = field(default="", repr=False)
    selected: str = field(default="", repr=False)
    inner: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Appeared:
    """A heading, dialog or notice that came after an event, and before the next one."""

    role: str
    name: str = field(repr=False)
    alternatives: tuple[Alternative, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that the person did.

    Attributes:
        window: which window, counted from 0 in the order in which they opened.
        frames: the frames that hold the element, the outermost first; none for the page's own document.
        page_url: the address of the window's page right before.
        value: the content of a field, the label of an option, the key (as Playwright names it), the address.
        ref: once it is sanitised, the reference that stands for `value`, which is "" then.
        is_parameter: the person has marked the field as one that differs from run to run.
        opens: the number of the window that it opened; None for none.
        dialog: "accept" or "dismiss": how the person answered the page's JavaScript dialog; "" for none.
        led_to: the address that the window was at once the page had come to rest, if it is another one; "" for none.
        appeared: what came after it.
        human: what a HUMAN event asks for; OTP, DEVICE or ACTION.
        token: of a TOKEN event.
        at_s: seconds since the recording began.
    """

    what: What
    window: int = 0
    frames: tuple[FrameSeen, ...] = ()
    page_url: str = field(default="", repr=False)
    element: ElementSeen | None = None
    value: str = field(default="", repr=False)
    ref: str = ""
    typing: Typing | None = None
    is_parameter: bool = False
    opens: int | None = None
    dialog: str = ""
    led_to: str = field(default="", repr=False)
    appeared: tuple[Appeared, ...] = ()
    human: HumanKind | None = None
    token: TokenSeen | None = None
    at_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnValue:
    """A value that a page showed as the account's own.

    Attributes:
        what: "email", "phone", "name", "username", "account" or "other".
    """

    what: str
    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """All of one sitting, in the order in which it was done.

    Attributes:
        own: what pages showed as the account's own.
        origins: for each origin that the browser saw, the one that the flow is to say (the origin map, turned round).
        ended: how it ended: "finished" by the person, or "closed": the browser has gone.
    """

    events: tuple[Event, ...]
    own: tuple[OwnValue, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    ended: str = "finished"
