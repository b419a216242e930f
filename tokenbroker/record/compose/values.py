"""What a step types: a reference, or a text that may stand in a flow."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tokenbroker.flow.mend import as_options, is_wording
from tokenbroker.flow.rule import words_in
from tokenbroker.flow.rules.literal_email import holds_an_address
from tokenbroker.flow.rules.literal_secret import kind_of, says_secret
from tokenbroker.flow.rules.otp_seed import is_a_seed
from tokenbroker.flow.rules.random_literal import is_random
from tokenbroker.flow.selector import Alternative
from tokenbroker.record.draft import DraftParam
from tokenbroker.record.recording import ElementSeen, Event, What

_PARAM: Final = "param:"
_PERSONAL: Final = re.compile(r"(email|tel|name|username|nickname|organization|street-address|address|bday)")
_SLUG: Final = re.compile(r"[^a-z]+")


@dataclass(kw_only=True)
class Values:
    """What the steps of one draft type, and the parameters and notes that come of it."""

    site: str
    personal: frozenset[str] = frozenset()
    params: dict[str, DraftParam] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def option(self, event: Event, ways: Iterable[Alternative]) -> dict[str, str]:
        """The options that say what `event` fills in, found in `ways`."""
        if event.ref:
            if event.ref.startswith(_PARAM):
                self._note_param(event.ref.removeprefix(_PARAM), event.element)
            return {"value_ref": event.ref}
        element = event.element
        if element is not None and element.is_secret:
            name = _slug(element.name) or "password"
            self.notes.append(
                f"A secret is typed: store it with `tokenbroker secrets put {self.site}.{name}`."
            )
            return {"value_ref": f"secrets:{self.site}.{name}"}
        is_typed = event.what is What.TYPE
        if may_stand(event.value) and not (is_typed and event.value and is_about_a_secret(ways)):
            return {"value": event.value}
        name = _slug(element.label or element.name) if element is not None else ""
        name = name or "value"
        self._note_param(name, element)
        self.notes.append(
            f"The parameter '{name}' stands for a text that looks like something which belongs into no file: "
            f"give it with `--param {name}=…`, or store it and type a reference."
        )
        return {"value_ref": f"{_PARAM}{name}"}

    def _note_param(self, name: str, element: ElementSeen | None) -> None:
        if name in self.params:
            return
        label = element.label if element is not None and is_wording(element.label) else ""
        hints = f"{element.type} {element.autocomplete}" if element is not None else ""
        self.params[name] = DraftParam(
            name=name, personal=name in self.personal or _is_personal(hints), label=label
        )


def may_stand(text: str) -> bool:
    """Whether no rule takes `text` for something that belongs into no file."""
    return not (kind_of(text) or holds_an_address(text) or is_a_seed(text) or is_random(text))


def is_about_a_secret(ways: Iterable[Alternative]) -> bool:
    """Whether `ways`, as a flow says them, call the field that of a secret."""
    return says_secret(words_in([as_options(each) for each in ways]))


def _is_personal(hints: str) -> bool:
    return any(_PERSONAL.fullmatch(each) for each in hints.split())


def _slug(text: str) -> str:
    return "_".join([each for each in _SLUG.split(text.lower()) if each][:3])[:40]
