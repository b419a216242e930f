"""What lies in a run's folder beside its record and pictures: everything that an auditor needs, derived from them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenbroker.evidence.bundle.failure import BundleError
from tokenbroker.evidence.bundle.junit import junit_of
from tokenbroker.evidence.bundle.sshsig import PublicKey
from tokenbroker.evidence.bundle.start_here import START_HERE, FlowText, start_here
from tokenbroker.evidence.run_folder import RECORD, write_private

FLOW, VERSIONS = "flow.yaml", "versions.json"
JUNIT, DECISION, CHECKPOINTS = "junit.xml", "decision.json", "checkpoints.json"
DERIVED = frozenset({JUNIT, DECISION, CHECKPOINTS, START_HERE})
"""What :func:`describe` makes of the rest, anew each time."""

_DECIDED = ("run", "flow", "flow_file", "flow_sha256", "actor", "mode", "mode_reason", "decision", "origins")


def read_record(folder: Path) -> dict[str, Any]:
    """What ``run.json`` of `folder` holds.

    Raises:
        BundleError: `audit.no_record`; the run was cut off before it was written.
    """
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict):
        raise BundleError(
            f"{folder} has no {RECORD}: the run was cut off before its end, or is still under way",
            next_step="'tokenbroker recover' tells what a run that was cut off has left",
            code="audit.no_record",
        )
    return record


def write_flow(folder: Path, text: str) -> None:
    """Keep the flow's `text` with the run, byte for byte, so that its digest can be checked."""
    write_private(folder / FLOW, text.encode())


def describe(folder: Path, *, signer: PublicKey, versions: Mapping[str, str] | None = None) -> None:
    """Write what follows from ``run.json``: the decision, the checkpoints, JUnit and START-HERE.

    Done again it changes nothing; without `versions` those of the first time stay.

    Raises:
        BundleError: `audit.no_record`.
        OSError: the disk refuses.
    """
    record = read_record(folder)
    if versions is not None:
        write_private(folder / VERSIONS, _json(versions))
    try:
        kept = json.loads((folder / VERSIONS).read_bytes())
    except (OSError, ValueError):
        kept = {"tokenbroker": record["tokenbroker"]}
    write_private(folder / DECISION, _json({name: record[name] for name in _DECIDED}))
    write_private(folder / CHECKPOINTS, _json(record["checkpoints"]))
    write_private(folder / JUNIT, junit_of(record))
    page = start_here(record, versions=kept, signer=signer, flow_text=_flow_text(folder, record))
    write_private(folder / START_HERE, page)


def _flow_text(folder: Path, record: Mapping[str, Any]) -> FlowText:
    try:
        digest = hashlib.sha256((folder / FLOW).read_bytes()).hexdigest()
    except OSError:
        return "missing"
    return "exact" if digest == record["flow_sha256"] else "redacted"


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
