"""Runs, as the database knows them: begun, perhaps created a key at the site, finished."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, func, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from tokenbroker.clock import Clock, iso, midnight, system_clock
from tokenbroker.store.audit_log import OK, AuditEntry, append
from tokenbroker.store.engine import Store
from tokenbroker.store.models import TOKEN_JOBS

RUNNING = "running"

# Built once: building a statement takes longer than SQLite takes to do it.
_ADD: Final = insert(TOKEN_JOBS)
_CHANGE: Final = update(TOKEN_JOBS).where(TOKEN_JOBS.c.id == bindparam("job")).returning(TOKEN_JOBS.c.flow_id)
_ASK: Final = _CHANGE.values(created_key=bindparam("asked"), updated_at=bindparam("now"))
_END: Final = _CHANGE.values(status=bindparam("ended"), updated_at=bindparam("now"))
_COUNT_BEGUN: Final = select(func.count()).where(
    or_(
        TOKEN_JOBS.c.flow_id == bindparam("whole"),
        func.substr(TOKEN_JOBS.c.flow_id, 1, bindparam("length", type_=Integer)) == bindparam("of_a_case"),
    ),
    TOKEN_JOBS.c.created_at >= bindparam("since"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatedKey:
    """An earlier run that asked the site to create a key.

    Attributes:
        job_id: that run.
        at: when the run was last heard of.
        status: how it ended; ``running`` if it is under way or was killed.
    """

    job_id: str
    at: datetime
    status: str


def begin_job(
    store: Store,
    *,
    flow_id: str,
    mode: str,
    actor: str,
    job_id: str | None = None,
    sealed_params: bytes | None = None,
    admit: Callable[[int], None] = lambda _begun_today: None,
    clock: Clock = system_clock,
) -> str:
    """Record that a run of `flow_id` (``site/flow``, or ``site/flow[case]``) begins, with its audit row.

    Returns the job's id.

    `admit` is told how many have begun today, UTC, in the very transaction that adds this one: where it raises, none is
    added, and of two runs that race for the last place one gets it.

    Raises:
        SecretUnavailable: the store can't be written; the run must not begin.
    """
    now = clock()
    job_id = job_id or uuid.uuid4().hex
    entry = _entry("run_flow", flow_id=flow_id, actor=actor, job_id=job_id, mode=mode)

    def work(connection: Connection) -> None:
        admit(_begun_since(connection, flow_id, midnight(now)))
        audit_ref = append(connection, entry, at=now)
        row = {
            "id": job_id,
            "flow_id": flow_id,
            "mode": mode,
            "status": RUNNING,
            "params": sealed_params,
            "audit_ref": audit_ref,
            "created_key": False,
            "created_at": iso(now),
            "updated_at": iso(now),
        }
        connection.execute(_ADD, row)

    store.write(work)
    return job_id


def mark_created_key(store: Store, job_id: str, *, created: bool = True, clock: Clock = system_clock) -> None:
    """Record, before the act, that the run asks the site for a key: a run killed after it still counts.

    With `created` False, that it has not asked after all: the person of a guided run did nothing.
    """
    values = {"asked": created, "now": iso(clock())}
    store.write(lambda connection: _change(connection, _ASK, job_id, values))


def finish_job(
    store: Store,
    job_id: str,
    *,
    status: str,
    actor: str,
    result: str = OK,
    bundle_sha256: str = "",
    evidence_sha256: str = "",
    reaches_beyond: bool | None = None,
    clock: Clock = system_clock,
) -> None:
    """Record how the run ended (`status`, and `result`: ``ok`` or an error's code), with its audit row.

    `bundle_sha256` is the digest of the bundle that it was sealed into, `evidence_sha256` that of the files that it
    left; "" where there is none. `reaches_beyond`: whether its flow reaches beyond this machine, if it is known.

    Raises:
        SecretUnavailable: the store can't be written.
        KeyError: no job has that id.
    """
    now = clock()
    digests = {"bundle_sha256": bundle_sha256, "evidence_sha256": evidence_sha256}
    detail: dict[str, str | bool] = {
        "job_id": job_id,
        "status": status,
        **{name: digest for name, digest in digests.items() if digest},
    }
    if reaches_beyond is not None:
        detail["reaches_beyond"] = reaches_beyond

    def work(connection: Connection) -> None:
        flow_id = _change(connection, _END, job_id, {"ended": status, "now": iso(now)})
        entry = _entry("finish_flow", flow_id=flow_id, actor=actor, result=result, **detail)
        append(connection, entry, at=now)

    store.write(work)


def created_keys(store: Store, flow_id: str) -> list[CreatedKey]:
    """The runs of `flow_id` that asked its site for a key, newest first."""
    query = (
        select(TOKEN_JOBS.c.id, TOKEN_JOBS.c.updated_at, TOKEN_JOBS.c.status)
        .where(TOKEN_JOBS.c.flow_id == flow_id, TOKEN_JOBS.c.created_key)
        .order_by(TOKEN_JOBS.c.updated_at.desc(), TOKEN_JOBS.c.id)
    )
    rows = store.read(lambda connection: connection.execute(query).all())
    return [CreatedKey(job_id=job, at=datetime.fromisoformat(at), status=status) for job, at, status in rows]


def runs_since(store: Store, flow_id: str, moment: datetime) -> int:
    """How many runs of `flow_id`, in any case of its matrix, have begun since `moment`."""
    return store.read(lambda connection: _begun_since(connection, flow_id, moment))


def _begun_since(connection: Connection, flow_id: str, moment: datetime) -> int:
    # The site counts the runs of all cases of a matrix (`site/flow[case]`), whoever they are for.
    whole = flow_id.partition("[")[0]
    of_a_case = f"{whole}["
    asked = {"whole": whole, "of_a_case": of_a_case, "length": len(of_a_case), "since": iso(moment)}
    return connection.execute(_COUNT_BEGUN, asked).scalar_one()


def _change(
    connection: Connection, change: ReturningUpdate[Any], job_id: str, values: dict[str, object]
) -> str:
    flow_id: str | None = connection.execute(change, {"job": job_id, **values}).scalar()
    if flow_id is None:
        raise KeyError(f"no job {job_id}")
    return flow_id


def _entry(action: str, *, flow_id: str, actor: str, result: str = OK, **detail: str | bool) -> AuditEntry:
    return AuditEntry(
        service_id=flow_id.split("/")[0],
        action=action,
        actor=actor,
        key=flow_id,
        result=result,
        detail=detail,
    )
