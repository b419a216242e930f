"""A person's approval of a run: what they are asked, and what their answer makes of the plan."""

from dataclasses import replace
from datetime import datetime, timedelta

from tokenbroker.errors import HumanDenied, HumanTimeout, RunError
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome
from tokenbroker.policy.approve import Approval, Plan
from tokenbroker.run.creation import creations
from tokenbroker.run.intent import UNKNOWN
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import is_loopback


def question(plan: Plan, *, deadline: datetime, parking: timedelta = timedelta()) -> Checkpoint:
    """What a person is asked who is to approve `plan`: until `deadline`, and then, parked, for as long as `parking`;
    no longer than the plan is valid."""
    # The origin that matters most: whoever only answers for this machine must not answer for another.
    beyond = (origin for origin in plan.reachable if not is_loopback(origin))
    return Checkpoint(
        kind=Kind.APPROVAL,
        reason=f"Approve this run, which {plan.actor} asks for: {_in_short(plan)}",
        flow_id=plan.flow.id,
        origin=next(beyond, next(iter(plan.reachable), "")),
        deadline=min(deadline, plan.expires_at),
        parked_until=min(deadline + parking, plan.expires_at)
        if parking and deadline < plan.expires_at
        else None,
        asked=plan.actor,
    )


def with_answer(plan: Plan, asked: Checkpoint, answer: Answer) -> Plan:
    """`plan` with the approval that `answer` gave to what was `asked`.

    Raises:
        HumanDenied: the person said no.
        HumanTimeout: nobody answered in time.
        RunError: `run.plan_expired`; nobody answered while it was parked, and it could not be for longer.
    """
    if answer.outcome is Outcome.DENIED:
        raise HumanDenied(f"the run of {plan.flow.id} was not approved; asked was {answer.who}")
    if answer.outcome is Outcome.TIMED_OUT and asked.parked_until == plan.expires_at:
        raise RunError(
            f"nobody approved the run of {plan.flow.id} before its plan ended: a decision holds for an hour, and so do "
            "the questions about it, parked or not",
            next_step="run it again when somebody can approve it",
            code="run.plan_expired",
        )
    if answer.outcome is Outcome.TIMED_OUT:
        raise HumanTimeout(f"nobody approved the run of {plan.flow.id} before the deadline")
    parked_at = asked.parked_at(answer.at)
    approval = Approval(who=answer.who, channel=answer.channel, at=answer.at, parked_at=parked_at)
    return replace(plan, approval=approval)


def _in_short(plan: Plan) -> str:
    """What a run of `plan` would do, in one line that holds no value."""
    steps = plan.flow.steps
    reads = plan.flow.references("secrets:") + plan.flow.references("env:")
    stores = [str(step.options["secret_ref"]) for step in steps if "sink" in STEPS[step.verb].requires]
    makes = [f"'{each.name}'" if each.name != UNKNOWN else "a key" for each in creations(plan.flow)]
    parts = [f"{plan.mode.value}, it goes to {', '.join(plan.origins)}"]
    parts += [f"types {', '.join(reads)}"] if reads else []
    parts += [f"creates {', '.join(makes)}"] if makes else []
    parts += [f"stores {', '.join(stores)}"] if stores else []
    note = plan.flow.policy.note if plan.flow.policy is not None else ""
    return "; ".join([*parts, *([note] if note else [])])
