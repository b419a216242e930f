"""What a step may see and use while it acts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Page

from tokenbroker.clock import Clock
from tokenbroker.flow.mend import ByHand, Mend
from tokenbroker.flow.model import Step
from tokenbroker.flow.selector import Selector, SelectorSet
from tokenbroker.human.checkpoint import Answer, Channel, Checkpoint
from tokenbroker.policy.approve import Plan
from tokenbroker.redact import Redactor
from tokenbroker.run.act_trace import ActTrace
from tokenbroker.run.dialogs import Dialogs
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.frames import FramePath
from tokenbroker.run.keeper import Keeper
from tokenbroker.run.quiet import Rest, has_settled
from tokenbroker.run.targets import Found, Mender, Purpose, Seeker, TargetReport
from tokenbroker.run.targets.engine import Content
from tokenbroker.run.windows import Windows
from tokenbroker.secret import Secret
from tokenbroker.settings import origin_of

if TYPE_CHECKING:  # which looks for targets on a stage
    from tokenbroker.run.guide import Guide

MIN_REMAINING_S = 0.001


@dataclass(kw_only=True)
class Stage:
    """The page and everything around it, for one run; the runner says which step it is now with `begin`."""

    page: Page
    """The window that the current step works in; at first the one that the run began with."""
    plan: Plan
    inputs: Mapping[str, str | Secret]
    """The values behind the flow's references, by reference (``secrets:NAME`` …)."""
    redactor: Redactor
    channel: Channel
    keeper: Keeper
    clock: Clock
    human_deadline_s: float
    on_checkpoint: Callable[[Checkpoint, Answer], None]
    guide: "Guide | None" = None
    """Leads the person who acts, in a guided run."""
    human_parking_s: float = 0.0
    """How long a checkpoint waits on, parked, after its deadline."""
    notes: list[str] = field(default_factory=list)
    """What else the person must be told at the run's end, however it ends; value-free."""
    deadline: float = 0.0
    """When the current step must be done, on the monotonic clock."""
    target_report: TargetReport | None = None
    """How the current step's selector set came to its element."""
    acts: ActTrace = field(default_factory=ActTrace, init=False)
    windows: Windows = field(init=False)
    dialogs: Dialogs = field(init=False)
    _step: Step | None = field(default=None, init=False)
    _frame: Frame | None = field(default=None, init=False)
    _captured: dict[str, Secret] = field(default_factory=dict, init=False, repr=False)
    _found_in: Frame | None = field(default=None, init=False)
    """Where the current step has found its target last."""
    _may_mend: bool = field(default=False, init=False)
    _rest: Rest = field(default_factory=Rest, init=False)
    """Of steps with a `when`, each but the first of several that are left out looks at once."""

    def __post_init__(self) -> None:
        self.windows = Windows(self.page)
        self.dialogs = Dialogs(self.page.context)

    def begin(self, step: Step, time_s: float, *, may_mend: bool = False) -> None:
        """From now on it is about `step`, which may take `time_s`; with `may_mend` its report says what would mend a
        set that was healed."""
        self.deadline = time.monotonic() + time_s
        self._step, self._frame, self._found_in = step, None, None
        self.target_report, self._may_mend = None, may_mend
        self.dialogs.begin()
        self.page = self.windows.named(step.options.get("page")) or self.windows.first
        self.acts.begin(self.page)

    @property
    def step(self) -> Step:
        """The current step; there is one from the first `begin` on."""
        assert self._step is not None
        return self._step

    def applies(self) -> bool:
        """Whether the current step is to be done: it has no `when`, or that is visible where the step works.

        Raises:
            StepFailed: `page.not_opened` or `page.closed`; the window that a step without `when` works in.
        """
        if self._step is None:
            return True
        name = self._step.options.get("page")
        is_open = self.windows.named(name) is not None
        if self._step.when is not None:
            applies = is_open and self._shows(self._step.when, unless=self._step.unless)
            if applies:
                self._rest.forget()
            return applies
        self._rest.forget()
        if not is_open:
            raise self.windows.missing(str(name))
        return True

    def _shows(self, selector: Selector, *, unless: Selector | None) -> bool:
        path = self._frame_path()
        try:
            if path.look(self.page) is None:
                has_settled(self.page, self.remaining_s)
            self._frame = path.look(self.page)
            return self._frame is not None and self.seek().is_there(selector, self._rest, unless=unless)
        except PlaywrightError:
            return False

    def why_left_out(self) -> str:
        """Why the current step does not apply, for its report: whether its `unless` is to be seen, too."""
        step = self.step
        if step.unless is None or self._frame is None:
            return f"not there: {step.when}"
        try:
            is_instead = self.seek().is_seen(step.unless)
        except (PlaywrightError, StepFailed):
            is_instead = False
        return f"not there: {step.when}; {'there' if is_instead else 'nor'} is {step.unless}"

    def frame(self) -> Frame:
        """The frame that the current step works in: the page's own, or the one it names, waited for.

        Raises:
            StepFailed: `target.frame_not_found`, or `target.ambiguous` where several match.
        """
        path = self._frame_path()
        if not path.ways:
            return self.page.main_frame
        if self._frame is None or self._frame.is_detached():
            self._frame = path.find(self.page, self.remaining_s)
        return self._frame

    def has_frame(self) -> bool:
        """Whether the frame that the current step names is there now."""
        return self._frame_path().look(self.page) is not None

    def _frame_path(self) -> FramePath:
        option = self._step.options.get("frame") if self._step is not None else None
        return FramePath.of(option, self.plan.address)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the current step works in a frame or a window that an act has opened."""
        return self._step is not None and not self._step.options.keys().isdisjoint(("frame", "page"))

    def remaining_s(self) -> float:
        """How long the current step still has; never zero, which Playwright takes for "no limit"."""
        return max(self.deadline - time.monotonic(), MIN_REMAINING_S)

    @property
    def remaining_ms(self) -> float:
        """`remaining_s` in milliseconds, as Playwright's time-outs want it."""
        return self.remaining_s() * 1000

    def extend(self, seconds: float) -> None:
        """Give the current step `seconds` from now on: the time a person took is not the page's."""
        self.deadline = time.monotonic() + seconds

    def seek(self, *, wordless: bool = False) -> Seeker:
        """A seeker for the step's frame as it is now. Once a key may have been made, its stops show no words of the
        page; with `wordless` they never do."""
        return Seeker(
            frame=self.frame(),
            remaining_s=self.remaining_s,
            redact=self.redactor.text,
            wordless=wordless or self.keeper.pressed_any,
            site=self.plan.flow.site,
            other_frames=self._other_frames,
            as_written=self.plan.as_written,
        )

    def find(self, selector: Selector, *, purpose: Purpose = Purpose.ACT, wordless: bool = False) -> Found:
        """The one element that `selector` means; its frame counts for `require_declared_origin` from then on.

        Raises:
            StepFailed: as `Seeker.find`; `origin.not_declared` of a frame that the step does not name.
        """
        if isinstance(selector, SelectorSet):
            self.target_report = TargetReport.of_nothing(selector)  # until it is found
        found = self.seek(wordless=wordless).find(selector, purpose=purpose)
        self._found_in = found.frame
        self.target_report = found.report or self.target_report
        if found.report is not None and found.report.in_other_frame:
            self.require_declared_origin()  # the frame may have become another's since the search began
        if self._may_mend and found.report is not None and found.report.is_healed:
            mend = self._mend(found, found.report, selector, purpose)
            self.target_report = replace(found.report, mend=mend)
        return found

    def _mend(self, found: Found, report: TargetReport, selector: Selector, purpose: Purpose) -> Mend | None:
        """What would mend the set of the current step; None where it is about another selector."""
        if selector != self.step.selector or not isinstance(selector, SelectorSet):
            return None
        if self.keeper.pressed_any or self._foreign(found.frame):
            return Mend(by_hand=ByHand.KEY if self.keeper.pressed_any else ByHand.ORIGIN)
        limit_s = self.remaining_s()
        mender = Mender.of(selector, redact=self.redactor.text, inputs=self.inputs)
        # What is looked for to be pressed was taken at once, or when the page had come to rest.
        mend = mender.mend(found, report, is_at_rest=purpose.uses_it)
        self.extend(limit_s)  # the time that this took is not the step's
        return mend

    def read(self, selector: Selector, source: str) -> Content:
        """What the one element that `selector` means has; told without words. `source` as in `engine.read`.

        Raises:
            StepFailed: as `Seeker.read`.
        """
        seeker = self.seek(wordless=True)
        if isinstance(selector, str):
            return seeker.read(selector, source)
        found = self.find(selector, purpose=Purpose.READ, wordless=True)
        return seeker.content_of(found, source, what=str(selector))

    def _other_frames(self) -> tuple[Frame, ...]:
        """The other frames of the step's window that belong, with all that hold them, to declared origins."""
        own = self.frame()
        return tuple(f for f in self.page.frames if f != own and not self._foreign(f))

    def _foreign(self, frame: Frame) -> str:
        """The first origin of `frame`, or of what holds it, that the flow does not name; "" where there is none."""
        for url in self.windows.sources(frame):
            try:
                origin = origin_of(url.removeprefix("blob:"))
            except ValueError:
                origin = "a page without an origin"
            if origin not in self.plan.reachable:
                return origin
        return ""

    def value(self, step: Step) -> str | Secret:
        """The value that `step` types: its literal, or what its reference stands for."""
        if "value" in step.options:
            return str(step.options["value"])
        return self.inputs[str(step.options["value_ref"])]

    def note_captured(self, secret_ref: str, token: Secret) -> None:
        """`token` has come to rest under `secret_ref`."""
        self._captured[secret_ref] = token

    def captured_token(self, step: Step) -> Secret:
        """The token that `step` is about: the one under its `secret_ref`, else the last that was captured.

        Raises:
            StepFailed: `verify.nothing_captured`; the step that should have captured it was left out.
        """
        reference = step.options.get("secret_ref") or next(reversed(self._captured), None)
        if reference not in self._captured:
            raise StepFailed("no token has been captured", code="verify.nothing_captured")
        return self._captured[reference]

    def window_origin(self) -> str:
        """The origin of the window that the step works in, for which the browser keeps permissions; to be asked
        after `require_declared_origin`."""
        return origin_of(self.windows.sources(self.page.main_frame)[0].removeprefix("blob:"))

    @property
    def shown_origin(self) -> str:
        """The origin of the step's page, for a person to read."""
        return _shown_origin(self.page.url)

    def require_declared_origin(self) -> None:
        """Stop before a secret is typed into, or a token read from, a page or frame of a foreign origin.

        The frame that the target was found in counts, with all that hold it; before that, the step's own. An empty
        window counts with what opened it.

        Raises:
            StepFailed: `origin.not_declared`.
        """
        frame = self._found_in or self.frame()
        origin = self._foreign(frame)
        if origin:
            what = "page" if frame == self.page.main_frame else "frame, or what holds it,"
            raise StepFailed(
                f"the {what} belongs to {origin}, which this flow does not name", code="origin.not_declared"
            )


def _shown_origin(url: str) -> str:
    """The origin of `url` for a person to read; a page that has none is named by its scheme."""
    try:
        return origin_of(url)
    except ValueError:
        return url if url == "about:blank" else f"{url.partition(':')[0]}: (a page without an origin)"
