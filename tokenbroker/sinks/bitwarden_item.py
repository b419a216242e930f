"""What an item of ours is to Bitwarden: a login whose name is the path, in no folder.

The name alone, so that a put needs no folder to be there, and what a person moves into a folder is still found. In
clear to the client only: the server holds names, values and fields as ciphertext.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.items import HISTORY_FIELD, Item

LOGIN: Final = 1
NOTE: Final = 2
_TEXT, _HIDDEN = 0, 1
_VERSION: Final = re.compile(r"version ([1-9][0-9]{0,8})")
_CLEARING: Final = tuple(f"tokenbroker clears {number}" for number in range(1, 6))
"""Five, for Bitwarden keeps the five newest of what an item's hidden fields and password have been."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """An item as `bw` gives it, and what addresses it.

    Attributes:
        raw: to the letter; whoever changes it keeps the rest as it is.
        names: the paths that lead to it: its name, and its name in its folder.
    """

    raw: Mapping[str, Any]
    names: frozenset[str]

    @property
    def is_being_cleared(self) -> bool:
        """Whether its old values still are in Bitwarden's own history of it, for a removal was cut off."""
        return any(each.get("name") in _CLEARING for each in _fields(self.raw))


def kept(raw: Mapping[str, Any], folders: Mapping[str, str]) -> Kept:
    """The item `raw`, where `folders` are the names of folders by their ids."""
    name, folder = str(raw["name"]), folders.get(str(raw.get("folderId") or ""))
    return Kept(raw=raw, names=frozenset({name} if folder is None else {name, f"{folder}/{name}"}))


def item_of(raw: Mapping[str, Any], path: str) -> Item:
    """The item `raw`, that `path` addresses."""
    fields = _fields(raw)
    history = next((each["value"] for each in fields if each["name"] == HISTORY_FIELD), None)
    held: dict[int, Secret] = {}
    others: list[tuple[str, str]] = []
    for each in fields:
        version = _VERSION.fullmatch(each["name"]) if history is not None else None
        if version is not None and each["value"]:
            held[int(version[1])] = Secret(each["value"])
        elif version is None and each["name"] not in (HISTORY_FIELD, *_CLEARING):
            others.append((each["name"], each["value"]))
    login = raw.get("login") or {}
    own = {
        "username": login.get("username"),
        "notes": raw.get("notes"),
        "uri": next((each.get("uri") for each in login.get("uris") or ()), None),
    }
    several = {name for name, count in Counter(name for name, _ in others).items() if count > 1}
    named = [(name, value) for name, value in others if name not in several]
    return Item(
        path=path,
        handle=str(raw["id"]),
        revision=str(raw["revisionDate"]),
        created_at=datetime.fromisoformat(raw["creationDate"]),
        value=_secret(raw.get("notes") if raw["type"] == NOTE else login.get("password")),
        held=held,
        history=history,
        # An item's own username counts before a field that somebody has called so.
        fields={name: Secret(value) for name, value in (*named, *own.items()) if value},
        one_time=frozenset({"totp"} if login.get("totp") else ()),
    )


def with_values(raw: Mapping[str, Any], item: Item) -> dict[str, Any]:
    """`raw` with the values and the history of `item`; everything else is as it was."""
    value = item.value.reveal() if item.value is not None else None
    ours = [_field(HISTORY_FIELD, item.history or "", _TEXT)]
    ours += [_field(f"version {number}", held.reveal(), _HIDDEN) for number, held in item.held.items()]
    others = [each for each in _fields(raw) if not _is_ours(each["name"])]
    changed = {**raw, "fields": [*others, *ours]}
    if raw["type"] == NOTE:
        return {**changed, "notes": value}
    return {**changed, "login": {**(raw.get("login") or {}), "password": value}}


def in_the_way(raw: Mapping[str, Any]) -> str | None:
    """The field of `raw` that somebody else has called as we call a version, if there is one."""
    names = [each["name"] for each in _fields(raw)]
    theirs = () if HISTORY_FIELD in names else names
    return next((name for name in theirs if _VERSION.fullmatch(name)), None)


def new_raw(path: str) -> dict[str, Any]:
    """An empty login called `path`."""
    return {"type": LOGIN, "name": path, "favorite": False, "login": {}, "fields": [], "reprompt": 0}


def being_cleared(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` with five fields more, whose removal pushes everything else out of its history."""
    return {**raw, "fields": [*_fields(raw), *(_field(name, "-", _HIDDEN) for name in _CLEARING)]}


def cleared(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` without the fields of :func:`being_cleared`."""
    return {**raw, "fields": [each for each in _fields(raw) if each["name"] not in _CLEARING]}


def _fields(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**each, "name": each.get("name") or ""} for each in raw.get("fields") or ()]


def _field(name: str, value: str, kind: int) -> dict[str, Any]:
    return {"name": name, "value": value, "type": kind}


def _is_ours(name: str) -> bool:
    return name in (HISTORY_FIELD, *_CLEARING) or _VERSION.fullmatch(name) is not None


def _secret(value: Any) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None
