"""The one place that joins the parts: a home opened, with its store, sinks, spool and redactor."""

import getpass
import os
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tokenbroker.clock import Clock, iso, midnight, system_clock
from tokenbroker.errors import BrokerError, HumanUnreachable, PolicyDenied, SecretNotFound
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.evidence.collect import require_place
from tokenbroker.evidence.one_run import Books, Run, SinkOpener
from tokenbroker.flow.model import Flow
from tokenbroker.human.checkpoint import Channel
from tokenbroker.lifecycle.told import life_told
from tokenbroker.policy.approve import NO_HISTORY, History, Plan, Request, approve
from tokenbroker.policy.check import Condition
from tokenbroker.policy.explain import Explanation, explain
from tokenbroker.policy.project import load_project_policy
from tokenbroker.redact import Redactor
from tokenbroker.run.approval import question, with_answer
from tokenbroker.run.recover import Recovered, dismiss, recover
from tokenbroker.run.spool import Intent, Spool
from tokenbroker.run.steps import STEPS
from tokenbroker.secret import Secret
from tokenbroker.settings import SINK_CREDENTIALS, Configuration, SinkSettings
from tokenbroker.sinks import Reference, Sink
from tokenbroker.sinks.env import take_environment, variable_for
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.open_sinks import OpenSinks
from tokenbroker.sinks.postgres_place import named_store
from tokenbroker.sinks.rotation import Rotation, rotate
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.engine import Store
from tokenbroker.store.jobs import created_keys, runs_since
from tokenbroker.store.lives import Life, known_lives, remember
from tokenbroker.store.sealed_runs import sealed_entry
from tokenbroker.store.sqlite import FILE_NAME

if TYPE_CHECKING:  # the driver is an extra
    from tokenbroker.store.postgres import PostgresPlace

__all__ = ["Broker", "Run", "SinkOpener"]


class Broker:
    """Everything behind the faces, for one home. Close it after use (it is a context manager).

    Attributes:
        configuration: the settings and where they came from.
        redactor: knows every secret that this process has touched.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        environ: MutableMapping[str, str],
        home: Path | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.configuration = configuration
        self.redactor = Redactor()
        self.clock = clock
        own_home = configuration.path(configuration.settings.home).absolute()
        self.home = home.absolute() if home else own_home
        # A home that a caller names is not the platform's own: its key must not go where that one's is.
        self._default_home = configuration.default_home and self.home == own_home
        prefixes = {sink.prefix for sink in configuration.settings.sinks.values()}
        self._variables: dict[str, Secret] = {}
        for prefix in prefixes | {configuration.settings.sink("env").prefix, *SINK_CREDENTIALS}:
            self._variables |= take_environment(environ, prefix)
        self._environ = environ
        self._taken: dict[str, Secret] = {}
        # From here on, not from their first use on: what fails before it may show them.
        if configuration.key is not None:
            self.redactor.add(configuration.key, label="master-key")
        for name, value in self._variables.items():
            self.redactor.add(value, label=f"env:{name}")
        self._local: LocalSink | None = None
        self._sinks: OpenSinks | None = None
        self._spool: Spool | None = None
        self._bundles: HomeBundles | None = None

    @property
    def actor(self) -> str:
        """Who acts, for the audit: the operator of the settings, else the system's user."""
        if self.configuration.settings.operator:
            return self.configuration.settings.operator
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return str(os.getuid())

    @property
    def local(self) -> LocalSink:
        """The embedded sink of this home, opened when first needed."""
        if self._local is None:
            self._local = open_local(
                self.home,
                default_home=self._default_home,
                key=self.configuration.key,
                store=self._named_store(),
                clock=self.clock,
            )
            self.redactor.add(self._local.custody.export_key(), label="master-key")
        return self._local

    def _named_store(self) -> Store | None:
        """The store, open, where the settings name a database for it; else None."""
        place = self._named_place()
        if place is None:
            return None
        from tokenbroker.store.postgres import open_postgres_store  # late: its driver is an extra

        return open_postgres_store(place)

    def _named_place(self) -> "PostgresPlace | None":
        settings = self.configuration.store()
        return named_store(
            settings, variables=self._variables, learn=partial(self.redactor.add, label="store")
        )

    def has_home(self) -> bool:
        """Whether there is a store: asking does not make one.

        Raises:
            BrokerError: the settings name a database for it, which can't be reached.
        """
        place = self._named_place() if self._local is None else None
        if place is None:
            return self._local is not None or (self.home / FILE_NAME).exists()
        from tokenbroker.store.postgres import is_set_up

        return is_set_up(place)

    @property
    def spool(self) -> Spool:
        """The write-ahead spool of this home."""
        if self._spool is None:
            key = self.local.custody.master_key.derive("spool")
            self._spool = Spool(self.home / "spool", key, self.clock)
        return self._spool

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

    @property
    def sinks(self) -> OpenSinks:
        """The sinks of this home, and the databases that they rest in."""
        if self._sinks is None:
            self._sinks = OpenSinks(
                self.local,
                self.configuration,
                variables=self._variables,
                learn=lambda secret, label: self.redactor.add(secret, label=label),
                clock=self.clock,
            )
        return self._sinks

    def sink(self, alias: str) -> Sink:
        """The sink that the settings know as `alias`, opened once.

        Raises:
            SettingsError: no sink has that name.
        """
        return self.sinks.at(alias)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The sinks that this project has to do with: ``local``, those of the settings, and where inputs come from."""
        settings = self.configuration.settings
        return tuple(dict.fromkeys(["local", *settings.sinks, settings.inputs.sink]))

    def take_variables(self, names: tuple[str, ...]) -> None:
        """Take the variables that flows name with ``env:`` out of the environment, before any child starts."""
        for name in names:
            value = self._environ.pop(name, "")
            if value:
                self._taken[name] = Secret(value)
                self.redactor.add(self._taken[name], label=f"env:{name}")

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
            raise _missing(missing, alias, plan.flow.id, self.configuration.sink(alias))
        for ref, value in values.items():
            if isinstance(value, Secret):
                self.redactor.add(value, label=ref)
        return values

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

    def lives(self) -> dict[tuple[str, str, int], Life]:
        """What is known of the life of tokens in this project's sinks, by sink, path and version."""
        return known_lives(self.local.store, self.aliases)

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

    def reports(self) -> Path:
        """The folder that takes the evidence of runs."""
        return self.configuration.path(self.configuration.settings.reports)

    def close(self) -> None:
        """Close what was opened."""
        with ExitStack() as stack:
            if self._local is not None:
                stack.callback(self._local.close)
            if self._sinks is not None:
                stack.callback(self._sinks.close)
            self._local = self._sinks = self._bundles = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _missing(references: list[str], alias: str, flow_id: str, settings: SinkSettings) -> SecretNotFound:
    lines = []
    for reference in references:
        kind, _, name = reference.partition(":")
        target = name if alias == "local" else f"{alias}:{name}"
        lines.append(
            {
                "secrets": f"export {variable_for(name, settings.prefix)}=…"
                if settings.type == "env"
                else f"tokenbroker secrets put {target}",
                "env": f"export {name}=…",
                "param": f"--param {name}=…",
            }[kind]
        )
    names = ", ".join(references)
    return SecretNotFound(f"{flow_id} needs {names}, which is not there", next_step="\n         ".join(lines))
