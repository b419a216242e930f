"""``approve``: a Flow becomes a Plan, or is refused with a reason code before a browser starts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tokenbroker.clock import Clock
from tokenbroker.errors import PolicyDenied, SettingsError, UsageError
from tokenbroker.flow.model import Flow, Mode, Param
from tokenbroker.secret import Secret
from tokenbroker.settings import checked_origin_map, is_loopback, origin_of

PLAN_LIFE = timedelta(hours=1)

MODE_DENIED = "policy.rule.deny.automation.not_permitted"
ORIGIN_DENIED = "policy.rule.deny.origin.not_permitted"
PLAIN_HTTP = "policy.rule.deny.origin.plain_http"
NEEDS_LIVE = "run.needs_live"
WOULD_DUPLICATE = "run.would_duplicate"
ALLOWED = "policy.rule.allow.automation.permitted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is asked for: who wants which mode, with which values, against which addresses."""

    actor: str
    mode: Mode | None = None
    """None leaves the choice to the product."""
    params: Mapping[str, str]
    origin_map: Mapping[str, str]
    live: bool = False
    """Whether sites beyond this machine may be touched."""
    again: bool = False
    """Whether a flow that has created a key on a live site before may do so again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A flow that policy has allowed for one actor, pinned to the text it was approved for."""

    flow: Flow
    flow_sha256: str
    actor: str
    mode: Mode
    mode_reason: str
    origins: tuple[str, ...]
    """Where the flow may go, as its text says it."""
    origin_map: Mapping[str, str]
    params: Mapping[str, str | Secret]
    """Values by name; personal ones as `Secret`."""
    reason_code: str
    decided_at: datetime
    expires_at: datetime

    def as_written(self, url: str) -> str:
        """`url` as the flow would write it: with the origin that the map leads away from; "" for ""."""
        for origin, target in self.origin_map.items():
            if url == target or url.startswith(f"{target}/"):
                return origin + url.removeprefix(target)
        return url

    def address(self, url: str) -> str:
        """`url` as the browser will see it: its origin replaced where the origin map says so."""
        origin = origin_of(url)
        target = self.origin_map.get(origin)
        return url if target is None else target + url[_origin_length(url) :]

    @property
    def reachable(self) -> tuple[str, ...]:
        """The origins that the browser may reach, after the origin map."""
        return tuple(dict.fromkeys(self.origin_map.get(origin, origin) for origin in self.origins))


def approve(flow: Flow, request: Request, *, created_before: datetime | None, clock: Clock) -> Plan:
    """Decide whether `flow` may run as `request` asks.

    `created_before` is when an earlier run of this flow created a key, if one did.

    Raises:
        PolicyDenied: with its reason code; nothing was started.
        UsageError: a parameter is missing, unknown, or does not match its pattern; guided mode was asked for.
        SettingsError: the origin map is not one, or leads beyond this machine.
    """
    mode, mode_reason = _mode(flow, request.mode)
    params = _params(flow, request.params)
    origins = origins_of(flow)
    origin_map = _origin_map(request.origin_map)
    reached = [origin_map.get(origin, origin) for origin in origins]
    beyond = [origin for origin in reached if not is_loopback(origin)]
    if beyond and not request.live:
        raise PolicyDenied(
            f"{flow.id} reaches {', '.join(beyond)}, which is not on this machine",
            next_step="give --live to touch real sites, or map the origin to a test site in [origin_map]",
            code=NEEDS_LIVE,
        )
    _refuse_plain_http(flow, beyond)
    if beyond and created_before is not None and not request.again:
        raise PolicyDenied(
            f"{flow.id} has created a key there on {created_before:%Y-%m-%d %H:%M} UTC; again would make a second",
            next_step="give --again to create another key, or revoke the first",
            code=WOULD_DUPLICATE,
        )
    now = clock()
    return Plan(
        flow=flow,
        flow_sha256=flow.sha256,
        actor=request.actor,
        mode=mode,
        mode_reason=mode_reason,
        origins=origins,
        origin_map=origin_map,
        params=params,
        reason_code=ALLOWED,
        decided_at=now,
        expires_at=now + PLAN_LIFE,
    )


def _origin_map(given: Mapping[str, str]) -> dict[str, str]:
    """`given`, checked here as well: a project's own fixture may have made it."""
    reason = ""
    try:
        return checked_origin_map(given)
    except ValueError as error:
        reason = str(error)
    raise SettingsError(reason)


def _refuse_plain_http(flow: Flow, beyond: list[str]) -> None:
    plain = [origin for origin in beyond if origin.startswith("http://")]
    if plain:
        raise PolicyDenied(
            f"{flow.id} reaches {', '.join(plain)} without TLS: whoever is on the way could read what is typed",
            next_step="write https:// where the site has it; plain http is for this machine only",
            code=PLAIN_HTTP,
        )


def _mode(flow: Flow, asked: Mode | None) -> tuple[Mode, str]:
    if asked is Mode.GUIDED:
        raise UsageError(
            "guided mode is not in this release; the overlay it needs is still to come",
            next_step="leave --mode away to run semi_auto where the flow allows it",
            code="mode.not_available",
        )
    if Mode.SEMI_AUTO not in flow.modes:
        raise PolicyDenied(
            f"{flow.id} allows only {', '.join(flow.modes)}; semi_auto was asked for",
            next_step="a person has to do it, or the flow's owner adds semi_auto to allowed_automation",
            code=MODE_DENIED,
        )
    if asked is not None:
        return asked, "asked for with --mode"
    if Mode.GUIDED in flow.modes:
        return Mode.SEMI_AUTO, "the flow allows both, and guided mode is not in this release"
    return Mode.SEMI_AUTO, "the only mode that the flow allows"


def origins_of(flow: Flow) -> tuple[str, ...]:
    """Where `flow` may go, as its text says it; raises PolicyDenied where a step leads out of its `origins`."""
    visited = tuple(origin_of(str(s.options["url"])) for s in flow.steps if s.verb == "navigate")
    if not flow.origins:
        return tuple(dict.fromkeys(visited))
    declared = tuple(origin_of(origin) for origin in flow.origins)
    foreign = [origin for origin in visited if origin not in declared]
    if foreign:
        raise PolicyDenied(
            f"{flow.id} goes to {foreign[0]}, which its origins don't name",
            next_step="add it to 'origins' if it belongs there",
            code=ORIGIN_DENIED,
        )
    return declared


def _params(flow: Flow, given: Mapping[str, str]) -> dict[str, str | Secret]:
    unknown = [name for name in given if name not in {param.name for param in flow.params}]
    if unknown:
        known = ", ".join(param.name for param in flow.params) or "none"
        raise UsageError(f"{flow.id} has no parameter '{unknown[0]}' (it has: {known})", code="param.unknown")
    values: dict[str, str | Secret] = {}
    for param in flow.params:
        value = given.get(param.name, param.default)
        if value:
            _check(param, value)
            values[param.name] = Secret(value) if param.personal else value
        elif value is not None and not param.required:
            values[param.name] = ""  # left empty on purpose; nothing personal is in it
        elif param.required:
            raise UsageError(
                f"{flow.id} needs the parameter '{param.name}'",
                next_step=f"give --param {param.name}=VALUE",
                code="param.missing",
            )
    return values


def _check(param: Param, value: str) -> None:
    if param.pattern is not None and not re.fullmatch(param.pattern, value):
        # The value may be personal: the sentence names the parameter and the pattern only.
        raise UsageError(
            f"the value given for '{param.name}' does not match its pattern {param.pattern}",
            code="param.pattern",
        )


def _origin_length(url: str) -> int:
    start = url.index("://") + 3
    ends = [index for index in (url.find(mark, start) for mark in "/?#") if index >= 0]
    return min(ends, default=len(url))
