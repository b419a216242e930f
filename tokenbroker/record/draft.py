"""A flow as it is drafted from a recording: what the YAML and the Playwright Test file are both written from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftStep:
    """One step, with its options as they stand in a flow (`selector` a list of alternatives or a mapping with a
    fingerprint; see `tokenbroker.flow.selector`).

    Attributes:
        comment: a line for who reads the flow; "" for none.
        shape: of a capture: a regular expression that a whole token matches; "" where that is not known.
    """

    verb: str
    options: Mapping[str, Any]
    comment: str = ""
    shape: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftParam:
    """A parameter, in the order in which the flow needs it.

    Attributes:
        label: what the page calls the field; "" where that may not be said.
    """

    name: str
    required: bool = True
    personal: bool = False
    default: str | None = None
    pattern: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A flow that has not been reviewed yet. Nothing in it is private.

    Attributes:
        origins: what it may reach; written out where it is more than the navigate steps say.
        notes: what a person should look at before the flow is used, a sentence each.
    """

    site: str
    flow: str
    description: str
    steps: tuple[DraftStep, ...]
    params: tuple[DraftParam, ...] = ()
    origins: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
