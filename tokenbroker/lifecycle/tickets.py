"""The tokens that one sitting replaces, each with how far it has come and what it waits for."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

from tokenbroker.errors import BrokerError, RunError
from tokenbroker.flow.model import Flow
from tokenbroker.lifecycle.contention import prove_withdrawn, unneeded_is_accepted
from tokenbroker.lifecycle.in_place import require_new
from tokenbroker.lifecycle.naming import old_params
from tokenbroker.lifecycle.replacement import Bench, Replacement, RotationEnded, is_over, stop_of, stopped
from tokenbroker.lifecycle.replacing import (
    begin,
    is_waiting_for_key,
    prove,
    prove_dead,
    put_in_place,
    resume,
    tell,
)
from tokenbroker.lifecycle.standing import Accepts, old_is_accepted
from tokenbroker.lifecycle.ways import Ways
from tokenbroker.run.intent import Intent
from tokenbroker.run.left_key import fact_of, is_of_lost
from tokenbroker.store.rotations import TAKEN_OVER, Rotation, Stage


class Need(StrEnum):
    """What a replacement waits for."""

    CLEANING = "the revoking of a key that an earlier run may have made and lost"
    KEY = "a new key"
    GRACE = "the end of the old key's grace"
    REVOKING = "the revoking of the key that is not needed any more"
    PERSON = "a person who revokes the key that is not needed any more"
    NOTHING = "nothing"


_CUT_OFF: Final[Mapping[Stage | None, str]] = {
    Stage.BEGUN: "before its site had accepted the new key",
    Stage.PROVEN: "before the reference led to the new key, which its site accepts",
    Stage.REPLACED: "before the hook was called to its end: the reference leads to the new key, and the old is kept",
}


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A key that an earlier run may have made and lost, which only a person can see to, and why."""

    intent: Intent
    why: str

    @property
    def sentence(self) -> str:
        """What a person is told, with what to do."""
        intent = self.intent
        return (
            f"an earlier run may have made a key '{intent.key_name}' at {intent.site} that nobody holds, "
            f"and {self.why}: see whether it is there ({intent.revoke}), revoke it if nobody needs it, then: "
            f"tokenbroker recover --dismiss {intent.run_id}"
        )


@dataclass
class Ticket:
    """One token in a sitting.

    Attributes:
        rotation: how far an earlier sitting has come; None where this one begins it.
        given: parameters that the person gives.
        lost: keys that earlier runs for this replacement may have made, and did not capture; a flow is to revoke them.
        unsettled: those of which a person is told.
        done: how far this sitting has come; None until it comes to this ticket.
        error: why it could not go on, if it couldn't.
    """

    ways: Ways
    rotation: Rotation | None
    given: Mapping[str, str]
    lost: tuple[Intent, ...] = ()
    unsettled: tuple[Loss, ...] = ()
    done: Replacement | None = None
    error: BrokerError | None = None

    @property
    def reference(self) -> str:
        return self.ways.reference

    @property
    def progress(self) -> Rotation | None:
        """How far it has come, in this sitting or else in an earlier one; None where it is not begun."""
        return self.done.rotation if self.done else self.rotation

    @property
    def is_stopped(self) -> bool:
        """Whether it can't go on in this sitting."""
        return self.error is not None

    def waits_for_name(self, param: str) -> bool:
        """Whether its new key, which is still to be made, gets its name by that parameter."""
        is_to_be_made = self.rotation is None or self.rotation.state is Stage.BEGUN
        return is_to_be_made and self.ways.name_param == param

    def need(self, now: datetime) -> Need:
        """What it waits for now."""
        rotation = self.progress
        if rotation is None or rotation.state is Stage.BEGUN:
            return Need.KEY
        if rotation.state not in (Stage.TOLD, Stage.SURPLUS):
            return Need.NOTHING
        if not is_over(rotation, now):
            return Need.GRACE
        return Need.PERSON if self.ways.revoker is None else Need.REVOKING

    def flow_for(self, need: Need) -> Flow | None:
        """The flow that gives it what it needs, if a flow does."""
        if need is Need.CLEANING:
            return self.ways.revoker if self.ways.name_param else None
        return {Need.KEY: self.ways.creator, Need.REVOKING: self.ways.revoker}.get(need)

    def params_for(self, need: Need) -> dict[str, str]:
        """What that flow is given."""
        if need is Need.REVOKING or self.done is None:
            known = old_params(self.ways, self.given)
            if self.done is not None and self.done.rotation.state is Stage.SURPLUS:
                return {**known, self.ways.name_param: self.done.rotation.key_name}
            return known
        return dict(self.done.params)

    def params_for_lost(self, intent: Intent) -> dict[str, str]:
        """What the flow that revokes is given so that it revokes the key of `intent`."""
        return {**old_params(self.ways, self.given), self.ways.name_param: self.lost_name(intent)}

    def lost_name(self, intent: Intent) -> str:
        """What the parameter was that named the key of `intent`."""
        return intent.params.get(self.ways.name_param, intent.key_name)

    def instead(self, need: Need) -> dict[str, str]:
        """Where the token of that flow goes instead."""
        return {self.reference: stop_of(self.reference)} if need is Need.KEY else {}

    def start(self, bench: Bench) -> None:
        """Begin it, or take it up where it has stopped, and go on as far as that goes without a run."""
        if self.done is not None:
            return
        rotation, given = self.rotation, self.given
        if rotation is None:
            self._attempt(lambda: begin(self.ways, given, bench), bench)
            return
        self._attempt(lambda: resume(self.ways, rotation, given, bench), bench)
        if self.error is None and not self._waits_for_key(bench):
            self.advance(bench)

    def advance(self, bench: Bench) -> None:
        """From the new key at its stop on, as far as it goes without a run: proven, in its place, and told of."""
        for stage in (prove, put_in_place, tell):
            if self.done is None or not self._attempt(partial(stage, self.done, bench), bench):
                return

    def conclude(self, bench: Bench) -> None:
        """The old key was revoked, or the new one that is not needed: prove that it is dead."""
        if self.done is not None:
            prove_it = prove_withdrawn if self.done.rotation.state is Stage.SURPLUS else prove_dead
            self._attempt(partial(prove_it, self.done, bench), bench)

    def is_dead_already(self, bench: Bench) -> bool:
        """Whether the site refuses the key that is to be revoked: a person has done it, or a run that was cut off.

        Where the new one is not accepted, that is kept as the error, and nobody may touch the old one.
        """
        done = self.done
        if done is None:
            return False
        answers: list[Accepts] = []

        def ask() -> Replacement:
            if done.rotation.state is Stage.SURPLUS:
                answers.append(unneeded_is_accepted(done, bench))
                return done
            require_new(done, bench)
            answers.append(old_is_accepted(done, bench))
            return done

        # Of one that its store has dropped only the flow that revokes can tell.
        ends = (Accepts.NO,) if self.ways.revoker is not None else (Accepts.NO, Accepts.GONE)
        if self._attempt(ask, bench) and answers[0] in ends:
            self.conclude(bench)
            return self.error is None
        return False

    def fail(self, error: BrokerError, bench: Bench) -> None:
        """Keep why it could not go on; that the store refuses is not told in its place."""
        self.error = error
        is_ours = self.done is not None and self.done.rotation.is_under_way and error.code != TAKEN_OVER
        if self.done is not None and is_ours:
            with suppress(BrokerError):
                self.done = stopped(self.done, error.code, bench)

    def fail_run(
        self, need: Need, bench: Bench, *, interrupted: bool = False, left: Sequence[str] = ()
    ) -> None:
        """The run that was to give what it needs has failed, or was interrupted.

        `left` are sentences about keys that it may have made and did not bring home. What they say is to be done counts
        only where no flow does it first.
        """
        flow = self.flow_for(need)
        ended = "was interrupted" if interrupted else "has failed"
        told = f"{flow.id if flow else 'the run'} {ended}, and {self.reference} waits for {need.value}"
        revoker = self.flow_for(Need.CLEANING)
        first = ""
        if revoker is not None and any(map(is_of_lost, left)):
            first = f", and first has {revoker.id} revoke that key"
        error = RunError(
            "; ".join([told, *(map(fact_of, left) if revoker is not None else left)]),
            next_step=f"tokenbroker rotate {self.reference}   goes on with it{first}",
            code="run.interrupted" if interrupted else "rotate.run_failed",
        )
        self.fail(error, bench)

    def interrupt(self, bench: Bench) -> None:
        """A person has ended the sitting between two runs. While it only waits, nothing of it has stopped."""
        state = self.done.rotation.state if self.done else None
        if self.error is not None or state not in _CUT_OFF:
            return
        error = RunError(
            f"the replacing of {self.reference} was interrupted {_CUT_OFF[state]}",
            next_step=f"tokenbroker rotate {self.reference}   goes on with it",
            code="run.interrupted",
        )
        self.fail(error, bench)

    def _waits_for_key(self, bench: Bench) -> bool:
        return self.done is None or is_waiting_for_key(self.done, bench)

    def _attempt(self, act: Callable[[], Replacement], bench: Bench) -> bool:
        """Do `act` and keep where it led, or why it failed; answers whether it succeeded."""
        failure: BrokerError
        try:
            self.done = act()
        except RotationEnded as error:
            self.done = error.done
            failure = error
        except BrokerError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  of a sink of someone else: its text may hold the key
            failure = RunError(
                f"replacing {self.reference} has failed with {type(error).__name__}", code="internal"
            )
        else:
            self.error = None
            return True
        self.fail(failure, bench)
        return False
