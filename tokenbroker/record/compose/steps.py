"""The steps of a draft, one for each event that is left."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tokenbroker.flow.rule import words_in
from tokenbroker.flow.rules.shows_again import may_show
from tokenbroker.flow.selector import Alternative, Fingerprint
from tokenbroker.record.compose.addresses import origin_in, page_of
from tokenbroker.record.compose.capture import reading
from tokenbroker.record.compose.creating import asks_for_agreement, creates_option, destroys
from tokenbroker.record.compose.people import options_of
from tokenbroker.record.compose.places import frame_option
from tokenbroker.record.compose.seen import role_of, tries_again
from tokenbroker.record.compose.targets import Target, chosen, spelled, spelled_exactly, target_of
from tokenbroker.record.compose.values import Values, is_about_a_secret
from tokenbroker.record.compose.waits import waits_before
from tokenbroker.record.compose.ways import is_asked_again
from tokenbroker.record.draft import DraftStep
from tokenbroker.record.recording import Event, What
from tokenbroker.run.targets.fingerprint import fingerprint_of

_VERBS: Final = {
    What.CLICK: "click",
    What.PRESS: "press",
    What.TYPE: "type",
    What.SELECT: "select",
    What.CHECK: "check",
    What.UNCHECK: "check",
}
_CREATING: Final = frozenset({What.CLICK, What.PRESS})
_TAKES_DIALOG: Final = frozenset({"click", "press", "select", "check"})
_KEY: Final = re.compile(r"((Control|Shift|Alt|Meta|ControlOrMeta)\+)*[A-Za-z0-9]+", re.ASCII)
_AGAIN: Final = "The sign-in does not lead back here: the address is asked for again."
_TAKES_AWAY: Final = "At every run where the page offers it, this deletes or revokes something."
_IF_NEEDED: Final = "Only where the page asks for it."
_BRITTLE: Final = "tokenbroker: ignore[TB501] the page has nothing more lasting to know it by"
_NEXT_TOKEN: Final = "tokenbroker: ignore[TB302] it shows the next token, which is captured then"  # noqa: S105  # words


@dataclass(kw_only=True)
class StepWriter:
    """Writes the steps of one draft.

    Attributes:
        pages: the addresses of all pages that the console's window showed.
        makers: the numbers of the events that made a key.
        notes: what a person has to look at, as far as it is known from the steps.
    """

    site: str
    reference: str
    """Where the token goes: SINK:PATH."""
    events: Sequence[Event]
    pages: Sequence[str]
    windows: Mapping[int, str]
    makers: frozenset[int]
    values: Values
    notes: list[str] = field(default_factory=list)
    _captured: int = 0
    _open: dict[int, str] = field(default_factory=dict)
    """The windows that a step has opened so far."""

    def write(self) -> Iterator[DraftStep]:
        """All steps, in order."""
        tokens = sum(each.what is What.TOKEN for each in self.events)
        is_shown = False
        written = 0
        for number, event in enumerate(self.events):
            steps = [*self._steps(number, event)]
            if not steps:
                continue
            if is_shown and may_show(_words(steps[-1])):
                if self._captured == tokens:
                    continue
                steps[-1] = _commented(steps[-1], _NEXT_TOKEN)
            steps = [*waits_before(self.events, number, self._open), *steps]
            yield from steps
            written += len(steps)
            if destroys(event):
                self.notes.append(
                    f"Step {written} deletes or revokes something at every run where the page offers it: "
                    f"is that wanted?"
                )
            is_shown = event.what is What.TOKEN or (is_shown and event.what is not What.NAVIGATE)
            if event.opens is not None and "opens" in steps[-1].options:
                self._open[event.opens] = self.windows[event.opens]

    def _steps(self, number: int, event: Event) -> Iterator[DraftStep]:
        if event.what in (What.NAVIGATE, What.HUMAN):
            yield from self._page_step(number, event)
            return
        place = self._place(event)
        if place is None or event.element is None:
            if event.what is What.PRESS and place is not None and _KEY.fullmatch(event.value):
                window = {"page": place["page"]} if "page" in place else {}
                yield DraftStep(verb="press", options={"key": event.value, **window})
            else:
                self._untold(event)
        elif event.what is What.TOKEN:
            yield from self._capture(event, place)
        else:
            yield from self._act(number, event, place)

    def _page_step(self, number: int, event: Event) -> Iterator[DraftStep]:
        if event.what is What.HUMAN:
            if event.window:
                self.notes.append(
                    "A person is asked in a window of its own: `wait_human` looks at the first one."
                )
            yield DraftStep(verb="wait_human", options=options_of(self.events, number))
        elif event.window:
            self.notes.append(
                "An address was opened in another window, which a flow can't do: it is left out."
            )
        else:
            comment = _AGAIN if is_asked_again(self.events, number) else ""
            yield DraftStep(verb="navigate", options={"url": event.value}, comment=comment)

    def _place(self, event: Event) -> dict[str, Any] | None:
        """The options that say where the step works; None where a flow can't."""
        place: dict[str, Any] = {}
        if event.frames:
            frame = frame_option(event.frames)
            if frame is None:
                return None
            place["frame"] = frame
        if event.window:
            if event.window not in self._open:
                return None
            place["page"] = self._open[event.window]
        return place

    def _act(self, number: int, event: Event, place: Mapping[str, Any]) -> Iterator[DraftStep]:
        verb = _VERBS[event.what]
        ways = _ways(event)
        target = target_of(ways, self._fingerprint(number, event), role=role_of(event))
        is_key = event.what is not What.PRESS or _KEY.fullmatch(event.value)
        if target.option is None or not is_key:
            self._untold(event)
            return
        options: dict[str, Any] = {"selector": target.option}
        if event.what is What.PRESS:
            options = {"key": event.value, **options}
        options |= {"checked": False} if event.what is What.UNCHECK else {}
        options |= place
        if event.what in (What.TYPE, What.SELECT):
            options |= self.values.option(event, chosen(ways))
        if event.opens is not None and event.opens in self.windows and event.what in _CREATING:
            options["opens"] = self.windows[event.opens]
        if event.dialog in ("accept", "dismiss") and verb in _TAKES_DIALOG:
            options["dialog"] = event.dialog
        if number in self.makers:
            options |= {"creates": said} if (said := creates_option(self.events, number, self.pages)) else {}
        step = _explained(DraftStep(verb=verb, options=options), target)
        yield self._conditional(step, number, event)

    def _conditional(self, step: DraftStep, number: int, event: Event) -> DraftStep:
        """`step` with its condition, where it was done only because the page was as it was then."""
        if event.what is not What.CLICK or number in self.makers:
            return step
        maker = next((each for each in sorted(self.makers) if each > number), None)
        first, role = chosen(_ways(event))[0], role_of(event)
        when = comment = ""
        if maker is not None and destroys(event) and event.dialog == "accept":
            # Where nothing was to be taken away the site would not have led on.
            here = {page_of(event.page_url), page_of(event.led_to)}
            if page_of(self.events[maker].page_url) in here:
                when, comment = spelled_exactly(first, role=role), _TAKES_AWAY
        elif tries_again(event):
            when, comment = spelled(first, role=role), _IF_NEEDED
        if not when:
            return step
        return _commented(DraftStep(verb=step.verb, options=step.options, when=when), comment, step.comment)

    def _capture(self, event: Event, place: Mapping[str, Any]) -> Iterator[DraftStep]:
        element, token = event.element, event.token
        target = target_of(_ways(event), role=role_of(event))
        if element is None or token is None or target.option is None:
            self.notes.append(
                "Nothing lasting leads to the element that shows the token: add `capture_token` by hand."
            )
            return
        read = reading(token, element)
        self.notes += [read.note] if read.note else []
        self._captured += 1
        reference = self.reference if self._captured == 1 else f"{self.reference}-{self._captured}"
        options = {"selector": target.option, **place, **read.options, "secret_ref": reference}
        step = DraftStep(verb="capture_token", options=options, shape=read.shape)
        yield _explained(step, target)

    def _fingerprint(self, number: int, event: Event) -> Fingerprint | None:
        around = event.element.print if event.element is not None else None
        if around is None or not (number in self.makers or asks_for_agreement(event)):
            return None
        return fingerprint_of(around, site=self.site, form=around.form if origin_in(around.form) else "")

    def _untold(self, event: Event) -> None:
        what = _VERBS.get(event.what, "capture_token")
        self.notes.append(
            f"A '{what}' is left out: nothing that lasts leads to its element, or to where it stands."
        )


def _ways(event: Event) -> tuple[Alternative, ...]:
    """What leads to the element; of a text that is no secret, rather not what calls it one."""
    ways = event.element.alternatives if event.element is not None else ()
    if event.what is not What.TYPE or event.ref:
        return ways
    return tuple(each for each in ways if not is_about_a_secret([each])) or ways


def _words(step: DraftStep) -> str:
    return words_in(step.options.get("selector", "")) if step.verb in ("click", "press", "check") else ""


def _explained(step: DraftStep, target: Target) -> DraftStep:
    return _commented(step, _BRITTLE) if target.why_brittle else step


def _commented(step: DraftStep, *comments: str) -> DraftStep:
    said = "\n".join(filter(None, [*comments, step.comment]))
    return DraftStep(verb=step.verb, options=step.options, when=step.when, comment=said, shape=step.shape)
