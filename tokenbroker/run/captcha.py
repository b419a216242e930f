"""A CAPTCHA is a person's business: it is recognised, and put to a person; nothing here solves one (RUN-7)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Page

from tokenbroker.errors import HumanDenied
from tokenbroker.human.checkpoint import Kind, Outcome
from tokenbroker.run.asking import ask
from tokenbroker.run.failure import NOTHING_PRESSED, StepFailed
from tokenbroker.run.hands import require_hands
from tokenbroker.run.postcondition import Postcondition
from tokenbroker.run.stage import Stage

CODE = "human.captcha"
MAX_CAPTCHAS = 3
# After these the step may begin anew.
_NOTHING_DONE = NOTHING_PRESSED | {"wait_for.timeout", "expect.failed", "capture.no_token"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mark:
    """By what a make of CAPTCHA is known."""

    name: str
    widget: str
    """Its element in the page."""
    answer: str
    """The field that takes the proof once a person has solved it; "" where it has none."""
    frame: str
    """A regular expression of the address of its own frames; "" where it has none."""


_MARKS = (
    _Mark(
        name="reCAPTCHA",
        widget=".g-recaptcha",
        answer="[name^=g-recaptcha-response]",
        frame=r"https://www\.(google\.com|recaptcha\.net)/recaptcha/",
    ),
    _Mark(
        name="hCaptcha",
        widget=".h-captcha",
        answer="[name^=h-captcha-response]",
        frame=r"https://([\w-]+\.)*hcaptcha\.com/",
    ),
    _Mark(
        name="Turnstile",
        widget=".cf-turnstile",
        answer="[name^=cf-turnstile-response]",
        frame=r"https://challenges\.cloudflare\.com/",
    ),
    _Mark(
        name="a CAPTCHA",
        widget="[data-sitekey], [data-captcha]",
        answer="[name*=captcha][name$=response]",
        frame="",
    ),
)
# Those that work unseen (a badge in the corner, data-size=invisible) stop nobody until they show a frame of theirs.
_UNSEEN = ".grecaptcha-badge, [data-size=invisible]"
# For each mark: whether its widget is to be seen, and whether a person has solved it. Null while the page loads.
_LOOK = """([marks, unseen]) => document.readyState === 'loading' ? null : marks.map(([widget, answer]) => {
  const seen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  return [[...document.querySelectorAll(widget)].some(each => seen(each) && !each.closest(unseen)),
          [...document.querySelectorAll(answer)].some(each => each.value)];
})"""
_IS_SEEN = """(element, unseen) => !element.closest(unseen)
  && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })"""


def find_captcha(page: Page) -> str | None:
    """The make of the unsolved CAPTCHA that `page` shows, else None."""
    return _look(page) or None


def past_captcha(act: Callable[[], str], stage: Stage, *, is_idempotent: bool) -> str:
    """Do the step `act`; where it can't go on and the page shows a CAPTCHA, a person solves it, and it is done then.

    Never twice: it begins anew only after a failure before which nothing was pressed.

    Raises:
        HumanUnreachable: `human.captcha`; nobody could act in the page.
        HumanDenied: `human.captcha`; the site shows it still after a person has solved it three times.
        HumanDenied, HumanTimeout, HumanUnreachable: the person said no, nothing, or can't be asked.
        and what `act` raises.
    """
    limit_s = stage.remaining_s()
    remarks: list[str] = []
    while True:
        try:
            return "; ".join(filter(None, [*remarks, act()]))
        except StepFailed as error:
            may_go_on = error.code in _NOTHING_DONE or (is_idempotent and error.code == "step.timeout")
            name = find_captcha(stage.page) if may_go_on else None
            if name is None:
                raise
        if len(remarks) == MAX_CAPTCHAS:
            raise HumanDenied(
                f"the page shows {name} again and again",
                next_step="the site may be suspicious of this browser: do it by hand, or ask the site for an API",
                code=CODE,
            )
        remarks.append(_ask_to_solve(name, stage, number=len(remarks) + 1, limit_s=limit_s))


def _ask_to_solve(name: str, stage: Stage, *, number: int, limit_s: float) -> str:
    """Pause until a person has solved the CAPTCHA called `name` in the page; answers a remark.

    The person's word is enough: what we take for its end is a guess about pages of others.
    """
    require_hands_for(name, stage)
    condition = Postcondition(stage=stage, look=solved(stage), is_needed=False, limit_s=limit_s)
    answer = ask(
        stage,
        Kind.ACTION,
        f"The page shows {name}, which only a person may solve",
        attempt=number,
        deadline_s=None,
        page_says=condition.says,
        borne_out=condition.bear_out,
    )
    return f"{name}: {answer.outcome.value} by {answer.who} ({answer.channel})"


def require_hands_for(name: str, stage: Stage) -> None:
    """Stop at once where nobody could solve the CAPTCHA called `name`; raises HumanUnreachable (`human.captcha`)."""
    require_hands(stage, f"the page shows {name}, which only a person may solve", code=CODE)


def solved(stage: Stage) -> Callable[[], Outcome | None]:
    """Tells DONE once the page shows no unsolved CAPTCHA any more."""

    def look() -> Outcome | None:
        return Outcome.DONE if _look(stage.page) == "" else None

    return look


def _look(page: Page) -> str | None:
    """The make of the unsolved CAPTCHA in the page or in a frame of it, "" for none, None while it is changing."""
    shown: list[str] = []
    for frame in page.frames:
        try:
            told = frame.evaluate(_LOOK, [[[mark.widget, mark.answer] for mark in _MARKS], _UNSEEN])
        except PlaywrightError:
            told = None
        if told is None:
            if frame == page.main_frame:
                return None
            continue
        if any(is_solved for _, is_solved in told):
            return ""
        shown += [mark.name for mark, (is_seen, _) in zip(_MARKS, told, strict=True) if is_seen]
    shown += [name for frame in page.frames if (name := _of_frame(frame))]
    return shown[0] if shown else ""


def _of_frame(frame: Frame) -> str:
    """The make of CAPTCHA whose frame this is, if it is to be seen: closed shadow roots hide it from scripts only."""
    name = next((mark.name for mark in _MARKS if mark.frame and re.match(mark.frame, frame.url)), "")
    if not name:
        return ""
    try:
        return name if frame.frame_element().evaluate(_IS_SEEN, _UNSEEN) else ""
    except PlaywrightError:
        return ""
