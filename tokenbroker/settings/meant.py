"""What a variable of ours that is no setting may be meant to be."""

import difflib
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from tokenbroker.settings.model import Settings
from tokenbroker.settings.sinks import SinkSettings
from tokenbroker.settings.variables import CONFIG, CREDENTIALS_OF, KEY_VARIABLES, PREFIX, SECRET_PREFIX

_NEAR = 0.75


def meant(name: str) -> str:
    """The variable that `name` may be meant to be, "" where none is like it."""
    return (
        _credential_of_one_sink(name)
        or _of_one_sink(name)
        or _one_of(name, [*_whole_names()])
        or _with_start(name, SECRET_PREFIX.removesuffix("_"))
    )


def _whole_names() -> Iterator[str]:
    """Every variable whose name has no part that a person chooses."""
    yield from (CONFIG, KEY_VARIABLES[0])
    for prefix, ends in CREDENTIALS_OF.items():
        yield from (f"{prefix}{end}" for end in ends)
    for setting, field in Settings.model_fields.items():
        top = f"{PREFIX}{setting.upper()}"
        yield top
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (f"{top}__{part.upper()}" for part in field.annotation.model_fields)


def _one_of(name: str, known: list[str]) -> str:
    # Without what all have in common, which would make all alike.
    rests = {each.removeprefix(PREFIX): each for each in known}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), rests, n=1, cutoff=_NEAR)
    return rests[near[0]] if near else ""


def _of_one_sink(name: str) -> str:
    """A setting of a sink whose alias stands in the middle, such as ``TOKENBROKER_SINKS__TEAM__ADDRESS``."""
    top, _, rest = name.removeprefix(PREFIX).partition("_")
    if not difflib.get_close_matches(top, ["SINKS"], cutoff=_NEAR):
        return ""
    alias, field = _around(rest, [each.upper() for each in SinkSettings.model_fields])
    return f"{PREFIX}SINKS__{alias}__{field}" if alias else ""


def _credential_of_one_sink(name: str) -> str:
    """A credential with the alias of a sink in it, such as ``TOKENBROKER_VAULT_TEAM_SECRET_ID``."""
    prefix = next((each for each in CREDENTIALS_OF if name.startswith(each)), "")
    alias, what = _around(name.removeprefix(prefix), CREDENTIALS_OF.get(prefix, ()))
    return f"{prefix}{alias}_{what}" if alias else ""


def _around(rest: str, ends: Iterable[str]) -> tuple[str, str]:
    """The alias in front of that one of `ends` which `rest` ends most like; twice "" where there is none."""
    words = rest.split("_")
    known = [*ends]
    split = [("_".join(words[:at]).strip("_"), "_".join(words[at:])) for at in range(1, len(words))]
    found = [
        (difflib.SequenceMatcher(None, said, near).ratio(), alias, near)
        for alias, said in split
        if alias
        for near in difflib.get_close_matches(said, known, n=1, cutoff=_NEAR)
    ]
    return max(found, default=(0.0, "", ""))[1:]


def _with_start(name: str, start: str) -> str:
    """`name` with the right start, where it has one that is like it."""
    first, _, rest = name.removeprefix(PREFIX).partition("_")
    near = difflib.get_close_matches(first, [start.removeprefix(PREFIX)], cutoff=_NEAR)
    return f"{start}_{rest}" if near and rest else ""
