"""Items of 1Password as they are stored: where in one a value, its versions and its history lie.

Ours are of the category API Credential: its field ``credential`` is for what a service hands out, and is not rated as
a password, which would have to come with an entropy when it is replaced (github.com/1Password/connect/issues/58).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tokenbroker.errors import SecretAccessDenied
from tokenbroker.secret import Secret
from tokenbroker.sinks.items import HISTORY_FIELD, Item

CREDENTIAL: Final = "credential"
_SECTION: Final = "tokenbroker"
_VERSION = re.compile(r"version ([1-9][0-9]{0,8})")

_Field = dict[str, Any]


class Fields(Mapping[str, Secret]):
    """The texts of one item by ids and labels, and those of a section by ``section.field``.

    Raises:
        SecretAccessDenied: several fields have the name that is asked for.
    """

    def __init__(self, title: str, found: dict[str, dict[str, Secret]]) -> None:
        self._title = title
        self._found = found

    def __getitem__(self, name: str) -> Secret:
        several = self._found[name]
        if len(several) > 1:
            raise SecretAccessDenied(
                f"the item '{self._title}' in 1Password has {len(several)} fields called '{name}'",
                next_step="address the field by its id, or as section.field",
            )
        return next(iter(several.values()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def item_of(document: dict[str, Any]) -> Item:
    """The item that `document` is."""
    own = {str(each.get("label")): each for each in _fields(document) if _is_ours(each, document)}
    held = {
        int(match[1]): Secret(str(each["value"]))
        for label, each in own.items()
        if (match := _VERSION.fullmatch(label)) and each.get("value")
    }
    value = _value_field(document)
    history = own.get(HISTORY_FIELD)
    fields, one_time = _named(document)
    return Item(
        path=document["title"],
        handle=document["id"],
        revision=str(document["version"]),
        created_at=_moment(document.get("createdAt")),
        value=Secret(str(value["value"])) if value and value.get("value") else None,
        held=held,
        history=str(history.get("value", "")) if history else None,
        fields=Fields(document["title"], fields),
        one_time=one_time,
    )


def new_document(item: Item) -> dict[str, Any]:
    """What is sent to store `item` for the first time."""
    empty = {"title": item.path, "category": "API_CREDENTIAL", "fields": [], "sections": []}
    return changed(empty, item)


def changed(document: dict[str, Any], item: Item) -> dict[str, Any]:
    """`document` with the value, the versions and the history of `item`; all else stays as it is."""
    value = item.value.reveal() if item.value else ""
    theirs = [each for each in _fields(document) if not _is_ours(each, document)]
    place = _value_field(document)
    if place is None:
        theirs = [{"id": CREDENTIAL, "label": CREDENTIAL, "type": "CONCEALED", "value": value}, *theirs]
    else:
        theirs = [{**each, "value": value} if each is place else each for each in theirs]
    ours = [
        _ours(f"version {number}", held.reveal(), "CONCEALED") for number, held in sorted(item.held.items())
    ]
    if item.history is not None:
        ours.append(_ours(HISTORY_FIELD, item.history, "STRING"))
    sections = [
        each for each in document.get("sections") or [] if _SECTION not in (each.get("id"), each.get("label"))
    ]
    return {
        **document,
        "fields": [*theirs, *ours],
        "sections": [*sections, {"id": _SECTION, "label": _SECTION}],
    }


def _ours(label: str, value: str, kind: str) -> _Field:
    name = f"tokenbroker-{label.replace(' ', '-')}"
    return {"id": name, "label": label, "type": kind, "value": value, "section": {"id": _SECTION}}


def _fields(document: dict[str, Any]) -> list[_Field]:
    return document.get("fields") or []


def _sections(document: dict[str, Any]) -> dict[str, str]:
    """The labels of sections by their ids."""
    return {str(each.get("id")): str(each.get("label", "")) for each in document.get("sections") or []}


def _is_ours(field: _Field, document: dict[str, Any]) -> bool:
    section = str((field.get("section") or {}).get("id", ""))
    return _SECTION in (section, _sections(document).get(section))


def _value_field(document: dict[str, Any]) -> _Field | None:
    """The field that the item is there for: that of an API credential, or a password."""
    free = [each for each in _fields(document) if not _is_ours(each, document)]
    for name, wanted in (("id", CREDENTIAL), ("purpose", "PASSWORD"), ("id", "password")):
        found = next((each for each in free if each.get(name) == wanted), None)
        if found is not None:
            return found
    return None


def _named(document: dict[str, Any]) -> tuple[dict[str, dict[str, Secret]], frozenset[str]]:
    """The texts by each name they have, and the names of fields of one-time codes."""
    labels = _sections(document)
    found: dict[str, dict[str, Secret]] = {}
    one_time: set[str] = set()
    for field in _fields(document):
        if _is_ours(field, document):
            continue
        section = str((field.get("section") or {}).get("id", ""))
        names = {str(field[key]) for key in ("id", "label") if field.get(key)}
        within = {each for each in (section, labels.get(section, "")) if each}
        names |= {f"{each}.{name}" for each in within for name in names}
        for name in names:
            if field.get("type") == "OTP":
                one_time.add(name)
            elif field.get("value"):
                found.setdefault(name, {})[str(field.get("id"))] = Secret(str(field["value"]))
    return found, frozenset(one_time)


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
