"""Runs and their bundles, as the database knows them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG, TOKEN_JOBS

FINISHED, SEALED = "finish_flow", "seal_bundle"
"""The actions whose rows carry a bundle's digest, and that of the files that a run left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownRun:
    """One run: how it stands, and when it was last heard of."""

    run_id: str
    flow_id: str
    status: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedEnd:
    """How a run stands.

    Attributes:
        status: ``running`` where its end is not known.
        evidence_sha256: the digest of the files that it left; None where none was recorded.
        reaches_beyond: whether its flow reaches beyond this machine; None where that was not recorded.
    """

    status: str
    evidence_sha256: str | None
    reaches_beyond: bool | None


def known_runs(store: Store) -> list[KnownRun]:
    """Every run, newest first.

    Raises:
        SecretUnavailable: the store can't be read.
    """
    columns = (TOKEN_JOBS.c.id, TOKEN_JOBS.c.flow_id, TOKEN_JOBS.c.status, TOKEN_JOBS.c.created_at)
    query = select(*columns).order_by(TOKEN_JOBS.c.created_at.desc(), TOKEN_JOBS.c.id.desc())
    rows = store.read(lambda connection: connection.execute(query).all())
    return [
        KnownRun(run_id=run_id, flow_id=flow_id, status=status, at=datetime.fromisoformat(at))
        for run_id, flow_id, status, at in rows
    ]


def sealed_entry(store: Store, run_id: str, *, actor: str, sha256: str, evidence_sha256: str) -> AuditEntry:
    """The row for a run that was sealed after its end."""
    flow_id = store.read(lambda connection: _flow_of(connection, run_id)) or ""
    return AuditEntry(
        service_id=flow_id.split("/")[0],
        action=SEALED,
        actor=actor,
        key=flow_id,
        detail={"job_id": run_id, "bundle_sha256": sha256, "evidence_sha256": evidence_sha256},
    )


def recorded_bundle(store: Store, run_id: str) -> str | None:
    """The digest of the newest bundle that the audit log says was sealed of `run_id`, if it says so of any.

    Raises:
        SecretUnavailable: the store can't be read.
    """

    def work(connection: Connection) -> str | None:
        digests = (detail.get("bundle_sha256") for detail in _details(connection, run_id))
        return next((str(digest) for digest in digests if digest), None)

    return store.read(work)


def recorded_end(store: Store, run_id: str) -> RecordedEnd | None:
    """How `run_id` stands, and what the audit log says of the files that it left; None if there was no such run.

    Raises:
        SecretUnavailable: the store can't be read.
    """

    def work(connection: Connection) -> RecordedEnd | None:
        status = connection.execute(select(TOKEN_JOBS.c.status).where(TOKEN_JOBS.c.id == run_id)).scalar()
        if status is None:
            return None
        details = list(_details(connection, run_id))
        beyond = [detail["reaches_beyond"] for detail in details if "reaches_beyond" in detail]
        return RecordedEnd(
            status=str(status),
            evidence_sha256=next(
                (each["evidence_sha256"] for each in details if "evidence_sha256" in each), None
            ),
            reaches_beyond=bool(beyond[0]) if beyond else None,
        )

    return store.read(work)


def _details(connection: Connection, run_id: str) -> Iterator[dict[str, Any]]:
    """What the rows of the end and of each sealing of `run_id` say, newest first."""
    query = select(AUDIT_LOG.c.detail).where(
        AUDIT_LOG.c.action.in_((FINISHED, SEALED)), AUDIT_LOG.c.key == _flow_of(connection, run_id)
    )
    for (text,) in connection.execute(query.order_by(AUDIT_LOG.c.id.desc())):
        detail = json.loads(text)
        if detail.get("job_id") == run_id:
            yield detail


def _flow_of(connection: Connection, run_id: str) -> str | None:
    return connection.execute(select(TOKEN_JOBS.c.flow_id).where(TOKEN_JOBS.c.id == run_id)).scalar()
