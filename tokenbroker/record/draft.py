"""A flow as it is drafted from a recording: what the YAML and the Playwright Test file are both written from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftStep:
    """One step, with its options as they stand in a flow (`selector` a list of alternatives or a mapping with a
    fingerprint; see `tokenbroker.flow.selector`).

    Attributes:
        when: the selector that has to be visible for the step to be done, as it stands in a flow; None for always.
        comment: a line for who reads the flow; "" for none.
        shape: of a captured token, a regular expression without a group, for what looks at it from outside; "".
    """

    verb: str
    options: Mapping[str, Any]
    when: Any = None
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
        origins: what it may reach; written out where it is more than the first one.
        policy: what its owner lays down, as far as that can be drafted.
        notes: what a person should look at before the flow is used, a sentence each.
    """

    site: str
    flow: str
    description: str
    steps: tuple[DraftStep, ...]
    params: tuple[DraftParam, ...] = ()
    allowed_automation: str = "guided|semi_auto"
    tags: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=())
