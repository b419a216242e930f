"""What a flow says of the life of a token that it captures (FLOW-8)."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from tokenbroker.errors import UsageError
from tokenbroker.flow.model import Step
from tokenbroker.flow.span import SPAN, span_of

_NAME: Final = "[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
_FLOW_ID: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": f"^{_NAME}/{_NAME}$",
    "$comment": "a flow as SITE/FLOW",
}
LIFE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "description": "How long the token lives, whose it is, and which flows replace and revoke it.",
    "properties": {
        "expires_in": {**SPAN, "description": "How long after its creation it ends: 12h, 90d, 6w."},
        "expires_at": {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "$comment": "a date such as 2027-02-28",
            "description": "The last day on which it works, UTC; in place of expires_in.",
        },
        "rotates": {**_FLOW_ID, "description": "The flow that gets another in its place, SITE/FLOW."},
        "revokes": {**_FLOW_ID, "description": "The flow that revokes it, SITE/FLOW."},
        "grace": {
            **SPAN,
            "description": "How long it goes on working after another has taken its place: 24h.",
        },
        "owner": {
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9 _.-]{0,99}$",
            "$comment": "a name of letters, digits, spaces, dots, underscores and hyphens",
            "description": "Who answers for it: a team or a role, not a person's address.",
        },
        "labels": {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": f"^{_NAME}$",
                "$comment": "a word of letters, digits, dots, underscores and hyphens",
            },
            "minItems": 1,
            "maxItems": 20,
            "uniqueItems": True,
            "description": "Words by which its owner finds it, such as the place where it is used.",
        },
    },
    "dependentSchemas": {
        "expires_in": {
            "not": {"required": ["expires_at"]},
            "description": "expires_in and expires_at exclude each other.",
        }
    },
    "examples": [{"expires_in": "90d", "owner": "platform", "revokes": "examplecloud/revoke_api_key"}],
}
"""JSON Schema (2020-12) of the option `life`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenLife:
    """The life of one token, as its flow says it; what is not said is None or "".

    Attributes:
        expires_in: how long after its creation it ends.
        expires_at: the last day on which it works, UTC.
        rotates: the flow that gets another in its place.
        revokes: the flow that revokes it.
        grace: how long it goes on working after another has taken its place.
        owner: who answers for it.
        labels: words by which its owner finds it.
    """

    expires_in: timedelta | None = None
    expires_at: date | None = None
    rotates: str = ""
    revokes: str = ""
    grace: timedelta | None = None
    owner: str = ""
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, str]) -> "TokenLife":
        """The life that `said` tells, which its schema has accepted."""
        at = said.get("expires_at")
        return cls(
            expires_in=span_of(said.get("expires_in")),
            expires_at=date.fromisoformat(at) if at else None,
            rotates=said.get("rotates", ""),
            revokes=said.get("revokes", ""),
            grace=span_of(said.get("grace")),
            owner=said.get("owner", ""),
            labels=tuple(said.get("labels", "").split()),
        )

    def ends(self, created_at: datetime) -> datetime | None:
        """When a token that was created then ends, UTC; None where the flow does not say."""
        if self.expires_in is not None:
            return created_at.astimezone(UTC) + self.expires_in
        if self.expires_at is not None:
            # The last day there is has no next one.
            last = datetime.combine(self.expires_at, time.max, UTC)
            return last if self.expires_at == date.max else last + timedelta(microseconds=1)
        return None


def life_given(said: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """`said`, which a person gave in the words of the option `life`, in the form that `life_said` answers.

    Raises:
        UsageError: `flow.schema` or `flow.bad_date`, as where it stands in a flow; it names the option.
    """
    for name, value in said.items():
        schema = LIFE["properties"][name]
        single = schema.get("items", schema)
        for each in [value] if isinstance(value, str) else value:
            if not re.fullmatch(single["pattern"], each):
                raise UsageError(f"{_option(name)} takes {single['$comment']}", code="flow.schema")
    if "expires_at" in said:
        _require_day(str(said["expires_at"]))
    if "expires_in" in said and "expires_at" in said:
        raise UsageError("--expires-in and --expires-at exclude each other", code="flow.schema")
    if len(said.get("labels", ())) > LIFE["properties"]["labels"]["maxItems"]:
        raise UsageError("a token has at most 20 labels", code="flow.schema")
    return {
        name: value if isinstance(value, str) else " ".join(dict.fromkeys(value))
        for name, value in said.items()
    }


def _option(name: str) -> str:
    return "--label" if name == "labels" else f"--{name.replace('_', '-')}"


def _require_day(text: str) -> None:
    with suppress(ValueError):
        date.fromisoformat(text)
        return
    raise UsageError(f"--expires-at: {text} is no day of the calendar", code="flow.bad_date")


def life_said(step: Step) -> dict[str, str]:
    """What `step` says of the life of the token that it captures, as it stands in the flow; {} for nothing.

    Labels stand in one text, with a space between.
    """
    said = step.options.get("life", {}).items()
    return {name: " ".join(value) if isinstance(value, list) else str(value) for name, value in said}
