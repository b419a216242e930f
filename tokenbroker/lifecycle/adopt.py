"""A key that was made without a flow gets what one would have told of its life (FLOW-8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from re import fullmatch
from typing import Final

from tokenbroker.errors import UsageError
from tokenbroker.flow.cases import filled
from tokenbroker.flow.life import TokenLife, life_said
from tokenbroker.flow.model import Flow, Step
from tokenbroker.run.creation import creations
from tokenbroker.sinks.sink import Reference, service_of
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.engine import Store
from tokenbroker.store.lives import Life, adopt_life

_LONGEST_NAME: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The flow that would have captured a token, and what it says of that token's life.

    Attributes:
        flow_id: with its case, where it has a matrix.
        revoke_at: how it says that a key is revoked by hand.
    """

    flow_id: str
    life: TokenLife
    revoke_at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a person says of a key; what is not said is None, "" or empty.

    Attributes:
        created_at: when the site created it, UTC.
        key_name: its name at the site.
        params: what the flow would have been given, none of it personal.
    """

    life: TokenLife
    source: Source | None = None
    created_at: datetime | None = None
    key_name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def source_of(cases: Sequence[Flow], target: str, params: Mapping[str, str]) -> Source:
    """What the one of `cases` says that captures the token of `target`, ``SINK:PATH``, with these `params`.

    Raises:
        UsageError: `adopt.other_reference`, where not exactly one capture goes there; `param.unknown`,
            `param.fixed`, `param.pattern`, `param.personal` or `param.not_a_name` for what is wrong with `params`.
    """
    for flow in cases:
        _check_params(flow, params)
    with_params = [filled(flow, _values(flow, params)) for flow in cases]
    found = [(flow, step) for flow in with_params for step in _captures(flow) if _leads_to(step, target)]
    if len(found) != 1:
        flow = with_params[0]
        others = ", ".join(
            dict.fromkeys(str(step.options["secret_ref"]) for flow in with_params for step in _captures(flow))
        )
        times = f"{len(found)} captures of {flow.site}/{flow.name} go" if found else "no capture goes"
        raise UsageError(
            f"{times} to {target}, and exactly one must; {flow.site}/{flow.name} stores into: {others or 'nothing'}",
            next_step="adopt the reference that the flow stores into (--param fills in what stands in it), "
            "or name another flow",
            code="adopt.other_reference",
        )
    flow, step = found[0]
    revoke = next((made.revoke for made in creations(flow) if step.number in made.captures), None)
    return Source(flow_id=flow.id, life=TokenLife.of(life_said(step)), revoke_at=revoke or "")


def moment_said(text: str, *, now: datetime) -> datetime:
    """The moment that `text` tells, UTC: a date, meaning its first moment, or a time with its offset.

    Raises:
        UsageError: `flow.bad_date`; it tells none, or one that is still to come.
    """
    moment = _moment(text)
    if moment is None or moment > now:
        what = (
            "is still to come"
            if moment
            else "is no date such as 2026-11-27, nor a time such as 2026-11-27T09:30Z"
        )
        raise UsageError(f"--created-at: {text} {what}", code="flow.bad_date")
    return moment


def key_name_said(text: str) -> str:
    """`text`, if a key can have that name.

    Raises:
        UsageError: it is empty or longer than 100, begins or ends with space, or holds control characters.
    """
    if not text or len(text) > _LONGEST_NAME or text != text.strip() or not text.isprintable():
        raise UsageError(f"--key-name takes a name of at most {_LONGEST_NAME} printable characters")
    return text


def adopted(said: Said, reference: Reference, known: Life | None, *, now: datetime) -> Life:
    """The life of the version `reference`: what is `said` of it, else what was `known`, else what its flow says."""
    given, source = said.life, said.source
    flow = source.life if source else TokenLife()
    created_at = said.created_at or (known.created_at if known else now)
    ends_at = given.ends(created_at)
    if ends_at is None:
        ends_at = known.ends_at if known and known.ends_at else flow.ends(created_at)
    known_grace = known.grace_s if known else None
    grace = given.grace or (flow.grace if known_grace is None else None)
    is_same_flow = known is not None and (source is None or source.flow_id == known.flow_id)
    return Life(
        sink=reference.sink,
        path=reference.path,
        version=reference.version,
        fingerprint=reference.fingerprint,
        flow_id=source.flow_id if source else known.flow_id if known else "",
        run_id=known.run_id if known and is_same_flow else "",
        created_at=created_at,
        ends_at=ends_at,
        # Another flow that is named now is to replace it, whatever an earlier one has said.
        rotates=(known.rotates if known and is_same_flow else "") or flow.rotates,
        revokes=given.revokes or (known.revokes if known else "") or flow.revokes,
        grace_s=int(grace.total_seconds()) if grace else known_grace,
        owner=given.owner or (known.owner if known else "") or flow.owner,
        labels=given.labels or (known.labels if known else ()) or flow.labels,
        key_name=said.key_name or (known.key_name if known else ""),
        params={**(known.params if known and is_same_flow else {}), **said.params},
        revoke_at=(known.revoke_at if known else "") or (source.revoke_at if source else "") or given.revokes,
        revoked_at=known.revoked_at if known else None,
    )


def keep_adopted(store: Store, life: Life, *, actor: str, at: datetime) -> None:
    """Keep `life`, and that it was adopted; durable when this returns.

    Raises:
        SecretUnavailable: the store can't be written.
    """
    key = f"{life.sink}:{life.path}@{life.version}"
    entry = AuditEntry(service_id=service_of(life.path), action="adopt_token", actor=actor, key=key)
    adopt_life(store, life, entry, at=at)


def _moment(text: str) -> datetime | None:
    try:
        if fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return datetime.combine(date.fromisoformat(text), time.min, UTC)
        moment = datetime.fromisoformat(text)
        # Whose time would one without an offset be?
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _captures(flow: Flow) -> list[Step]:
    return [step for step in flow.steps if step.verb == "capture_token"]


def _leads_to(step: Step, target: str) -> bool:
    return str(step.options["secret_ref"]) == target


def _values(flow: Flow, given: Mapping[str, str]) -> dict[str, str]:
    said = {param.name: given.get(param.name, param.default) for param in flow.params if not param.personal}
    return {name: value for name, value in said.items() if value is not None}


def _check_params(flow: Flow, given: Mapping[str, str]) -> None:
    params = {param.name: param for param in flow.params}
    fixed = flow.matrix.get(flow.case, {})
    for name, value in given.items():
        sentence, code = "", ""
        if name not in params:
            known = ", ".join(params) or "none"
            sentence, code = f"{flow.id} has no parameter '{name}' (it has: {known})", "param.unknown"
        elif name in fixed:
            sentence, code = f"the case '{flow.case}' sets the parameter '{name}' itself", "param.fixed"
        elif params[name].personal:
            sentence, code = (
                f"the parameter '{name}' is personal, and nothing personal is kept",
                "param.personal",
            )
        elif (pattern := params[name].pattern) is not None and not fullmatch(pattern, value):
            sentence, code = (
                f"the value given for '{name}' does not match its pattern {pattern}",
                "param.pattern",
            )
        if code:
            raise UsageError(sentence, next_step=f"leave --param {name} away, or mend it", code=code)
