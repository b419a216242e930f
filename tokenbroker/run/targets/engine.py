"""One look at a frame: which elements several ways of finding lead to, told in one round trip.

A selector engine of ours (`engine.js`) runs in Playwright's isolated world, beside Playwright's own engines: what
they find is noted there, out of reach of the page's scripts, and an element is acted on that was told of, and no other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Locator, Selectors

NAME: Final = "tokenbroker"
_HERE: Final = Path(__file__).parent
PARTS: Final = "\n".join(
    (_HERE / name).read_text(encoding="utf-8") for name in ("words.js", "hints.js", "prints.js")
)
"""What tells what an element is, for a script of ours that is to say the same: functions, to be put before it."""
_SCRIPT: Final = "\n".join(
    [
        "(() => {",
        PARTS,
        f"const engine = {(_HERE / 'engine.js').read_text(encoding='utf-8')};",
        "return engine;",
        "})()",
    ]
)
_looks = count(1)


def install(selectors: Selectors) -> None:
    """Make the engine known to the contexts that are opened from now on; once for each Playwright."""
    try:
        selectors.register(NAME, _SCRIPT, content_script=True)
    except PlaywrightError as error:
        if "already registered" not in error.message:
            raise


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way of finding elements.

    Attributes:
        to: each is traded for the "control" that it stands in, the "field" that it labels, or its "owner": either.
    """

    locator: Locator
    to: Literal["control", "field", "owner"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Print:
    """What an element is and what surrounds it, as the page says it. Holds words of the page: never to be kept."""

    role: str
    tag: str
    """Only where it has no role."""
    type: str
    autocomplete: str
    form: str = field(repr=False)
    landmark: str = field(repr=False)
    name: str = field(repr=False)
    row: str = field(repr=False)
    caption: str = field(repr=False)
    near: tuple[str, ...] = field(repr=False)
    alike: int
    """How many visible elements of its frame have the same role, type, autocomplete, form and landmark, it included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """An element that is to be seen and that some way led to.

    Attributes:
        ways: the numbers of the ways that led to it.
        is_acted: it is the one that was acted on last.
        acts: it is a control or a field, not a mere text.
        presses: it is a control that something begins with: a button or a link.
        is_empty: it is a mere text, and has none: a place that something is still to come to.
        shown: what it looks like, for a person.
        print: what it is and what surrounds it, if that was asked for.
    """

    ways: frozenset[int]
    is_acted: bool
    acts: bool
    presses: bool
    is_empty: bool
    shown: "Shown"
    print: Print | None
    frame: Frame = field(repr=False)
    _place: str = field(repr=False)

    @property
    def element(self) -> Locator:
        """The element itself; fails with "not attached" once it has gone."""
        return self.frame.locator(f"{NAME}=pick:{self._place}")

    @property
    def target(self) -> Locator:
        """As `element`; besides, it counts as acted on from its use on."""
        return self.frame.locator(f"{NAME}=act:{self._place}")

    @property
    def undo(self) -> Locator:
        """Counts, it takes back that `target` was acted on."""
        return _undo(self.frame, self._place.partition(".")[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An element in a few words for a person; they are the page's own, and have to be redacted."""

    tag: str
    id: str
    type: str
    words: str
    box: tuple[float, float, float, float]
    """Left, top, width and height in CSS pixels of its frame's viewport."""

    def __str__(self) -> str:
        name = f"#{self.id}" if self.id else ""
        kind = f"[type={self.type}]" if self.type else ""
        words = f' "{self.words}"' if self.words else ""
        left, top, *_ = self.box
        return f"<{self.tag}{name}{kind}>{words} at {left:.0f},{top:.0f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What one look has found: the candidates, those that most ways lead to first, and how many there are in all.

    `counts` and `hidden` tell for each way how many of its matches are to be seen, and how many are not; `captions`
    and `names` (of controls) are the page's, if prints were asked for.
    """

    candidates: tuple[Candidate, ...] = ()
    total: int = 0
    counts: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    captions: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)


def look(
    frame: Frame,
    ways: Sequence[Way],
    *,
    timeout_ms: float,
    wordless: bool = False,
    prints: bool = False,
    proof: bool = False,
) -> Sight:
    """Look once at `frame` along `ways`; waits only until it has a document.

    With `proof` the candidates of the look before it stay to be acted on; else one look ends the other.

    Raises:
        playwright.sync_api.Error: a selector is not valid, or the frame has gone.
    """
    number = f"{'proof' if proof else ''}{next(_looks)}"
    union = frame.locator(f"{NAME}=begin:{number}")
    for index, way in enumerate(ways):
        seen = way.locator.locator(f"{NAME}=mark:{index}").filter(visible=True)
        seen = seen.locator(f"{NAME}={way.to}:") if way.to else seen
        union = union.or_(seen.locator(f"{NAME}=seen:{index}"))
    flags = [name for name, on in (("wordless", wordless), ("print", prints)) if on]
    told = json.loads(
        union.locator(f"{NAME}=tell:{','.join(flags)}").text_content(timeout=timeout_ms) or "{}"
    )
    candidates = tuple(_candidate(each, frame, f"{number}.{i}") for i, each in enumerate(told["candidates"]))
    return Sight(
        candidates=candidates,
        total=int(told["total"]),
        counts=_for_each(ways, told["counts"]),
        hidden=_for_each(ways, told["hidden"]),
        captions=tuple(told["captions"]),
        names=tuple(told["names"]),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What an element had at one moment.

    Attributes:
        age_ms: how old its document was.
        parsing: whether that was still being parsed.
    """

    text: str | None = field(repr=False)
    """None where only the page's own scripts know: the value of an element that they have made."""
    age_ms: float
    parsing: bool


def read(frame: Frame, locator: Locator, source: str, *, timeout_ms: float) -> Content | None:
    """What the one match of `locator` in `frame` has now, in one round trip; None where there is none, or several.

    `source` is "text", "value", "attribute:NAME", or "content": the value of a form field, else the text.

    Raises:
        playwright.sync_api.Error: the selector is not valid, the frame has gone, or the element that was told of.
    """
    # The locator is closed in before anything follows it: `*css=a >> css=b` means another element than its end.
    match = frame.locator(f"{NAME}=none:").or_(locator).locator(f"{NAME}=read:{source}")
    told = frame.locator(f"{NAME}=empty:").or_(match).locator(f"{NAME}=reading:")
    content = json.loads(told.text_content(timeout=timeout_ms) or "{}")
    return Content(**content) if content else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hints:
    """What may be written down of an element, so that a selector finds it again; "" where it has none that may.

    Words of the page: of controls, less what may be a code. They have to be redacted, and proven.
    """

    role: str
    tag: str
    type: str
    is_in_form: bool
    name: str = field(repr=False)
    label: str = field(repr=False)
    text: str = field(repr=False)
    placeholder: str = field(repr=False)
    test_id: str = field(repr=False)
    id: str = field(repr=False)
    named: str = field(repr=False)
    """Its `name` attribute."""
    classes: tuple[str, ...] = field(repr=False)


def hints_of(element: Locator, *, timeout_ms: float) -> Hints:
    """What may be written down of `element`.

    Raises:
        playwright.sync_api.Error: it has gone, or its frame has.
    """
    told = json.loads(element.locator(f"{NAME}=hints:").text_content(timeout=timeout_ms) or "{}")
    return Hints(**{**told, "classes": tuple(told["classes"])})


def _for_each(ways: Sequence[Way], told: list[int | None]) -> tuple[int, ...]:
    """What was `told` for each of `ways`; the list ends with the last way that found something."""
    return (*(each or 0 for each in told), *[0] * (len(ways) - len(told)))


def acting(frame: Frame, locator: Locator) -> tuple[Locator, Locator]:
    """`locator`, whose match in `frame` counts as acted on from its use on; and what takes that back when it counts."""
    number = f"{next(_looks)}"
    return locator.locator(f"{NAME}=acting:{number}"), _undo(frame, number)


def _undo(frame: Frame, number: str) -> Locator:
    return frame.locator(f"{NAME}=undo:{number}")


def acted(frame: Frame) -> Locator:
    """The element of `frame` that was acted on last; fails with "not attached" once it has gone."""
    return frame.locator(f"{NAME}=acted")


def _candidate(told: dict[str, Any], frame: Frame, place: str) -> Candidate:
    around = told.get("print")
    return Candidate(
        ways=frozenset(told["seen"]),
        is_acted=bool(told["isActed"]),
        acts=bool(told["acts"]),
        presses=bool(told["presses"]),
        is_empty=bool(told["isEmpty"]),
        shown=Shown(**{name: told[name] for name in ("tag", "id", "type", "words")}, box=tuple(told["box"])),
        print=Print(**{**around, "near": tuple(around["near"])}) if around else None,
        _place=place,
        frame=frame,
    )
