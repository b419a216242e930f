"""The one place that joins the parts: what may be run is decided, begun, finished and recovered, in a home."""

from collections.abc import Iterator
from datetime import timedelta

from tokenbroker.clock import iso, midnight
from tokenbroker.errors import BrokerError, HumanUnreachable, PolicyDenied
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.evidence.collect import require_place
from tokenbroker.evidence.one_run import Books, Run, SinkOpener
from tokenbroker.flow.model import Flow
from tokenbroker.home import Home
from tokenbroker.human.checkpoint import Channel
from tokenbroker.inputs import inputs_of
from tokenbroker.lifecycle.told import life_told
from tokenbroker.policy.approve import NO_HISTORY, History, Plan, Request, approve
from tokenbroker.policy.check import Condition
from tokenbroker.policy.explain import Explanation, explain
from tokenbroker.policy.project import load_project_policy
from tokenbroker.run.approval import question, with_answer
from tokenbroker.run.intent import Intent
from tokenbroker.run.recover import Recovered, dismiss, recover
from tokenbroker.run.steps import STEPS
from tokenbroker.secret import Secret
from tokenbroker.sinks import Reference
from tokenbroker.sinks.rotation import Rotation, rotate
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.jobs import created_keys, runs_since
from tokenbroker.store.lives import remember
from tokenbroker.store.sealed_runs import sealed_entry

__all__ = ["Broker", "Run", "SinkOpener"]


class Broker(Home):
    """Everything behind the faces, for one home. Close it after use (it is a context manager)."""

    def history(self, flow: Flow, request: Request) -> History:
        """What the store knows of earlier runs of `flow`, as far as `request` has to do with it."""
        store = self.local.store
        created = created_keys(store, flow.id) if request.live and not request.again else []
        return History(
            created_before=created[0].at if created else None,
            runs_today=lambda: runs_since(store, flow.id, midnight(self.clock())),
        )

    def project_policy(self) -> tuple[Condition, ...]:
        """What the project's `policies` folder adds to what flows say of themselves.

        Raises:
            SettingsError: a file of it is not as it must be.
        """
        return load_project_policy(self.configuration.root / "policies")

    def explain(self, flow: Flow, request: Request) -> Explanation:
        """What `approve` would decide; nothing is recorded, and no home is made where there is none."""
        history = self.history(flow, request) if self.has_home() else NO_HISTORY
        return explain(flow, request, clock=self.clock, history=history, project=self.project_policy())

    def approve(self, flow: Flow, request: Request) -> Plan:
        """Decide, and leave the decision in the audit whichever way it goes; raises as `policy.approve` does."""
        plan: Plan | None = None
        refusal: BrokerError | None = None
        try:
            plan = approve(
                flow,
                request,
                clock=self.clock,
                history=self.history(flow, request),
                project=self.project_policy(),
            )
        except BrokerError as error:
            refusal = error
        self._record_decision(flow, request.actor, code=refusal.code if refusal else "", plan=plan)
        if plan is None:
            raise refusal or AssertionError
        return plan

    def _record_decision(self, flow: Flow, actor: str, *, code: str, plan: Plan | None = None) -> None:
        entry = AuditEntry(
            service_id=flow.site,
            action="policy_decision",
            actor=actor,
            key=flow.id,
            result=code or "ok",
            detail={"code": plan.reason_code if plan else "", "mode": plan.mode.value if plan else ""},
        )
        record(self.local.store, entry, at=self.clock())

    def inputs(self, plan: Plan, open_sink: SinkOpener) -> dict[str, str | Secret]:
        """As :func:`tokenbroker.inputs.inputs_of`, in this home."""
        return inputs_of(plan, self, open_sink)

    def preflight(self, plan: Plan, open_sink: SinkOpener, channel: Channel) -> None:
        """Prove, before a browser starts, that what the flow ends in can be had: evidence, sinks, and a person.

        Raises:
            UsageError: `evidence.not_writable`.
            SettingsError: `audit.no_recipient`; a run beyond this machine whose bundle nobody could open.
            SecretUnavailable, SecretAccessDenied, SettingsError: a sink would not take the token.
            HumanUnreachable: a step needs a person and none can be reached.
        """
        require_place(self.reports())
        self.bundles.require(plan.reachable)
        for step in plan.flow.steps:
            needs = STEPS[step.verb].requires
            if "sink" in needs:
                open_sink(str(step.options["secret_ref"]).partition(":")[0]).probe()
            why_not = channel.unreachable() if "human" in needs and step.when is None else None
            if why_not:
                raise HumanUnreachable(
                    f"step {step.number} needs a person ({step.options['reason']}), and {why_not}",
                    next_step=f"run it at a terminal: tokenbroker run {plan.flow.path}",
                )

    def approved(self, plan: Plan, channel: Channel) -> Plan:
        """`plan` with a person's approval, where one is needed; the answer is audited whichever way it goes.

        Raises:
            HumanUnreachable: nobody can be asked.
            HumanDenied: the person said no.
            HumanTimeout: nobody answered in time.
            RunError: `run.plan_expired`; nobody did while the question was parked, and the plan is not valid any more.
        """
        if not plan.needs_approval:
            return plan
        why_not = channel.unreachable()
        if why_not:
            raise HumanUnreachable(
                f"{plan.flow.id} needs a person's approval before it starts, and {why_not}",
                next_step=f"run it at a terminal: tokenbroker run {plan.flow.path}",
            )
        settings = self.configuration.settings.human
        deadline = self.clock() + timedelta(seconds=settings.deadline_s)
        asked = question(plan, deadline=deadline, parking=timedelta(seconds=settings.parking_s))
        answer = channel.ask(asked, lambda: None)
        entry = AuditEntry(
            service_id=plan.flow.site,
            action="approve_run",
            actor=answer.who,
            key=plan.flow.id,
            result=answer.outcome.value,
            detail={"parked_at": iso(parked_at)} if (parked_at := asked.parked_at(answer.at)) else {},
        )
        record(self.local.store, entry, at=answer.at)
        approved = with_answer(plan, asked, answer)
        approved.require_valid(self.clock())
        return approved

    def begin(self, plan: Plan, open_sink: SinkOpener) -> Run:
        """Begin a run of `plan`: its job, its evidence folder and its record of creations.

        Raises:
            UsageError: `evidence.not_writable`.
            SecretUnavailable: the store or the spool can't be written.
            PolicyDenied: since the decision, as many runs have begun today as may.
            RunError: `run.plan_expired`; or nobody has approved a plan that needs it.
        """
        plan.require_valid(self.clock())
        books = Books(
            store=self.local.store,
            spool=self.spool,
            bundles=self.bundles,
            redactor=self.redactor,
            timestamps=self.configuration.settings.timestamps,
            clock=self.clock,
            remember=self._remember_life,
        )
        refused: PolicyDenied | None = None
        try:
            return Run(plan, open_sink, books)
        except PolicyDenied as error:
            refused = error
        self._record_decision(plan.flow, plan.actor, code=refused.code)
        raise refused

    def rotate_key(self) -> Iterator[Rotation]:
        """Seal every record of this home's store, then of its sinks' databases, anew under a fresh data key.

        Each is one transaction, and one that can't be rotated does not keep the others from it; see
        `tokenbroker.sinks.rotation`.

        Raises:
            BrokerError: at the end, the first that could not be done.
        """
        databases, refusals = self.sinks.databases()
        for each in databases:
            try:
                yield rotate(each.store, each.keys, actor=self.actor, clock=self.clock)
            except BrokerError as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]

    def recover(self) -> list[Recovered]:
        """Finish what runs that were cut off left behind, each audited; see `tokenbroker.run.recover`."""
        found = recover(self.spool, self.sink, actor=self.actor, remember=self._remember_life)
        for each in found:
            record(self.local.store, self._recovery(each), at=self.clock())
        return found

    def _recovery(self, found: Recovered) -> AuditEntry:
        intent = found.intent
        return AuditEntry(
            service_id=intent.site if intent else "",
            action="recover_token",
            actor=self.actor,
            key=found.reference
            or ", ".join(found.targets)
            or (intent.flow_id if intent else found.spool_file.name),
            result=found.code or found.outcome.value,
            detail={"job_id": intent.run_id, "outcome": found.outcome.value} if intent else {},
        )

    def _remember_life(self, intent: Intent, index: int, reference: Reference) -> None:
        life = life_told(intent, index, reference)
        if life is not None:
            remember(self.local.store, life)

    def dismiss(self, run_id: str) -> None:
        """Drop the note of a possibly created key, once a person has looked at the site; audited."""
        dismiss(self.spool, run_id)
        entry = AuditEntry(service_id="", action="dismiss_creation", actor=self.actor, key=run_id)
        record(self.local.store, entry, at=self.clock())

    def seal(self, run_id: str) -> Sealed:
        """Seal a run whose bundle could not be written at its end, or seal it for other recipients; audited.

        Raises:
            UsageError: `audit.no_run`; also for a folder that no run of this home left.
            BundleError: `audit.no_record`, `audit.changed`, or what else is wrong with the folder.
            SettingsError: `audit.no_recipient`.
            OSError: the disk refuses.
        """
        sealed = self.bundles.seal_again(run_id)
        entry = sealed_entry(
            self.local.store,
            run_id,
            actor=self.actor,
            sha256=sealed.sha256,
            evidence_sha256=sealed.evidence_sha256,
        )
        record(self.local.store, entry, at=self.clock())
        return sealed

    def note_bundle(self, action: str, run_id: str) -> None:
        """Leave in the audit that the bundle of `run_id` was handed out or opened."""
        entry = AuditEntry(service_id="", action=action, actor=self.actor, key=run_id)
        record(self.local.store, entry, at=self.clock())
