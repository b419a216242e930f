"""The one place that joins the parts: a home, the policy, the evidence, and the runs of flows."""

from collections.abc import Mapping
from datetime import timedelta

from tokenbroker.clock import iso, midnight
from tokenbroker.errors import BrokerError, HumanUnreachable, PolicyDenied, SecretNotFound, UsageError
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.evidence.collect import require_place
from tokenbroker.evidence.one_run import Books, Run, SinkOpener
from tokenbroker.flow.model import Flow
from tokenbroker.home import Home
from tokenbroker.human.checkpoint import Channel
from tokenbroker.inputs import and_not_there, lacking, line_that_gives, not_there
from tokenbroker.policy.approve import NO_HISTORY, History, Plan, Request, approve
from tokenbroker.policy.check import Condition
from tokenbroker.policy.explain import Explanation, explain
from tokenbroker.policy.params import PARAM_MISSING
from tokenbroker.policy.project import load_project_policy
from tokenbroker.run.approval import question, with_answer
from tokenbroker.run.steps import STEPS
from tokenbroker.secret import Secret
from tokenbroker.sinks.env import variable_for
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.jobs import created_keys, runs_since
from tokenbroker.store.sealed_runs import sealed_entry

__all__ = ["Broker", "Run", "SinkOpener"]


class Broker(Home):
    """Everything behind the faces, for one home. Close it after use (it is a context manager)."""

    _bundles: HomeBundles | None = None

    @property
    def bundles(self) -> HomeBundles:
        """The audit bundles of this home."""
        if self._bundles is None:
            self._bundles = HomeBundles(
                store=self.local.store,
                master_key=self.local.custody.master_key,
                settings=self.configuration.settings.audit,
                reports=self.reports(),
            )
        return self._bundles

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
            refusal = self._with_all_missing(error, flow, request)
        self._record_decision(flow, request.actor, code=refusal.code if refusal else "", plan=plan)
        if plan is None:
            raise refusal or AssertionError
        return plan

    def lacking(self, flow: Flow, params: Mapping[str, str]) -> dict[str, str]:
        """What `flow` types and is not there, each with the line that gives it.

        No secret is read, no server asked and no home made: what only that would tell is left out.
        """
        alias = self.configuration.settings.inputs.sink
        settings = self.configuration.sink(alias)
        stored: set[str] | None = None
        if settings.type == "local" and flow.references("secrets:"):
            stored = {each.path for each in self.sink(alias).list()} if self.has_home() else set()

        def is_there(reference: str) -> bool | None:
            kind, _, name = reference.partition(":")
            if kind == "env":
                return name in self._taken or bool(self._environ.get(name))
            if settings.type == "env":
                return variable_for(name, settings.prefix) in self._variables
            return None if stored is None else name in stored

        missing = lacking(flow, params, is_there)
        return {reference: line_that_gives(reference, alias, settings) for reference in missing}

    def _with_all_missing(self, error: BrokerError, flow: Flow, request: Request) -> BrokerError:
        """`error`, where it asks for parameters with all else that the run would ask for next."""
        if not isinstance(error, UsageError) or error.code != PARAM_MISSING:
            return error
        try:
            missing = self.lacking(flow, request.params)
        except BrokerError:  # of the store: what is known is told all the same
            return error
        return and_not_there(error, [*missing], [*missing.values()]) if missing else error

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
        """The values behind the references of the plan's flow.

        Raises:
            SecretNotFound: names every missing one, with the line that stores it.
        """
        values: dict[str, str | Secret] = {f"param:{name}": value for name, value in plan.params.items()}
        for name in plan.flow.references("env:"):
            if name in self._taken:
                values[f"env:{name}"] = self._taken[name]
        alias = self.configuration.settings.inputs.sink
        for name in plan.flow.references("secrets:"):
            try:
                values[f"secrets:{name}"] = open_sink(alias).get(name, actor=plan.actor)
            except SecretNotFound:
                continue
        wanted = [str(s.options["value_ref"]) for s in plan.flow.steps if "value_ref" in s.options]
        missing = [ref for ref in dict.fromkeys(wanted) if ref not in values]
        if missing:
            raise not_there(plan.flow, missing, alias, self.configuration.sink(alias))
        for ref, value in values.items():
            if isinstance(value, Secret):
                self.redactor.add(value, label=ref)
        return values

    def preflight(
        self, plan: Plan, open_sink: SinkOpener, channel: Channel, *, command: str | None = None
    ) -> None:
        """Prove, before a browser starts, that what the flow ends in can be had: evidence, sinks, and a person.

        `command` is what a person would do again at a terminal; None for the run of the flow.

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
                    next_step=_at_terminal(plan, command),
                )

    def approved(self, plan: Plan, channel: Channel, *, command: str | None = None) -> Plan:
        """`plan` with a person's approval, where one is needed; the answer is audited whichever way it goes.

        `command` is as for `preflight`.

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
                next_step=_at_terminal(plan, command),
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

    def close(self) -> None:
        """Close what was opened."""
        self._bundles = None
        super().close()

    def note_bundle(self, action: str, run_id: str) -> None:
        """Leave in the audit that the bundle of `run_id` was handed out or opened."""
        entry = AuditEntry(service_id="", action=action, actor=self.actor, key=run_id)
        record(self.local.store, entry, at=self.clock())


def _at_terminal(plan: Plan, command: str | None) -> str:
    return f"run it at a terminal: {command or f'tokenbroker run {plan.flow.path}'}"
