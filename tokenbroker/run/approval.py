"""A person's approval of a run: what they are asked, and what their answer makes of the plan."""

from dataclasses import replace
from datetime import datetime

from tokenbroker.errors import HumanDenied, HumanTimeout
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome
from tokenbroker.policy.approve import Approval, Plan
from tokenbroker.run.creation import UNKNOWN, creations
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import is_loopback


def question(plan: Plan, *, deadline: datetime) -> Checkpoint:
    """What a person is asked who is to approve `plan`, until `deadline` or until the plan is not valid any more."""
    # The origin that matters most: whoever only answers for this machine must not answer for another.
    beyond = (origin for origin in plan.reachable if not is_loopback(origin))
    return Checkpoint(
        kind=Kind.APPROVAL,
        reason=f"Approve this run, which {plan.actor} asks for: {_in_short(plan)}",
        flow_id=plan.flow.id,
        origin=next(beyond, next(iter(plan.reachable), "")),
        deadline=min(deadline, plan.expires_at),
    )


def with_answer(plan: Plan, answer: Answer) -> Plan:
    """`plan` with the approval that `answer` gave.

    Raises:
        HumanDenied: the person said no.
        HumanTimeout: nobody answered in time.
    """
    if answer.outcome is Outcome.DENIED:
        raise HumanDenied(f"the run of {plan.flow.id} was not approved; asked was {answer.who}")
    if answer.outcome is Outcome.TIMED_OUT:
        raise HumanTimeout(f"nobody approved the run of {plan.flow.id} before the deadline")
    return replace(plan, approval=Approval(who=answer.who, channel=answer.channel, at=answer.at))


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
