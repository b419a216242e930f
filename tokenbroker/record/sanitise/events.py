"""The events of a recording, written anew one by one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.record.recording import ElementSeen, Event, TokenSeen, Typing, What
from tokenbroker.record.sanitise.addresses import Address
from tokenbroker.record.sanitise.fields import option_in, private_in
from tokenbroker.record.sanitise.finder import Finder, Found
from tokenbroker.record.sanitise.known import Known
from tokenbroker.record.sanitise.ledger import Ledger, called
from tokenbroker.record.sanitise.naming import Names
from tokenbroker.record.sanitise.rewrite import Rewriter
from tokenbroker.record.sanitise.rule import SECRETS, Private, Rule
from tokenbroker.record.sanitise.token_shape import choose, reduced
from tokenbroker.record.sanitise.wording import fold

# As Playwright names keys. A list, for a word that begins with a capital may be a name; a letter alone is a text.
_KEY: Final = re.compile(
    r"(?:(?:Control|ControlOrMeta|Meta|Alt|Shift)\+){0,3}"
    r"(?:Enter|Tab|Escape|Space|Backspace|Delete|Insert|Home|End|PageUp|PageDown|Arrow(?:Up|Down|Left|Right)|F\d{1,2}|ContextMenu|(?<=[lat]\+).)"
)
_INTO: Final = {
    None: "typed into",
    Typing.KEYS: "typed into",
    Typing.PASTED: "pasted into",
    Typing.FILLED: "filled into",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRewriter:
    """Rewrites the events of one recording; see `Rewriter` for its attributes."""

    known: Known
    finder: Finder
    names: Names
    ledger: Ledger
    origins: Mapping[str, str] = field(repr=False)
    addresses: dict[tuple[str, bool], Address] = field(repr=False, default_factory=dict)

    @property
    def hosts(self) -> set[str]:
        """The hosts of the addresses that were kept."""
        return {address.host for address in self.addresses.values()} - {""}

    def event(self, number: int, event: Event) -> Event:
        """`event`, the one of that number from 1, with nothing private in it."""
        rewriter = Rewriter(
            finder=self.finder,
            ledger=self.ledger,
            origins=self.origins,
            addresses=self.addresses,
            event=number,
        )
        event = self._filled(event, rewriter) if event.what is What.TYPE else self._valued(event, rewriter)
        return replace(
            event,
            frames=tuple(map(rewriter.frame, event.frames)),
            page_url=rewriter.address(event.page_url),
            element=rewriter.element(event.element) if event.element is not None else None,
            led_to=rewriter.address(event.led_to),
            appeared=tuple(map(rewriter.appeared, event.appeared)),
            token=self._token(event.token, rewriter) if event.token is not None else None,
        )

    def _filled(self, event: Event, rewriter: Rewriter) -> Event:
        into = self._called(_INTO[event.typing], event.element)
        private = private_in(event)
        if private is None:
            return replace(event, value="")
        private = self.known.strictest(private)
        if rewriter.event - 1 in self.known.digits or private.rule is Rule.ONE_TIME_CODE:
            self.ledger.note(Found(rule=Rule.ONE_TIME_CODE), rewriter.where(into))
            return replace(event, value="", human=HumanKind.OTP)
        found = self.finder.find(event.value)
        if found is None and self.known.may_stay(private):
            return event
        reason = ""
        if self.known.is_wanted(event.value):
            rule = private.rule if found is None or private.rule is not Rule.TYPED else found.rule
            reason = f"it can't be kept: it is, or holds, {called(rule)}"
        is_parameter = self.known.is_parameter(private)
        reference = self.names.reference(private, event.element, is_parameter=is_parameter)
        self.ledger.replace(private, rewriter.where(into), reference=reference, reason=reason)
        return replace(event, value="", ref=reference)

    def _valued(self, event: Event, rewriter: Rewriter) -> Event:
        match event.what:
            case What.NAVIGATE:
                return replace(event, value=rewriter.address(event.value, is_gone_to=True))
            case What.SELECT:
                return self._selected(event, rewriter)
            case What.PRESS:
                return event if _KEY.fullmatch(event.value) else replace(event, value="")
            case _:
                return replace(event, value=rewriter.text(event.value, "in what was done"))

    def _selected(self, event: Event, rewriter: Rewriter) -> Event:
        """An option that tells of the person becomes a parameter, or the reference that its words have already."""
        option = option_in(event)
        found = self.finder.find(event.value)
        if found is None and option is not None and not self.known.may_stay(option):
            # It is too short to be looked for.
            found = Found(rule=option.rule, private=option)
        if found is None:
            return event
        where = self._called("chosen in", event.element)
        if found.rule in SECRETS:
            self.ledger.note(found, rewriter.where(where))
            return replace(event, value="")
        is_whole = found.private is not None and fold(found.private.value) == fold(event.value)
        private = Private(value=event.value, rule=found.rule if is_whole else Rule.TYPED)
        reference = self.names.reference(private, event.element)
        told = Private(value=event.value, rule=found.rule)
        self.ledger.replace(told, rewriter.where(where), reference=reference)
        return replace(event, value="", ref=reference)

    def _token(self, token: TokenSeen, rewriter: Rewriter) -> TokenSeen:
        if choose(token).value:
            self.ledger.note(Found(rule=Rule.TOKEN), rewriter.where("the token"))
        return reduced(token, self.finder)

    def _called(self, verb: str, element: ElementSeen | None) -> str:
        label = " ".join(element.label.split()) if element is not None else ""
        return f"{verb} “{label}”" if label and self.finder.find(label) is None else f"{verb} a field"
