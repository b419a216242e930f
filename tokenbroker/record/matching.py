"""What the person did, made of what the listener saw and what Playwright's recorder says: a pure function of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.record.observed import (
    Acted,
    Answered,
    CameUp,
    CodegenAction,
    Entry,
    Followed,
    Marked,
    Moved,
    Opened,
    Picked,
)
from tokenbroker.record.recording import Appeared, Event, Typing, What
from tokenbroker.record.vouching import with_locators

MAX_APPEARED: Final = 5
LED_S: Final = 3.0
"""A window that opens, or an old address that comes back, this soon after an act comes of it."""
SOON_S: Final = 1.0
_FILLING: Final = frozenset({What.TYPE, What.CHECK, What.UNCHECK, What.SELECT})
_BLANK: Final = ("", "about:blank", "chrome://newtab/", "chrome://new-tab-page/")


@dataclass
class _Told:
    """An event in the making.

    Attributes:
        is_sure: it counts whether or not anything comes of it.
        before: what the field held at first.
    """

    event: Event
    document: str = ""
    key: tuple[str, int] | None = None
    is_sure: bool = True
    before: str = field(default="", repr=False)

    @property
    def counts(self) -> bool:
        event = self.event
        if event.what is What.TYPE:
            return event.value != self.before
        came = event.led_to or event.appeared or event.dialog or event.opens is not None
        return self.is_sure or bool(came)


def events_of(entries: Sequence[Entry], actions: Sequence[CodegenAction] = ()) -> tuple[Event, ...]:
    """The events, in order, that `entries` amount to; `actions` are what Playwright's recorder has said meanwhile."""
    story = _Story()
    for entry in with_locators(entries, actions):
        story.add(entry)
    return tuple(each.event for each in story.told if each.counts)


class _Story:
    """The events so far."""

    def __init__(self) -> None:
        self.told: list[_Told] = []
        self._human: str = ""
        self._acted_at: dict[int, float] = {}
        self._notices: dict[tuple[int, str], tuple[str, set[str], set[str]]] = {}

    def add(self, entry: Entry) -> None:
        match entry:
            case Acted():
                self._act(entry)
            case Followed():
                self._follow(entry)
            case CameUp():
                self._come_up(entry)
            case Picked():
                self._human = ""
                self._append(
                    Event(
                        what=What.TOKEN, window=entry.seen.window, frames=entry.seen.frames, at_s=entry.at_s,
                        page_url=entry.seen.page_url, element=entry.seen.element, token=entry.token,
                    )
                )  # fmt: skip
            case Moved():
                self._move(entry)
            case Opened():
                self._open(entry)
            case Answered():
                self._to_last(entry.window, dialog=entry.answer)
            case Marked():
                self._mark(entry)

    def _append(self, event: Event, act: Acted | None = None, *, is_sure: bool = True) -> None:
        told = _Told(event=event, is_sure=is_sure)
        if act is not None:
            told.document, told.key, told.before = act.seen.document, act.seen.key, act.before
        self.told.append(told)

    def _last(self, window: int) -> _Told | None:
        return next((each for each in reversed(self.told) if each.event.window == window), None)

    def _to_last(self, window: int, **changes: object) -> None:
        last = self._last(window)
        if last is not None:
            last.event = replace(last.event, **changes)  # type: ignore[arg-type]  # of fields that it has

    # What the person did.

    def _act(self, act: Acted) -> None:
        self._acted_at[act.seen.window] = act.at_s
        if self._is_for_human(act):
            return
        match act.kind:
            case "click":
                self._click(act)
            case "key":
                self._drop_unfounded()
                self._append(_event(What.PRESS, act), act, is_sure=False)
            case "input":
                self._type(act)
            case "check" | "uncheck" | "select":
                self._set(act)

    def _is_for_human(self, act: Acted) -> bool:
        traits = act.seen.traits
        if self._human == "marked":
            if traits.is_code:
                self._as_code()
            return True
        if self._human == "code" and not (traits.is_code or traits.asks_code):
            self._human = ""
        if self._human == "code":
            return True
        if traits.is_code and act.kind == "input":
            self._human = "code"
            last = self.told[-1].event if self.told else None
            if last is None or last.what is not What.HUMAN:
                self._append(replace(_event(What.HUMAN, act), value="", human=HumanKind.OTP))
            self._as_code()
        return traits.is_code

    def _as_code(self) -> None:
        human = next((each for each in reversed(self.told) if each.event.what is What.HUMAN), None)
        if human is not None:
            human.event = replace(human.event, human=HumanKind.OTP, element=None)

    def _click(self, act: Acted) -> None:
        element, traits = act.seen.element, act.seen.traits
        last = self._last(act.seen.window)
        if element is None or element.tag in ("html", "body", "select"):
            return
        if (
            last is not None
            and last.event.what is What.PRESS
            and last.key == act.seen.key
            and act.detail == 0
        ):
            self.told.remove(last)  # the key has pressed it
        elif (
            act.detail > 1
            and last is not None
            and last.event.what is What.CLICK
            and last.document == act.seen.document
        ):
            return
        if traits.is_text and not (traits.is_readonly or traits.opens_list):
            return  # it only moves the focus there
        self._drop_unfounded()
        # Codegen's word is all there is where the listener could not look.
        is_sure = traits.acts or traits.is_pointed or element.print is None
        self._append(_event(What.CLICK, act), act, is_sure=is_sure)

    def _type(self, act: Acted) -> None:
        if self.told and self.told[-1].event.what is What.CLICK and self.told[-1].key == act.seen.key:
            self.told.pop()
        event = replace(_event(What.TYPE, act), value=act.value, typing=_typing(act.how))
        known = self._filled(act)
        if known is None:
            self._append(event, act)
        else:
            typing = known.event.typing if act.how.startswith("delete") else event.typing
            known.event = replace(known.event, value=act.value, typing=typing, at_s=act.at_s)

    def _filled(self, act: Acted) -> _Told | None:
        """The event of the same field, if only fields were filled since."""
        for told in reversed(self.told):
            if told.key == act.seen.key and told.event.what in _FILLING:
                return told
            if told.counts and told.event.what not in _FILLING:
                return None
        return None

    def _set(self, act: Acted) -> None:
        known = self._filled(act)
        was = known.event.what if known is not None else None
        if known is not None:
            self.told.remove(known)
        if act.kind == "uncheck" and was is What.CHECK:
            return  # ticked and unticked: nothing
        what = {"check": What.CHECK, "uncheck": What.UNCHECK, "select": What.SELECT}[act.kind]
        event = _event(what, act)
        self._append(replace(event, value=act.value if what is What.SELECT else ""), act)

    def _drop_unfounded(self) -> None:
        if self.told and self.told[-1].event.what is What.PRESS and not self.told[-1].counts:
            self.told.pop()

    # What came of it.

    def _follow(self, entry: Followed) -> None:
        last = self._last(entry.window)
        if last is None or last.document != entry.document:
            return
        if entry.kind == "toggled":
            if last.event.what is What.CLICK:
                self.told.remove(last)
        elif last.event.what is What.PRESS:
            last.is_sure = True

    def _come_up(self, entry: CameUp) -> None:
        document, was, now = self._notices.get((entry.window, entry.frame), ("", set(), set()))
        if document != entry.document:
            document, was, now = entry.document, now, set()
        self._notices[entry.window, entry.frame] = document, was, now
        name = f"{entry.appeared.role} {entry.appeared.name}"
        now.add(name)
        last = self._last(entry.window)
        opener = next((each for each in reversed(self.told) if each.event.opens == entry.window), None)
        told = last or opener
        if name in was or told is None or _is_there(told.event.appeared, entry.appeared):
            return
        told.event = replace(told.event, appeared=(*told.event.appeared, entry.appeared)[:MAX_APPEARED])

    def _move(self, entry: Moved) -> None:
        if entry.url in _BLANK or entry.url.startswith("chrome-error:"):
            return
        since_s = entry.at_s - self._acted_at.get(entry.window, float("-inf"))
        # The first address of a window that an act has opened is none that was typed.
        is_first = entry.from_url in _BLANK and any(each.event.opens == entry.window for each in self.told)
        if (entry.how == "typed" and not is_first) or (entry.how == "history" and since_s > LED_S):
            if self._human == "marked":
                return
            self._human = ""
            asked = entry.asked or entry.url
            self._append(
                Event(
                    what=What.NAVIGATE, window=entry.window, page_url=entry.from_url, value=asked, at_s=entry.at_s,
                    led_to=entry.url if entry.url != asked else "",
                )
            )  # fmt: skip
            return
        last = self._last(entry.window)
        if last is not None:
            here = last.event.value if last.event.what is What.NAVIGATE else last.event.page_url
            last.event = replace(last.event, led_to=entry.url if entry.url != here else "")

    def _open(self, entry: Opened) -> None:
        told = self._last(entry.opener) if entry.opener is not None else None
        if entry.opener is None and self.told:
            # A link may open its window without telling who has; a window that a person opens stays empty at first.
            is_soon = entry.at_s - self.told[-1].event.at_s < (SOON_S if entry.is_blank else LED_S)
            told = self.told[-1] if is_soon and self.told[-1].event.what in (What.CLICK, What.PRESS) else None
        if told is not None and told.event.opens is None:
            told.event = replace(told.event, opens=entry.window)

    # What the person said in the panel.

    def _mark(self, entry: Marked) -> None:
        match entry.kind:
            case "parameter":
                typed = next((each for each in reversed(self.told) if each.event.what is What.TYPE), None)
                if typed is not None:
                    typed.event = replace(typed.event, is_parameter=True)
            case "forget":
                last = next((each for each in reversed(self.told) if each.counts), None)
                if last is not None:
                    self.told.remove(last)
                self._human = ""
            case "human":
                if self._human != "code":
                    self._append(
                        Event(
                            what=What.HUMAN, window=entry.window, page_url=entry.page_url, human=entry.human,
                            at_s=entry.at_s,
                        )
                    )  # fmt: skip
                self._human = "marked"
            case "human over":
                self._human = ""


def _event(what: What, act: Acted) -> Event:
    return Event(
        what=what, window=act.seen.window, frames=act.seen.frames, page_url=act.seen.page_url,
        element=act.seen.element, value=act.value, at_s=act.at_s,
    )  # fmt: skip


def _typing(how: str) -> Typing:
    if how in ("insertFromPaste", "insertFromDrop", "insertFromYank"):
        return Typing.PASTED
    return Typing.KEYS if how.startswith(("insert", "delete", "history")) else Typing.FILLED


def _is_there(appeared: tuple[Appeared, ...], one: Appeared) -> bool:
    return any((each.role, each.name) == (one.role, one.name) for each in appeared)
