"""A session in which several tokens are replaced: the flows that get and revoke keys, and the stages in between."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pytest

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError
from tokenbroker.lifecycle.losses import not_revoked
from tokenbroker.lifecycle.replacement import Bench
from tokenbroker.lifecycle.sign_on import Account, account_of
from tokenbroker.lifecycle.tickets import Need, Ticket
from tokenbroker.pytest_plugin.items import FlowItem
from tokenbroker.pytest_plugin.own_session import INTERRUPTED, OwnSession
from tokenbroker.pytest_plugin.running import ERRAND, Errand
from tokenbroker.run.intent import Intent
from tokenbroker.run.result import RunEvent, RunResult, Status
from tokenbroker.run.sign_on import SignOn

_POLL_S: Final = 0.2
_TURN = pytest.StashKey["Turn"]()


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One run of the sitting: what it is for, and its place among all."""

    ticket: Ticket
    need: Need
    number: int
    total: int
    lost: Intent | None = None
    """The key that may have been made and lost, where this turn revokes it."""

    def errand(self, sign_on: Callable[[str], SignOn | None]) -> Errand:
        """What the flow is run for; asked once the turn has come."""
        ticket = self.ticket
        return Errand(
            params=ticket.params_for(self.need) if self.lost is None else ticket.params_for_lost(self.lost),
            instead=ticket.instead(self.need) if self.lost is None else {},
            # Its run alone would make a key beside the rotation.
            command=f"tokenbroker rotate {ticket.reference}",
            sign_on=sign_on,
        )


class Sitting(OwnSession):
    """Runs what `tickets` need, in their order: first every new key, then every revoking whose time has come.

    `bench_of` makes what the stages work with, of the session's own fixtures. With `waits` the sitting stays until the
    graces are over, so that the old keys are revoked in it, too. With `shares` the runs that sign in with one account
    at one provider share the session there: the person has agreed to that.
    """

    def __init__(
        self,
        tickets: Sequence[Ticket],
        *,
        bench_of: Callable[[pytest.Item], Bench],
        waits: bool = False,
        shares: bool = False,
    ) -> None:
        flows = [flow for ticket in tickets for need in _FLOWS if (flow := ticket.flow_for(need))]
        super().__init__(*dict.fromkeys(flow.path for flow in flows))
        self.tickets = tuple(tickets)
        self._bench_of = bench_of
        self._waits = waits
        self._shares = shares
        self._sign_ons: dict[tuple[Account, str], SignOn] = {}
        self._turn: Turn | None = None
        self._result: RunResult | None = None
        self._was_interrupted = False

    def perform(self, options: Sequence[str]) -> None:
        super().perform(options)
        if self._was_interrupted and self.exit_code != INTERRUPTED:  # something else has failed before
            self.exit_code = INTERRUPTED
            self.trouble("run.interrupted", "Interrupted.")

    # What subclasses tell a person.

    def turn_begins(self, turn: Turn) -> None:
        """A run of the sitting begins."""

    def turn_is_over(self, turn: Turn, bench: Bench) -> None:
        """It is over, and what follows from it is done."""

    def waits_for_grace(self, seconds: float) -> None:
        """The sitting waits so long until the first old key may be revoked; told once."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """An item for each run that a ticket may need."""
        found = {(item.flow.path, item.flow.case): item for item in items if isinstance(item, FlowItem)}
        turns: list[FlowItem] = []
        for turn in self._turns():
            flow = turn.ticket.flow_for(turn.need)
            if flow is not None and (flow.path, flow.case) in found:
                item = found[flow.path, flow.case].another()
                item.stash[_TURN] = turn
                turns.append(item)
        items[:] = turns

    def _turns(self) -> Iterator[Turn]:
        """Every run that may be needed, in order: an earlier run's loss, then each new key, then each revoking."""
        for need in _FLOWS:
            for number, ticket in enumerate(self.tickets, start=1):
                losses = ticket.lost if need is Need.CLEANING else (None,)
                for lost in losses:
                    yield Turn(ticket=ticket, need=need, number=number, total=len(self.tickets), lost=lost)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        """The run, if its ticket still needs it, and the stages that follow from it."""
        turn = item.stash.get(_TURN, None)
        if turn is None:
            return (yield)
        bench = self._bench_of(item)
        before = turn.ticket.done
        with self._telling_of_interrupt(turn, bench):
            why_not = self._why_not(turn, bench)
        if why_not:
            if turn.ticket.done is not before:
                self.turn_is_over(turn, bench)  # it has gone on without a run
            pytest.skip(why_not)
        item.stash[ERRAND] = turn.errand(partial(self._sign_on, turn))
        self._turn, self._result = turn, None
        self.turn_begins(turn)
        if turn.lost is not None:
            return (yield from self._revoke_lost(item, turn, turn.lost, bench))
        try:
            return (yield)
        finally:
            self._turn = None
            with self._telling_of_interrupt(turn, bench):
                self._go_on(turn, bench)
            self.turn_is_over(turn, bench)

    @contextmanager
    def _telling_of_interrupt(self, turn: Turn, bench: Bench) -> Iterator[None]:
        """A Ctrl-C at a stage, such as the hook, is told with where the rotation stands."""
        try:
            yield
        except KeyboardInterrupt:
            turn.ticket.interrupt(bench)
            self.turn_is_over(turn, bench)
            raise

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Whatever failed before: the person has ended the sitting."""
        self._was_interrupted = excinfo.type is KeyboardInterrupt

    def _revoke_lost(self, item: pytest.Item, turn: Turn, lost: Intent, bench: Bench) -> Any:
        """The run that is to revoke a key which may not be there: where it fails, nothing else has failed."""
        answer, failed = None, False
        try:
            answer = yield
        except (Exception, pytest.fail.Exception):  # noqa: BLE001  what it says was told as it ran
            failed = True
        finally:
            self._turn = None
            self.turn_is_over(turn, bench)
        if self._passed:
            item.funcargs["tokenbroker_broker"].dismiss(lost.run_id)  # type: ignore[attr-defined]  # of a Function
        else:
            not_revoked(turn.ticket, lost, bench, has_run=self._result is not None)
        if failed:
            pytest.skip("the key that may have been made and lost was not revoked")
        return answer

    def finished(self, result: RunResult, folder: str, broker: Broker) -> None:
        self._result = result

    @property
    def _passed(self) -> bool:
        return self._result is not None and self._result.status is Status.PASSED

    def refused(self, error: BrokerError) -> None:
        if self._turn is not None and self._turn.lost is None:
            self._turn.ticket.error = error

    def event(self, event: RunEvent) -> None:
        if self._turn is not None:
            self.step(self._turn, event)

    def step(self, turn: Turn, event: RunEvent) -> None:
        """For subclasses: a step of the run of `turn` began or ended."""

    def pytest_sessionfinish(self) -> None:
        """Nothing of the sessions at providers is left."""
        for sign_on in self._sign_ons.values():
            sign_on.forget()
        self._sign_ons.clear()

    def _sign_on(self, turn: Turn, address: str) -> SignOn | None:
        """The session that the run of `turn` shares, at the provider that its browser dials as `address`."""
        flow = turn.ticket.flow_for(turn.need)
        params, apart = turn.ticket.params_for(turn.need), turn.ticket.ways.name_param
        account = account_of(flow, params, apart=apart) if flow is not None else None
        if not self._shares or account is None:
            return None
        return self._sign_ons.setdefault((account, address), SignOn(address))

    def _why_not(self, turn: Turn, bench: Bench) -> str:
        """Why this run is not needed now; "" where it is."""
        ticket = turn.ticket
        if turn.lost is not None:
            return ""
        if not ticket.is_stopped:
            ticket.start(bench)
            self._await_grace(turn, bench)
        if ticket.is_stopped:
            return "it has stopped"
        need = ticket.need(bench.clock())
        if need in (Need.REVOKING, Need.PERSON) and ticket.is_dead_already(bench):
            return "the site refuses the old key already"
        if need is not turn.need:
            return f"it waits for {need.value}"
        return "it has stopped" if turn.ticket.error is not None else ""

    def _go_on(self, turn: Turn, bench: Bench) -> None:
        ticket = turn.ticket
        if not self._passed:
            refusal, result = ticket.error, self._result
            ticket.fail_run(
                turn.need,
                bench,
                interrupted=result is not None and result.status is Status.INTERRUPTED,
                left=result.possibly_created if result is not None else (),
            )
            if refusal is not None:
                ticket.fail(refusal, bench)
        elif turn.need is Need.KEY:
            ticket.advance(bench)
        else:
            ticket.conclude(bench)

    def _await_grace(self, turn: Turn, bench: Bench) -> None:
        """Stay until the old key of `turn` may be revoked, if the person wants that."""
        done = turn.ticket.done
        after = done.rotation.revoke_after if done else None
        if not self._waits or turn.need is not Need.REVOKING or after is None or after <= bench.clock():
            return
        self.waits_for_grace((after - bench.clock()).total_seconds())
        while bench.clock() < after:
            time.sleep(_POLL_S)


_FLOWS: Final = (Need.CLEANING, Need.KEY, Need.REVOKING)
"""What a flow can give, in the order of a sitting."""
