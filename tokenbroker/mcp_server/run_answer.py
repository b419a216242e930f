"""A run as it is answered: what its process told, put together."""

import logging
from typing import Literal

from pydantic import Field

from tokenbroker.errors import BrokerError
from tokenbroker.jobs.events import (
    Allowed,
    Ended,
    Event,
    Finished,
    Refused,
    StepEnded,
    Trouble,
    of_refusal,
)
from tokenbroker.jobs.process import RunProcess
from tokenbroker.mcp_server.answers import Answer
from tokenbroker.redact import Redactor

Status = Literal["passed", "failed", "interrupted", "refused"]
LOST = "run.process_lost"
NOT_BEGUN = (
    "pytest ended before it came to the flow: a conftest, a plugin or a setting of the project stops it"
)
OUTSIDE = "something outside the flow's steps failed: a fixture, a conftest or a plugin of the project"
_log = logging.getLogger(__name__)
_RECOVER = "a person runs: tokenbroker recover"


class StepAnswer(Answer):
    """A step as it went."""

    number: int
    title: str
    status: str
    duration_s: float
    remark: str
    code: str | None


class StoredAnswer(Answer):
    """A token in a sink."""

    reference: str = Field(description="SINK:PATH@VERSION.")
    fingerprint: str = Field(description="Equal tokens have equal ones; nothing can be learned from it.")
    ends: str | None = Field(description="When it ends (RFC 3339, UTC), where its flow says it.")


class RunAnswer(Answer):
    """A run, from its beginning to its end; never a token."""

    passed: bool
    status: Status
    flow: str
    file: str
    run: str = Field(description="The run's id; empty where it did not begin.")
    mode: str
    stored: list[StoredAnswer]
    possibly_created: list[str] = Field(
        description="Keys that may be on the site and in no sink, and how to revoke."
    )
    notes: list[str]
    blocked_requests: int = Field(
        description="Requests to origins that the flow does not name; all were refused."
    )
    steps: list[StepAnswer]
    evidence: str = Field(description="The folder of the evidence.")
    bundle: str = Field(description="The sealed bundle; empty where there is none.")
    code: str = Field(description="The reason code of what went wrong, or empty.")
    message: str = Field(description="What went wrong, for a person, or empty.")
    next_step: str = Field(description="What to do now, or empty.")


class Account:
    """Collects what a run tells; `answer` may be asked at any time."""

    def __init__(self, named: str) -> None:
        self._flow, self._file, self._mode = named, "", ""
        self._steps: list[StepAnswer] = []
        self._refused: Refused | None = None
        self._finished: Finished | None = None
        self._trouble: Trouble | None = None
        self._exit_code: int | None = None
        self._lost = ""
        self._elsewhere = False  # whether the log has more
        self._waited_in_vain = False

    def found(self, flow_id: str, file: str) -> None:
        """The flow that was asked for."""
        self._flow, self._file = flow_id, file

    def refuse(self, error: BrokerError) -> None:
        """The run was not even handed to a process."""
        self._refused = of_refusal(error)

    def note(self, event: Event) -> None:
        """Put in what the process told."""
        match event:
            case Allowed():
                self._mode = event.mode
            case StepEnded():
                self._steps.append(
                    StepAnswer(
                        number=event.number,
                        title=event.title,
                        status=event.status,
                        duration_s=event.duration_s,
                        remark=event.remark,
                        code=event.code,
                    )
                )
            case Refused():
                self._refused = event
            case Finished():
                self._finished = event
            case Trouble():
                self._trouble = self._trouble or event
            case Ended():
                self._exit_code = event.exit_code
            case _:
                pass  # a step that begins is told as progress

    def never_begun(self) -> None:
        """The server ended while the run still waited for its place."""
        self._waited_in_vain = True

    def ended(self, process: RunProcess, redactor: Redactor) -> None:
        """The process is gone, of itself or not.

        What strangers said goes to the log, which a person reads, and not into the answer: a conftest's own error
        may hold a password that no redactor knows. `redactor` goes over it.
        """
        if process.interrupted:
            self._lost = "interrupted"
        elif self._exit_code is None:
            self._lost = f"exit code {process.exit_code}"
        elif not (self._finished or self._refused or self._trouble or self._exit_code == 0):
            self._trouble = Trouble(code="usage", text=NOT_BEGUN)
            self._elsewhere = True
            # Once a run was approved secrets are opened, and what is printed may hold one.
            said = "its output is withheld" if self._mode else process.output.strip()
            _log.warning("%s: %s:\n%s", self._flow, NOT_BEGUN, redactor.text(said))
        if self._trouble is not None and self._trouble.code == BrokerError.code:
            _log.warning("%s: %s:\n%s", self._flow, OUTSIDE, redactor.text(self._trouble.text))
            self._trouble = Trouble(code=BrokerError.code, text=OUTSIDE)
            self._elsewhere = True

    def answer(self) -> RunAnswer:
        """The run as it is known."""
        end, refused = self._finished, self._refused
        status, code, message, next_step = self._verdict()
        if end is not None and end.possibly_created:
            next_step = f"{_RECOVER}; it names the key and how to revoke it"
        return RunAnswer(
            passed=status == "passed",
            status=status,
            flow=end.flow if end else self._flow,
            file=self._file,
            run=end.run if end else "",
            mode="" if refused else self._mode,
            stored=[
                StoredAnswer(reference=each.reference, fingerprint=each.fingerprint, ends=each.ends)
                for each in end.stored
            ]
            if end
            else [],
            possibly_created=list(end.possibly_created) if end else [],
            notes=list(end.notes) if end else [],
            blocked_requests=end.blocked if end else 0,
            steps=self._steps,
            evidence=end.evidence if end else "",
            bundle=(end.bundle or "") if end else "",
            code=code,
            message=message,
            next_step=next_step,
        )

    def _verdict(self) -> tuple[Status, str, str, str]:
        """Status, code, message and next step."""
        end, refused = self._finished, self._refused
        if self._waited_in_vain:
            return "interrupted", "run.interrupted", "the server ended before the run began", "run_flow again"
        if self._lost and end is None:
            if self._lost == "interrupted":
                return "interrupted", "run.interrupted", "the run was ended before it was over", _RECOVER
            why = f"the process of the run ended without a word ({self._lost})"
            return "failed", LOST, why, f"{_RECOVER}; then run_flow again"
        if self._exit_code == 0 or (self._exit_code is None and end is not None and end.status == "passed"):
            return "passed", "", "", ""
        if refused is not None:
            return "refused", refused.code, refused.sentence, refused.next_step
        if end is not None and end.code:
            status: Status = "interrupted" if end.status == "interrupted" else "failed"
            return status, end.code, end.report, end.next_step or f"look at the evidence in {end.evidence}"
        trouble = self._trouble or Trouble(code="internal", text="the run ended without a reason")
        to_do = f"look at the evidence in {end.evidence}" if end else f"mend {self._file}, or its conftest"
        if self._elsewhere:
            to_do += (
                f"; what was said is in this server's standard error, and in: tokenbroker run {self._file}"
            )
        return "failed", trouble.code, trouble.text, to_do

    def text(self, answer: RunAnswer) -> str:
        """`answer` in a few lines."""
        head = f"{answer.flow}: {answer.status}" + (f" ({answer.code})" if answer.code else "")
        lines = [head]
        lines += [
            f"stored {each.reference} (fingerprint {each.fingerprint}){f', ends {each.ends}' if each.ends else ''}"
            for each in answer.stored
        ]
        lines += [f"! {sentence}" for sentence in (*answer.possibly_created, *answer.notes)]
        lines += [f"{name}: {place}" for name, place in self._places(answer) if place]
        if answer.message:
            lines += ["", answer.message]
        if answer.next_step:
            lines += ["", f"to do: {answer.next_step}"]
        return "\n".join(lines)

    def _places(self, answer: RunAnswer) -> tuple[tuple[str, str], ...]:
        return ("evidence", answer.evidence), ("bundle", answer.bundle)
