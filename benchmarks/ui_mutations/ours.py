"""Our way: a selector set with its fingerprint, resolved as a run resolves it."""

import time

from playwright.sync_api import ElementHandle, Frame, Page

from benchmarks.ui_mutations.consoles import Verb
from benchmarks.ui_mutations.ways import PATIENCE_MS, Claim, Ending, Task
from tokenbroker.flow.selector import SelectorSet, selector_of
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.targets import Found, Purpose, Seeker

SITE = "examplecloud"
_SIGN_IN = "sign_in"


class Ours:
    """The alternatives must agree, and fit what was recorded of the element."""

    name = "ours"

    def learn(self, page: Page, frame: Frame, target: ElementHandle, task: Task) -> object:
        """The element's fingerprint, as a run's evidence tells it."""
        found = _seeker(page, frame).find(_set(task, None), purpose=Purpose.LOOK)
        assert found.report is not None
        assert found.report.fingerprint is not None
        return found.report.fingerprint.as_options()

    def act(self, page: Page, frame: Frame, task: Task) -> Ending:
        try:
            found = self._find(page, frame, task)
            attempt(lambda: task.perform(found.target, PATIENCE_MS), what="acting")
        except StepFailed as error:
            claim = Claim.NOT_THERE if error.code == "target.not_found" else Claim.STOPPED
            return Ending(claim=claim, reason=error.code)
        return Ending(claim=Claim.ACTED)

    def _find(self, page: Page, frame: Frame, task: Task) -> Found:
        return _seeker(page, frame).find(_set(task, task.learned), purpose=_purpose(task))


class WithoutFingerprint(Ours):
    """The same set without a fingerprint: what a flow has that was written by hand."""

    name = "without_fingerprint"

    def learn(self, page: Page, frame: Frame, target: ElementHandle, task: Task) -> object:
        """Nothing."""
        return None


def _purpose(task: Task) -> Purpose:
    if task.point.verb is Verb.READ:
        return Purpose.READ
    # What is typed to sign in is a secret, anything else a literal.
    is_literal = task.point.verb is Verb.TYPE and task.point.console != _SIGN_IN
    return Purpose.LOOK if is_literal else Purpose.ACT


def _seeker(page: Page, frame: Frame) -> Seeker:
    ends_at = time.monotonic() + PATIENCE_MS / 1000
    return Seeker(
        frame=frame,
        remaining_s=lambda: max(ends_at - time.monotonic(), 0.001),
        redact=str,
        site=SITE,
        other_frames=lambda: tuple(each for each in page.frames if each != frame),
    )


def _set(task: Task, fingerprint: object) -> SelectorSet:
    said: dict[str, object] = {"any": task.alternatives}
    found = selector_of({**said, "fingerprint": fingerprint} if fingerprint else said)
    assert isinstance(found, SelectorSet)
    return found
