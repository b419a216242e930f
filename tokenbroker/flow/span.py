"""Long times as flows and policies write them: ``15m``, ``12h``, ``90d``, ``6w``."""

import re
from datetime import timedelta
from typing import Any, Final

from tokenbroker.errors import UsageError

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORM: Final = re.compile(r"([0-9]+)([mhdw])")
SPAN: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": "^[1-9][0-9]{0,3}[mhdw]$",
    "$comment": "a time such as 15m, 12h, 90d or 6w",
}


def span_given(option: str, said: str) -> timedelta:
    """The time that a person has given as `option`.

    Raises:
        UsageError: it is none.
    """
    span = span_of(said) if re.fullmatch(SPAN["pattern"], said) else None
    if span is None:
        raise UsageError(f"{option} takes {SPAN['$comment']}")
    return span


def span_of(said: str | None) -> timedelta | None:
    """The time that `said` tells, which its schema has accepted; None for None."""
    found = _FORM.fullmatch(said or "")
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
