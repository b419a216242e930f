"""A way that knows the right element: it shows that a case can be survived, and that the kit would see it."""

from playwright.sync_api import ElementHandle, Frame, JSHandle, Page
from playwright.sync_api import Error as PlaywrightError

from benchmarks.ui_mutations.ways import PATIENCE_MS, Claim, Ending, Task

_TRUTH = """() => {
  const { state } = window[Symbol.for('ui-mutations')] ?? {};
  return state?.truth?.isConnected && state.truth.ownerDocument === document ? state.truth : null;
}"""
_LOOK_AGAIN_MS = 50


class Oracle:
    """Uses the element that the kit itself holds for right."""

    name = "oracle"

    def learn(self, page: Page, frame: Frame, target: ElementHandle, task: Task) -> object:
        return None

    def act(self, page: Page, frame: Frame, task: Task) -> Ending:
        for _ in range(PATIENCE_MS // _LOOK_AGAIN_MS):
            for place in (frame, *frame.child_frames):
                truth = _element(place.evaluate_handle(_TRUTH))
                if truth is not None:
                    return self._use(truth, task)
            page.wait_for_timeout(_LOOK_AGAIN_MS)
        return Ending(claim=Claim.NOT_THERE)

    def _use(self, truth: ElementHandle, task: Task) -> Ending:
        try:
            task.perform(truth, PATIENCE_MS)
        except PlaywrightError:
            return Ending(claim=Claim.STOPPED, reason="unusable")
        return Ending(claim=Claim.ACTED)


def _element(handle: JSHandle) -> ElementHandle | None:
    return handle.as_element()
