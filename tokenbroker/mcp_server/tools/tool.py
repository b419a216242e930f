"""The contract of a tool."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp_types import ToolAnnotations

from tokenbroker.mcp_server.desk import Desk


@dataclass(frozen=True, kw_only=True)
class ToolKind:
    """One tool.

    Attributes:
        name: what is advertised; fits ``^[a-zA-Z0-9_-]{1,64}$``, for some clients refuse a whole server otherwise.
        title: for a person.
        description: for the agent: what it does and when to call it.
        annotations: hints for the client, such as whether it changes anything.
        bind: makes the function that the SDK calls; its signature is the input's schema.
    """

    name: str
    title: str
    description: str
    annotations: ToolAnnotations
    bind: Callable[[Desk], Callable[..., Any]]
