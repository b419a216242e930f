"""The references that stand for what was typed: one for each value, under a name that tells what it is."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tokenbroker.record.draft import DraftParam
from tokenbroker.record.recording import ElementSeen
from tokenbroker.record.sanitise.finder import Finder
from tokenbroker.record.sanitise.rule import IDENTITY, SECRETS, Private, Rule
from tokenbroker.record.sanitise.wording import as_name, fold
from tokenbroker.secret import Secret

_AS_SECRETS = (SECRETS | IDENTITY) - {Rule.ONE_TIME_CODE}
# Of these the rule says it better than what a page calls its field.
_NAMED = {Rule.PASSWORD: "password", Rule.EMAIL: "email", Rule.PHONE: "phone", Rule.USERNAME: "username"}
_USUAL = {
    each: each.value for each in (Rule.TOKEN, Rule.SECRET, Rule.ACCOUNT, Rule.NAME, Rule.PERSONAL, Rule.OWN)
}


class Names:
    """Gives out references, and remembers what they stand for."""

    def __init__(self, *, site: str, finder: Finder, taken: Iterable[str]) -> None:
        self._site = site
        self._finder = finder
        self._references: dict[str, str] = {}
        self._taken = {*taken}
        self._inputs: dict[str, Secret] = {}
        self._params: list[DraftParam] = []

    @property
    def inputs(self) -> Mapping[str, Secret]:
        """What was typed, by its reference."""
        return MappingProxyType(self._inputs)

    @property
    def params(self) -> tuple[DraftParam, ...]:
        """The parameters, in the order in which they are needed."""
        return tuple(self._params)

    def reference(self, private: Private, element: ElementSeen | None, *, is_parameter: bool = False) -> str:
        """What stands for `private`, which was typed into `element`.

        A secret is never a parameter: those are given on command lines, and told in reports.
        """
        key = private.value if private.rule in SECRETS else fold(private.value)
        if key not in self._references:
            is_secret = private.rule in SECRETS
            if private.rule in _AS_SECRETS and (is_secret or not is_parameter):
                name = self._free(f"secrets:{self._site}.{self._name(private, element)}")
            else:
                name = self._param(private, element)
            self._references[key] = name
            self._inputs[name] = Secret(private.value)
        return self._references[key]

    def _param(self, private: Private, element: ElementSeen | None) -> str:
        name = self._name(private, element)
        reference = self._free(f"param:{name}") if name else self._numbered("param:value")
        label = element.label if element is not None and self._finder.find(element.label) is None else ""
        # What holds a part of an identity, as "Ada's key" does, is about a person as well.
        personal = self._finder.tells_of_person(private.value)
        self._params.append(
            DraftParam(
                name=reference.removeprefix("param:"), personal=personal, label=" ".join(label.split())
            )
        )
        return reference

    def _name(self, private: Private, element: ElementSeen | None) -> str:
        said = (element.label, element.name, element.placeholder) if element is not None else ()
        clean = (as_name(text) for text in said if self._finder.find(text) is None)
        return (
            _NAMED.get(private.rule)
            or private.field
            or next(filter(None, clean), "")
            or _USUAL.get(private.rule, "")
        )

    def _free(self, reference: str) -> str:
        return (
            reference if reference not in self._taken | self._inputs.keys() else self._numbered(reference, 2)
        )

    def _numbered(self, stem: str, number: int = 1) -> str:
        while (reference := f"{stem}_{number}") in self._taken | self._inputs.keys():
            number += 1
        return reference
