"""One run between its begin and its end, as the store, the evidence and the bundle see it."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from tokenbroker.clock import Clock, iso
from tokenbroker.evidence.bundle.contents import write_flow
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.seal import Sealed, evidence_sha256
from tokenbroker.evidence.bundle.versions import versions
from tokenbroker.evidence.closing import noted, unrecorded, why
from tokenbroker.evidence.collect import Evidence
from tokenbroker.evidence.times import rounded
from tokenbroker.human.checkpoint import Answer, Checkpoint
from tokenbroker.policy.approve import Plan
from tokenbroker.redact import Redactor
from tokenbroker.run.creation import CreationRecord
from tokenbroker.run.keep import Remember
from tokenbroker.run.result import RunEvent, RunResult
from tokenbroker.run.spool import Spool
from tokenbroker.settings import Precision, is_loopback
from tokenbroker.sinks import Sink
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.engine import Store
from tokenbroker.store.jobs import begin_job, finish_job, mark_created_key

SinkOpener = Callable[[str], Sink]


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """Where a run is written down, and how exactly."""

    store: Store
    spool: Spool
    bundles: HomeBundles
    redactor: Redactor
    timestamps: Precision
    clock: Clock
    remember: Remember


class Run:
    """One run between its begin and its end, as the store and the evidence folder see it.

    Attributes:
        browser: what the browser says that it is; for the bundle.
        sealed: the run's bundle, once it is finished; None where it could not be sealed.

    Raises:
        UsageError: `evidence.not_writable`.
        SecretUnavailable: the store or the spool can't be written.
    """

    def __init__(self, plan: Plan, open_sink: SinkOpener, books: Books) -> None:
        self._plan = plan
        self._books = books
        # The name must not tell more of the time than the evidence does.
        began_at = rounded(books.clock(), books.timestamps)
        self.run_id = f"{began_at:%Y%m%dT%H%M%S}-{plan.flow.name}-{secrets.token_hex(4)}"
        folder = books.bundles.reports / self.run_id
        self.evidence = Evidence(folder, books.redactor, timestamps=books.timestamps)
        self._listeners: dict[Callable[[RunEvent], None], str] = {
            self.evidence.on_event: "the picture of a step could not be written"
        }
        self._first_failures: dict[str, str] = {}
        self.browser = ""
        self.sealed: Sealed | None = None
        begin_job(
            books.store,
            flow_id=plan.flow.id,
            mode=plan.mode.value,
            actor=plan.actor,
            job_id=self.run_id,
            admit=plan.admit,
            clock=books.clock,
        )
        self.record = CreationRecord(
            plan,
            run_id=self.run_id,
            spool=books.spool,
            open_sink=open_sink,
            clock=books.clock,
            on_press=lambda created: mark_created_key(
                books.store, self.run_id, created=created, clock=books.clock
            ),
            remember=books.remember,
        )

    @property
    def plan(self) -> Plan:
        """What is run."""
        return self._plan

    def listen(self, listener: Callable[[RunEvent], None]) -> None:
        """Tell `listener` of each event of this run."""
        self._listeners[listener] = "the run could not be followed to its end"

    def on_event(self, event: RunEvent) -> None:
        """For the runner: hand `event` to the evidence and to whoever listens.

        A listener's error does not end the run: between the press that creates a key and the capture that would
        orphan the key. The first one of each listener is among the notes of the result.
        """
        for listener, trouble in self._listeners.items():
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001  a closed pipe, a full disk
                self._first_failures.setdefault(trouble, f"{trouble}: {why(error)}")

    def on_checkpoint(self, checkpoint: Checkpoint, answer: Answer) -> None:
        """For the runner: leave the checkpoint's outcome in the audit, and who was asked where it had been parked."""
        parked_at = checkpoint.parked_at(answer.at)
        parked = {"asked": _as_code(checkpoint.asked), "parked_at": iso(parked_at)} if parked_at else {}
        entry = AuditEntry(
            service_id=self._plan.flow.site,
            action="checkpoint",
            actor=answer.who,
            key=self._plan.flow.id,
            result=answer.outcome.value,
            detail={
                "kind": checkpoint.kind.value,
                "channel": _as_code(answer.channel),
                "attempt": checkpoint.attempt,
                **parked,
            },
        )
        record(self._books.store, entry, at=answer.at)

    def finish(self, result: RunResult) -> RunResult:
        """Write the end of the run into the evidence, its bundle and the store, each as far as it goes; never raises.

        Answers `result` as it is to be told: with what could not be shown or written among its notes and in its
        failure's report. A run that passed and can't be recorded fails with `run.not_recorded`.
        """
        result = noted(result, tuple(self._first_failures.values()))
        # The end of a token tells when it was made, also to those who get no evidence.
        ends = {each: rounded(at, self._books.timestamps) for each, at in result.ends.items()}
        result = replace(result, ends=ends)
        try:
            self.evidence.finish(result)
        except Exception as error:  # noqa: BLE001  whatever it is, the person must still hear how the run ended
            result = unrecorded(result, f"the evidence could not be written: {why(error)}")
        else:
            result = self._seal(result)
        try:
            finish_job(
                self._books.store,
                self.run_id,
                status=result.status.value,
                actor=self._plan.actor,
                result=result.failure.code if result.failure else "ok",
                bundle_sha256=self.sealed.sha256 if self.sealed else "",
                evidence_sha256=self._evidence_sha256(),
                reaches_beyond=not all(map(is_loopback, self._plan.reachable)),
                clock=self._books.clock,
            )
        except Exception as error:  # noqa: BLE001
            result = unrecorded(result, f"the end of the run is not in the store: {why(error)}")
        return result

    def _seal(self, result: RunResult) -> RunResult:
        folder, plan = self.evidence.folder, self._plan
        try:
            # Redacted like all that leaves the machine, though a flow's text has no business with a secret.
            write_flow(folder, self._books.redactor.text(plan.flow.text))
            self.sealed = self._books.bundles.seal(
                folder, reached=plan.reachable, versions=versions(browser=self.browser)
            )
        except Exception as error:  # noqa: BLE001  as above
            again = f"the evidence in {folder} is whole; seal it with: tokenbroker audit seal {self.run_id}"
            return unrecorded(result, f"the bundle could not be sealed: {why(error)}; {again}")
        return result

    def _evidence_sha256(self) -> str:
        """What a bundle that is sealed later is held against; "" where the folder can't be read whole."""
        if self.sealed:
            return self.sealed.evidence_sha256
        try:
            return evidence_sha256(self.evidence.folder)
        except Exception:  # noqa: BLE001  as above; why it can't be sealed has been told
            return ""


def _as_code(text: str) -> str:
    """`text`, such as the name that a project gave its channel, in the characters that an audit detail may have."""
    return re.sub(r"[^A-Za-z0-9._:/+@-]", "_", text)[:128]
