"""Doing a step again: freely where twice is the same as once, else only on proof that nothing was done (RUN-8)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenbroker.flow.model import Step
from tokenbroker.run.failure import NOTHING_PRESSED, StepFailed, attempt
from tokenbroker.run.quiet import has_settled, rounds
from tokenbroker.run.stage import Stage

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
# Another try can't change these.
_FINAL = ("target.bad_selector", "origin.", "browser.", "page.closed", "press.unknown_key", "human.")
_lot = secrets.SystemRandom()


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """How often a step may be done again, and what proves that an act of it had no effect.

    Attributes:
        times: further tries after the first.
        expect: the options of an `expect` step that holds only where nothing was done; None for idempotent steps.
        is_default: the flow says nothing: only what may pass by itself (a site that is down, a line that is cut) is
            worth another try, and all of them share the step's time.
    """

    times: int
    expect: Mapping[str, Any] | None = None
    is_default: bool = False


def retry_of(step: Step, *, default_times: int) -> Retry:
    """What the flow says for `step`, else its type's own `default_times`."""
    said = step.retry
    if said is None:
        return Retry(times=default_times, is_default=True)
    if isinstance(said, int):
        return Retry(times=said)
    return Retry(times=int(said["times"]), expect=said.get("expect"))


def retried(
    act: Callable[[], str],
    stage: Stage,
    retry: Retry,
    *,
    is_idempotent: bool,
    holds: Callable[[], bool | None],
) -> str:
    """Do `act`, and do it again as `retry` allows; answers its remark, and how often it was tried.

    An idempotent step is done again whatever it failed with. Any other one is done again only where it failed before
    it pressed anything, or where `holds` (the retry's `expect`) proves that the press had no effect: what held just
    before the press has to go first, or its document.

    Raises:
        what the last try raised; StepFailed `retry.no_effect` where the press had no effect each time, and
        `retry.unproven` where what its `expect` asks for stood there before the press and does not go.
    """
    limit_s = stage.remaining_s()
    proof = _Proof(stage=stage, holds=None if is_idempotent or retry.expect is None else holds)
    pressed = 0
    for tries in range(1, retry.times + 2):
        failed: StepFailed | None = None
        remark = ""
        proof.before_press()
        try:
            remark = act()
        except StepFailed as error:
            failed = _after_presses(error, pressed)
        if failed is None and not proof.is_given():
            return _told(remark, tries)
        if proof.holds is not None and (failed is None or failed.acted):
            pressed += 1
        is_last = tries > retry.times
        if failed is not None and (
            is_last or not _may_go_on(failed, stage, retry, proof, is_idempotent=is_idempotent)
        ):
            raise failed
        if not is_last:
            _pause(stage, tries)
            if not retry.is_default:
                stage.extend(limit_s)
    raise StepFailed(
        f"it was done {times(pressed)}, and had no effect, as its `expect` shows",
        code="retry.no_effect",
        next_step="see on the page why; where it was not so, make the retry's `expect` name what a press without "
        "effect shows",
    )


def times(count: int) -> str:
    """`count` as an adverb."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def pause_s(tries: int) -> float:
    """How long to wait after so many tries: twice as long each time, between half of that and all of it by lot.

    The lot keeps several runs that failed together from coming back together.
    """
    longest = min(FIRST_PAUSE_S * 2 ** (tries - 1), LONGEST_PAUSE_S)
    return _lot.uniform(longest / 2, longest)


@dataclass(kw_only=True, slots=True)
class _Proof:
    """That a press had no effect: `holds` has come to be so after it; None where nothing can prove it."""

    stage: Stage
    holds: Callable[[], bool | None] | None
    """Answers None where it can't be told."""
    held_before: bool = False

    def before_press(self) -> None:
        """The press comes next."""
        self.stage.acts.begin_try()
        # What could not be told counts as there: it would have to go first.
        self.held_before = self.holds is not None and self.holds() is not False

    def is_given(self) -> bool:
        """Whether the page shows it, at once or when it has come to rest.

        What stood there before the press has to go first, or its document: only what comes then proves anything.

        Raises:
            StepFailed: `retry.unproven`, if it stays until the step's time is up.
        """
        if self.holds is None or self.stage.page.is_closed():
            return False
        if self.held_before and not self._has_gone(self.holds):
            raise StepFailed(
                "what its `expect` asks for was there before the press, and has not gone: whether the press had an "
                "effect can't be told, so it was not done again",
                code="retry.unproven",
                next_step="see on the page what came of it; make the retry's `expect` name what only a press without "
                "effect brings",
                acted=True,
            )
        if self.stage.page.is_closed():
            return False
        if self.holds() is True:
            return True
        has_settled(self.stage.page, self.stage.remaining_s)
        return not self.stage.page.is_closed() and self.holds() is True

    def _has_gone(self, holds: Callable[[], bool | None]) -> bool:
        page = self.stage.page
        try:
            return any(
                self.stage.acts.has_left or holds() is False for _ in rounds(page, self.stage.remaining_s)
            )
        except StepFailed:
            if page.is_closed():
                return True
            raise


def _may_go_on(error: StepFailed, stage: Stage, retry: Retry, proof: _Proof, *, is_idempotent: bool) -> bool:
    if error.code.startswith(_FINAL):
        return False
    if is_idempotent:
        has_time = stage.remaining_s() > LONGEST_PAUSE_S / 2
        return (error.is_transient and has_time) if retry.is_default else True
    if not error.acted and error.code in NOTHING_PRESSED:
        return True
    try:
        return proof.is_given()
    except StepFailed:
        return False  # what it failed with says more


def _after_presses(error: StepFailed, pressed: int) -> StepFailed:
    """`error`, which tells what has been done before it."""
    if not pressed:
        return error
    sentence = f"{error.sentence} (at another try: it was pressed {times(pressed)} before, without effect)"
    return StepFailed(
        sentence,
        code=error.code,
        tried=error.tried,
        next_step=error.next_step,
        acted=error.acted,
        is_transient=error.is_transient,
    )


def _pause(stage: Stage, tries: int) -> None:
    attempt(lambda: stage.page.wait_for_timeout(pause_s(tries) * 1000), what="waiting before another try")


def _told(remark: str, tries: int) -> str:
    return remark if tries == 1 else "; ".join(filter(None, (remark, f"took {tries} tries")))
