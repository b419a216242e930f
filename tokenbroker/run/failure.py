"""Why a step failed, said so that a person can mend the flow: no values, no foreign messages, no frames."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tokenbroker.errors import BrokerError, ExitCode
from tokenbroker.flow.model import Flow, Step

T = TypeVar("T")
CONTEXT_LINES = 2
_NET_ERROR = re.compile(r"net::(ERR_[A-Z_]+)")
_HELD_BACK = (
    ("intercepts pointer events", "target.covered", "something else covers the element until the time-out"),
    ("element is not enabled", "target.disabled", "the element stayed disabled until the time-out"),
)
# What the log of an act says once it was done: from there on nobody knows what the page has made of it. (A fill
# has a closer look of its own.)
_ACTED = ("performing ", "action done", "attempting fill")
NOTHING_PRESSED = frozenset({"target.not_found", "target.ambiguous", "target.covered", "target.disabled"})
"""Codes of failures before which nothing was pressed yet (but perhaps a control that copies)."""
_TRANSIENT = frozenset({"navigation.failed", "navigation.timeout"})
_TROUBLE = (
    ("strict mode violation", "target.ambiguous", "more than one element matches"),
    ("not attached", "target.detached", "the element went away while it was being used"),
    ("rame was detached", "target.frame_detached", "the frame went away while it was being used"),
    ("rame has been detached", "target.frame_detached", "the frame went away while it was being used"),
    ("Element is not an <input>", "target.not_editable", "the element does not take text"),
    ("not an <select>", "target.not_select", "the element is no select box"),
    ("Not a checkbox", "target.not_checkable", "the element is no check box"),
    ("has been closed", "browser.closed", "the page or the browser was closed"),
    ("crashed", "browser.crashed", "the page crashed"),
    (
        "interrupted by another navigation",
        "navigation.interrupted",
        "another navigation interrupted this one",
    ),
    ("Unknown engine", "target.bad_selector", "the selector is not valid"),
    ("while parsing", "target.bad_selector", "the selector is not valid"),
    ("is not a valid selector", "target.bad_selector", "the selector is not valid"),
    ("Unknown key", "press.unknown_key", "there is no such key"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One way to find the target, and why it did not serve."""

    selector: str
    why: str
    candidates: tuple[str, ...] = ()


class StepFailed(BrokerError):
    """A step could not do its act; the code says why.

    Attributes:
        tried: each selector tried, with the reason why it failed.
        acted: whether the act had been done when it failed.
        is_transient: it may pass by itself: a site that is down, a line that is cut.
    """

    code = "step.failed"

    def __init__(
        self,
        sentence: str,
        *,
        code: str,
        tried: tuple[Tried, ...] = (),
        next_step: str = "",
        acted: bool = False,
        is_transient: bool = False,
    ) -> None:
        self.tried = tried
        self.acted = acted
        self.is_transient = is_transient
        super().__init__(sentence, next_step=next_step, code=code)


def attempt(act: Callable[[], T], *, what: str, timeout_code: str = "step.timeout") -> T:
    """Run a browser call; its errors become a StepFailed that holds nothing of the foreign message.

    Playwright's messages hold typed values and snapshots of the page, so they end here; the new error is
    raised outside the `except` block, for a chained error would carry the old one along.
    """
    code, why, acted = "", "", False
    try:
        return act()
    except PlaywrightTimeout as error:
        code, why = timeout_code, "it was not possible before the step's time-out"
        acted = _has_acted(error)
        if not acted:
            code, why = next((told for mark, *told in _HELD_BACK if mark in error.message), (code, why))
    except PlaywrightError as error:
        code, why = _translated(error.message)
        acted = _has_acted(error)
    raise StepFailed(f"{what}: {why}", code=code, acted=acted, is_transient=code in _TRANSIENT)


def _has_acted(error: PlaywrightError) -> bool:
    return any(mark in error.message for mark in _ACTED)


def _translated(message: str) -> tuple[str, str]:
    net = _NET_ERROR.search(message)
    if net:
        return "navigation.failed", f"the address did not load ({net.group(1)})"
    for mark, code, why in _TROUBLE:
        if mark in message:
            return code, why
    return "step.failed", "the browser refused it"


class RunFailure(BrokerError):
    """A run that did not pass, ready to be shown: the flow's lines, what was tried, the page, the code."""

    def __init__(self, report: str, *, code: str, exit_code: ExitCode = ExitCode.FAILED) -> None:
        self.exit_code = exit_code
        self.report = report
        super().__init__(report.splitlines()[0] if report else code, code=code)


def failure_report(
    flow: Flow, step: Step | None, error: BrokerError, *, page_url: str, aftermath: str = ""
) -> str:
    """The text of a failed run, in the order in which a person needs it."""
    lines = [f"{error.code}: {error.sentence}"]
    if step is not None:
        lines += ["", *excerpt(flow, step)]
    for tried in getattr(error, "tried", ()):
        lines.append(f"  tried  {tried.selector}  -> {tried.why}")
        lines += [f"           {candidate}" for candidate in tried.candidates]
    if page_url:
        lines.append(f"  page   {page_url}")
    lines.append(f"  reason {error.code}")
    if error.next_step:
        lines.append(f"  to do  {error.next_step}")
    if aftermath:
        lines += ["", aftermath]
    return "\n".join(lines)


def excerpt(flow: Flow, step: Step) -> list[str]:
    """The lines of the flow around `step`, the step's own ones marked."""
    lines = flow.text.splitlines()
    first, last = step.position.line, min(step.position.end_line, len(lines))
    shown = range(max(1, first - CONTEXT_LINES), min(len(lines), last + CONTEXT_LINES) + 1)
    marked = [f"  {'>' if first <= n <= last else ' '} {n:>4} | {lines[n - 1]}".rstrip() for n in shown]
    return [f"  {flow.path}:{first}", *marked]


def shown_address(url: str) -> str:
    """`url` without what may hold a value: user, query and fragment are cut off."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return parts.scheme + ":" if parts.scheme else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"
