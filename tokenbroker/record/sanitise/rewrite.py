"""Each noun of a recording written anew, without what is private."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Final, cast

from tokenbroker.flow.selector import Alternative
from tokenbroker.record.recording import Appeared, ElementSeen, FrameSeen, Recording
from tokenbroker.record.sanitise.addresses import Address, clean
from tokenbroker.record.sanitise.finder import Finder
from tokenbroker.record.sanitise.ledger import Ledger
from tokenbroker.record.sanitise.vocabulary import AUTOCOMPLETE
from tokenbroker.record.sanitise.wording import is_kept, is_plain_css, whole
from tokenbroker.run.targets.engine import Print

_KIND: Final = re.compile(r"[a-z0-9 _-]{0,80}", re.IGNORECASE)
_ON: Final = {"button": "on a button", "link": "on a link", "option": "on an option"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewriter:
    """Rewrites what was seen at one event.

    Attributes:
        event: its place in the recording, from 1.
        addresses: those that were cleaned so far, for pages come again at each event.
    """

    finder: Finder = field(repr=False)
    ledger: Ledger = field(repr=False)
    origins: Mapping[str, str] = field(repr=False)
    addresses: dict[tuple[str, bool], Address] = field(repr=False)
    event: int

    def where(self, words: str) -> str:
        """The place, for a person."""
        return f"event {self.event}: {words}"

    def text(self, text: str, where: str) -> str:
        """`text`; "" if anything in it is private."""
        found = self.finder.find(text)
        if found is None:
            return text
        self.ledger.note(found, self.where(where))
        return ""

    def address(self, address: str, *, is_gone_to: bool = False) -> str:
        """`address` with nothing in it but plain words."""
        if not address:
            return ""
        key = address, is_gone_to
        if key not in self.addresses:
            self.addresses[key] = clean(
                address, finder=self.finder, origins=self.origins, is_gone_to=is_gone_to
            )
        for found in self.addresses[key].left_out:
            self.ledger.note(found, self.where("in an address"))
        return self.addresses[key].text

    def element(self, element: ElementSeen) -> ElementSeen:
        role = element.print.role if element.print is not None else ""
        on = _ON.get(
            role or element.tag, "on a field" if element.type or element.placeholder else "on an element"
        )
        return replace(
            element,
            alternatives=self.alternatives(element.alternatives, on),
            print=self.print_(element.print) if element.print is not None else None,
            tag=self._kind(element.tag),
            label=self.text(element.label, on),
            type=self._kind(element.type),
            autocomplete=self._autocomplete(element.autocomplete),
            inputmode=self._kind(element.inputmode),
            name=self.text(element.name, "in a field's name"),
            placeholder=self.text(element.placeholder, "in a placeholder"),
            href=self.address(element.href),
        )

    def print_(self, print_: Print) -> Print:
        return replace(
            print_,
            role=self._kind(print_.role),
            tag=self._kind(print_.tag),
            type=self._kind(print_.type),
            autocomplete=self._autocomplete(print_.autocomplete),
            form=self.address(print_.form),
            landmark=self._kind(print_.landmark),
            name=self.text(print_.name, "in an element's name"),
            row=self.text(print_.row, "in a row of a table"),
            caption=self.text(print_.caption, "over an element"),
            near=tuple(
                text for each in print_.near if (text := self.text(each, "beside an element")) or not each
            ),
        )

    def alternatives(self, alternatives: tuple[Alternative, ...], where: str) -> tuple[Alternative, ...]:
        """Those that hold nothing private and consist of words and names that last."""
        clean = (each for each in alternatives if self.text(each.value, where) == each.value)
        clean = (each for each in clean if self.text(each.name, where) == each.name)
        return tuple(filter(is_kept, clean))

    def frame(self, frame: FrameSeen) -> FrameSeen:
        selector = self.text(frame.selector, "in a frame's selector")
        return replace(
            frame,
            name=self.text(frame.name, "in a frame's name"),
            url=self.address(frame.url),
            selector=selector if is_plain_css(selector) else "",
        )

    def appeared(self, appeared: Appeared) -> Appeared:
        where = (
            f"in a {appeared.role}"
            if appeared.role in {"heading", "dialog", "alert", "status"}
            else "in a notice"
        )
        return replace(
            appeared,
            role=self._kind(appeared.role),
            name=self.text(appeared.name, where),
            alternatives=self.alternatives(appeared.alternatives, where),
        )

    def _autocomplete(self, said: str) -> str:
        """`said` where it is HTML's; a section has a name that the page gave it."""
        tokens = [each for each in said.split() if not each.lower().startswith("section-")]
        kept = " ".join(tokens) if len(tokens) < len(said.split()) else said
        return self._kind(kept) if all(each.lower() in AUTOCOMPLETE for each in tokens) else ""

    def _kind(self, kind: str) -> str:
        """`kind`, a word of HTML or ARIA; but a page may write there what it wants."""
        return kind if _KIND.fullmatch(kind) and self.finder.find(kind) is None else ""


def mended(recording: Recording) -> Recording:
    """`recording` with `whole` texts."""
    return cast(Recording, _mended(recording))


def _mended(value: object) -> object:
    if isinstance(value, str):
        # A kind of event is a text, too, and has to stay what it is.
        return whole(value) if type(value) is str else value
    if isinstance(value, tuple):
        return tuple(map(_mended, value))
    if isinstance(value, Mapping):
        return MappingProxyType({_mended(key): _mended(each) for key, each in value.items()})
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            name: new for name in _names(type(value)) if (new := _mended(old := getattr(value, name))) != old
        }
        return replace(value, **changed) if changed else value
    return value


def texts_in(value: object) -> set[str]:
    """Every text in `value`, a noun of a recording."""
    texts: set[str] = set()
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            texts.add(each)
        elif isinstance(each, tuple):
            left += each
        elif is_dataclass(each):
            noun: type = type(each)
            left += [getattr(each, name) for name in _names(noun)]
    return texts


@cache
def _names(noun: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(noun)) if is_dataclass(noun) else ()
