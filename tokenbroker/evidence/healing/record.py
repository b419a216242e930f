"""The newest run of a flow as it stands, as far as its evidence tells how steps were healed.

Whoever can write to the reports can change what lies there: it is data of a strict shape, or it is refused.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tokenbroker.errors import UsageError
from tokenbroker.evidence.plain_file import read_plain
from tokenbroker.evidence.run_folder import RECORD
from tokenbroker.flow.mend import Act, ByHand
from tokenbroker.flow.model import Flow
from tokenbroker.flow.selector import MAX_ALTERNATIVES, Family
from tokenbroker.run.result import Status

_MAX_BYTES: Final = 32_000_000
_MAX_DEPTH: Final = 4  # of what is told of a place: below it stand keys that anybody may have written
_MAX_STEPS: Final = 20_000
_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}-(?P<flow>[\w.-]+)-[0-9a-f]{8}", re.ASCII)
_Text = Annotated[str, Field(max_length=1000)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{4}$")]
_Kind = Annotated[str, Field(pattern=r"^[a-z][a-z -]{0,99}$")]
FieldName = Literal[
    "role", "tag", "type", "autocomplete", "form", "landmark", "name", "row", "caption", "near", "alike"
]  # fmt: skip
"""The fields of a fingerprint."""
_Families = Annotated[list[Family], Field(max_length=MAX_ALTERNATIVES)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class ProposalRecord(_Strict):
    """What a run proposes for one alternative."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    number: int = Field(ge=0, lt=MAX_ALTERNATIVES)
    family: Family
    act: Act
    fresh: dict[Literal["test_id", "role", "name", "label", "placeholder", "text", "css"], _Text] | None = (
        Field(alias="with")
    )


class MendRecord(_Strict):
    """What a run proposes for one set, or why nothing."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    by_hand: ByHand
    proposals: list[ProposalRecord] = Field(max_length=MAX_ALTERNATIVES)


class FingerprintRecord(_Strict):
    """The element as it was found; what is empty is left out."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    role: _Kind = ""
    tag: _Kind = ""
    type: _Kind = ""
    autocomplete: _Kind = ""
    form: _Text = ""
    landmark: _Kind = ""
    name: _Hash = ""
    row: _Hash = ""
    caption: _Hash = ""
    near: list[_Hash] = Field(default=[], max_length=12)
    alike: int = Field(default=0, ge=1)


class TargetRecord(_Strict):
    """How a set came to its element."""

    healed: bool
    in_other_frame: bool
    agreed: _Families
    failed: _Families
    differs: list[FieldName] = Field(max_length=12)
    fingerprint: FingerprintRecord | None
    mend: MendRecord | None = None


class StepRecord(_Strict):
    """A step of a run."""

    number: int = Field(ge=1)
    verb: _Text
    status: Status
    target: TargetRecord | None


class RunRecord(_Strict):
    """As much of ``run.json`` as tells how a run's steps were healed."""

    run: str
    flow: _Text
    flow_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    status: Status
    started_at: _Text
    steps: list[StepRecord] = Field(max_length=_MAX_STEPS)

    @property
    def began_at(self) -> datetime:
        """When it began, UTC; raises ValueError."""
        return datetime.fromisoformat(self.started_at).astimezone(UTC)

    @property
    def healed(self) -> list[StepRecord]:
        """The steps that passed because they were healed."""
        return [
            each
            for each in self.steps
            if each.status is Status.PASSED and each.target is not None and each.target.healed
        ]


def newest_run(reports: Path, flow: Flow) -> RunRecord:
    """The newest run in `reports` that passed with the text that `flow` has now.

    Raises:
        UsageError: `heal.no_run`, `heal.flow_changed` or `heal.bad_record`.
    """
    has_passed = has_run = False
    for folder in _folders(reports, flow.name):
        record = _record(folder)
        if record is None or not (record.flow == flow.id or record.flow.startswith(f"{flow.id}[")):
            continue
        has_run = True
        if record.status is Status.PASSED:
            if record.flow_sha256 == flow.sha256:
                return record
            has_passed = True
    again = f"run it: tokenbroker run {flow.path}"
    if has_run and not has_passed:
        again = (
            "see in its report which selector failed, and mend that by hand: a patch takes a run that passed"
        )
    if has_passed:
        raise UsageError(
            f"{flow.path} has changed since its last run that passed, so that nothing is known of it as it is",
            next_step=f"{again} (a flow that makes a key makes another one)",
            code="heal.flow_changed",
        )
    what = "none of its runs has passed yet" if has_run else "it has not been run yet"
    raise UsageError(
        f"nothing is known of {flow.path}: {what} (in {reports})", next_step=again, code="heal.no_run"
    )


def failed_since(reports: Path, flow: Flow, run: RunRecord) -> str:
    """The newest run of `flow` as it is now that did not pass, if it is newer than `run`; "" where there is none."""
    for folder in _folders(reports, flow.name):
        if folder.name == run.run:
            return ""
        record = _record(folder)
        if record is not None and record.flow == run.flow and record.flow_sha256 == flow.sha256:
            return record.run
    return ""


def bad_record(folder: str, why: str) -> UsageError:
    """The record of a run is not as a run writes it."""
    return UsageError(
        f"the {RECORD} of {folder} is not as a run of this release writes it ({why}); nothing was changed",
        next_step="run the flow again; move that folder away if it is in the way",
        code="heal.bad_record",
    )


def _folders(reports: Path, flow_name: str) -> list[Path]:
    """The folders of runs of flows of that name, the newest first."""
    found = []
    for path in reports.iterdir() if reports.is_dir() else ():
        named = _ID.fullmatch(path.name)
        if named and named["flow"] == flow_name and not path.is_symlink() and path.is_dir():
            found.append(path)
    return sorted(found, key=_age, reverse=True)


def _age(folder: Path) -> tuple[str, float]:
    """The moment in its name, which may be as coarse as a day, then the one at which its record was written."""
    try:
        written = (folder / RECORD).lstat().st_mtime
    except OSError:
        written = 0.0
    return folder.name[:15], written


def _record(folder: Path) -> RunRecord | None:
    """The record in `folder`; None where there is none: the run was cut off, or is under way."""
    reason = ""
    try:
        raw = read_plain(folder / RECORD, limit_bytes=_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise bad_record(folder.name, error.strerror or type(error).__name__) from None
    if raw is None or len(raw) > _MAX_BYTES:
        raise bad_record(folder.name, "it is no plain file, or too large")
    try:
        record = RunRecord.model_validate_json(raw)
        _ = record.began_at
    except ValidationError as error:
        reason = ", ".join(_places(error))
    except (ValueError, OverflowError):
        reason = "started_at"
    if reason:
        raise bad_record(folder.name, reason)
    if record.run != folder.name:
        raise bad_record(folder.name, "it is that of another run")
    return record


def _places(error: ValidationError) -> Iterator[str]:
    """Where it is wrong, never what stands there."""
    for each in error.errors(include_url=False, include_context=False, include_input=False)[:3]:
        yield ".".join(map(str, each["loc"][:_MAX_DEPTH])) or "no JSON"
