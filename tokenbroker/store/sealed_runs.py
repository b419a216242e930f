"""Runs and their bundles, as the database knows them."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.engine import Store
from tokenbroker.store.models import AUDIT_LOG, TOKEN_JOBS

FINISHED, SEALED = "finish_flow", "seal_bundle"
"""The actions whose rows carry a bundle's digest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownRun:
    """One run: how it stands, and when it was last heard of."""

    run_id: str
    flow_id: str
    status: str
    at: datetime


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


def sealed_entry(store: Store, run_id: str, *, actor: str, sha256: str) -> AuditEntry:
    """The row for a run that was sealed after its end."""
    flow_id = store.read(lambda connection: _flow_of(connection, run_id)) or ""
    return AuditEntry(
        service_id=flow_id.split("/")[0],
        action=SEALED,
        actor=actor,
        key=flow_id,
        detail={"job_id": run_id, "bundle_sha256": sha256},
    )


def recorded_bundle(store: Store, run_id: str) -> str | None:
    """The digest of the newest bundle that the audit log says was sealed of `run_id`, if it says so of any.

    Raises:
        SecretUnavailable: the store can't be read.
    """

    def work(connection: Connection) -> str | None:
        query = select(AUDIT_LOG.c.detail).where(
            AUDIT_LOG.c.action.in_((FINISHED, SEALED)), AUDIT_LOG.c.key == _flow_of(connection, run_id)
        )
        for (text,) in connection.execute(query.order_by(AUDIT_LOG.c.id.desc())):
            detail = json.loads(text)
            if detail.get("job_id") == run_id and detail.get("bundle_sha256"):
                return str(detail["bundle_sha256"])
        return None

    return store.read(work)


def _flow_of(connection: Connection, run_id: str) -> str | None:
    return connection.execute(select(TOKEN_JOBS.c.flow_id).where(TOKEN_JOBS.c.id == run_id)).scalar()
