"""Selectors as the flow says them: one string, or a set of alternatives from independent families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

MAX_ALTERNATIVES: Final = 5


class Family(StrEnum):
    """How an alternative finds its element."""

    TEST_ID = "test_id"
    ROLE = "role"
    LABEL = "label"
    PLACEHOLDER = "placeholder"
    TEXT = "text"
    CSS = "css"
    XPATH = "xpath"


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """One way to find the element; `name` is the accessible name that goes with a role."""

    family: Family
    value: str
    name: str = ""

    def __str__(self) -> str:
        return f'{self.value} "{self.name}"' if self.name else self.value

    @property
    def told(self) -> str:
        """With its family, as a report tells it."""
        return f"{self.family.value}: {self}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fingerprint:
    """What the element was when it was recorded, without any text of the page.

    Attributes:
        role: its ARIA role, explicit or implied by its tag; "" for none.
        tag: the name of its tag, where it has no role.
        type: the type of an input or button.
        autocomplete: its autocomplete attribute.
        form: origin and path of its form's action; "" outside of forms.
        landmark: the nearest landmark around it, such as ``main`` or ``dialog``.
        name: keyed hash of its accessible name.
        row: keyed hash of the head of the table row that it stands in.
        caption: keyed hash of what stands over it: the label of its container, the last heading before it.
        near: keyed hashes of the names of the controls beside it.
        alike: how many visible elements of the page were of the same role or tag, type, autocomplete, form and
            landmark.
    """

    role: str = ""
    tag: str = ""
    type: str = ""
    autocomplete: str = ""
    form: str = ""
    landmark: str = ""
    name: str = ""
    row: str = ""
    caption: str = ""
    near: tuple[str, ...] = ()
    alike: int = 0

    def as_options(self) -> dict[str, Any]:
        """As it stands in a flow; what is empty is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {n: [*v] if isinstance(v, tuple) else v for n, v in values.items() if v}


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectorSet:
    """Alternatives for one element, the primary first, and what the element was."""

    alternatives: tuple[Alternative, ...]
    fingerprint: Fingerprint | None = None

    def __str__(self) -> str:
        return str(self.alternatives[0])


Selector = str | SelectorSet


def selector_of(option: str | Sequence[Mapping[str, str]] | Mapping[str, Any]) -> Selector:
    """The selector that stands in a flow: a string, a list of alternatives, or ``{any: …, fingerprint: …}``."""
    if isinstance(option, str):
        return option
    if isinstance(option, Mapping):
        listed, said = option["any"], option.get("fingerprint")
    else:
        listed, said = option, None
    return SelectorSet(
        alternatives=tuple(map(_alternative, listed)),
        fingerprint=_fingerprint(said) if said is not None else None,
    )


def _alternative(said: Mapping[str, str]) -> Alternative:
    family = next(each for each in Family if each.value in said)
    return Alternative(family=family, value=said[family.value], name=said.get("name", ""))


def _fingerprint(said: Mapping[str, Any]) -> Fingerprint:
    return Fingerprint(**{**said, "near": tuple(said.get("near", ()))})
