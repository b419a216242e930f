"""Which element a selector means: exactly one, or the step stops and lists the candidates.

A bare ``text=…`` in an acting step has a rule of its own (see `_text_target`); every other selector keeps
Playwright's meaning. An element is handed out as a handle, so that what is checked is what is acted on.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from playwright.sync_api import ElementHandle, Frame, Locator
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.quiet import POLL_S, has_settled

MAX_CANDIDATES = 6
CONTROL_ROLES = (
    "button", "link", "menuitem", "tab", "checkbox", "radio", "switch", "option", "menuitemcheckbox",
    "menuitemradio", "treeitem",
)  # fmt: skip

_CONTROL = "button, a, label, summary, [role=button], [role=link], [role=menuitem], [role=tab], [role=option]"
# The words of controls only, never the text of a field or of a cell. A chip that copies a token is a control
# too: runs of 16 characters and more are dropped, before anything is cut short. What no one sees goes first: it
# would break such a run up, and it would steer the terminal that a failure is told on.
_DESCRIBE = """(elements, [controls, wordless]) => elements.map(element => {
  const control = element.closest(controls);
  const tidy = text => (text || '').replace(/\\p{Cf}/gu, '').replace(/\\s+/g, ' ').replace(/\\p{Cc}/gu, '')
    .replace(/\\S{16,}/g, '…').replace(/ +/g, ' ').trim();
  const words = control ? tidy(control.getAttribute('aria-label') || control.innerText) : '';
  const kind = element.getAttribute('type') || '';
  const box = element.getBoundingClientRect();
  return { tag: element.tagName.toLowerCase(), type: /^[a-z-]{1,15}$/.test(kind) ? kind : '',
           id: wordless ? '' : tidy(element.id), words: wordless ? '' : words.slice(0, 60),
           x: Math.round(box.x), y: Math.round(box.y) };
})"""
_TO_CONTROL = f"element => element.closest('{_CONTROL}') || element"
_ROLES = ", ".join(f"[role={role}]" for role in CONTROL_ROLES)
_IS_DOUBTFUL = (
    f"(element, last) => element === last || !element.matches('{_CONTROL}, input, option, {_ROLES}')"
)


@dataclass(frozen=True, kw_only=True)
class Seeker:
    """Finds targets in one frame of a page for one step.

    `redact` makes words taken from the page safe to print; `remaining_s` says how long the step still has.
    With `wordless`, candidates are told by kind and place only: the page may show a token by now.
    """

    frame: Frame
    remaining_s: Callable[[], float]
    last_acted: ElementHandle | None
    redact: Callable[[str], str]
    wordless: bool = False

    def target(self, selector: str) -> ElementHandle:
        """The one element that `selector` means in an acting step, waited for until the step's time is up.

        Raises:
            StepFailed: `target.not_found`, `target.ambiguous` or `target.bad_selector`.
        """
        text = bare_text(selector)
        if text is not None:
            return self._text_target(selector, text)
        return self._single(selector)

    def read(self, selector: str, expression: str) -> Any:
        """What `expression`, a function of one element, answers for the one element that `selector` means.

        Raises:
            StepFailed: as `target` does; and what the evaluation failed with.
        """
        if bare_text(selector) is None:
            # One round trip where there is exactly one, as there mostly is.
            alone = f"elements => elements.length === 1 ? [({expression})(elements[0])] : []"
            locator = self.frame.locator(selector)
            answers = attempt(lambda: locator.evaluate_all(alone), what=f"reading {selector}")
            if answers:
                return answers[0]
        element = self.target(selector)
        return attempt(lambda: element.evaluate(expression), what=f"reading {selector}")

    def visible(self, selector: str) -> Locator:
        """The first visible match of `selector`, for steps that look and don't act."""
        return self.frame.locator(selector).filter(visible=True).first

    def is_there(self, selector: str) -> bool:
        """Whether a match of `selector` is visible once the page has settled."""
        match = self.visible(selector)
        if match.is_visible():
            return True
        return self._settled() and match.is_visible()

    def _single(self, selector: str) -> ElementHandle:
        locator = self.frame.locator(selector)
        try:
            return attempt(
                lambda: locator.element_handle(timeout=self.remaining_s() * 1000),
                what=f"looking for {selector}",
                timeout_code="target.not_found",
            )
        except StepFailed as error:
            code = error.code
        if code == "target.ambiguous":
            return self._only_visible_or_stop(selector, locator)
        raise self._stop(selector, code, None)

    def _only_visible_or_stop(self, selector: str, locator: Locator) -> ElementHandle:
        """The one visible match among hidden twins; more than one stops the step."""
        handles = attempt(locator.filter(visible=True).element_handles, what=f"looking for {selector}")
        if len(handles) == 1:
            return handles[0]
        raise self._stop(selector, "target.ambiguous", locator)

    def _text_target(self, selector: str, text: str) -> ElementHandle:
        """One visible control with exactly that accessible name; else one exact full text, retargeted to its
        control; else one substring match once the page has settled, never the element just acted on."""
        named = named_control(self.frame, text).filter(visible=True)
        exact = self.frame.locator(f"text={exact_pattern(text)}").filter(visible=True)
        partial = self.frame.locator(f"text={text}").filter(visible=True)
        for _ in self._rounds():
            found = self._matches(named) or self._controls(exact)
            if not found or self._is_doubtful(found):
                if not self._settled():
                    continue
                # The page may have changed while it settled: an exact match always comes first.
                found = self._matches(named) or self._controls(exact)
                found = found or [h for h in self._controls(partial) if not self._is_last_acted(h)]
            if len(found) == 1:
                return found[0]
            if found:
                raise self._stop(selector, "target.ambiguous", partial)
        raise self._stop(selector, "target.not_found", partial)

    def _rounds(self) -> Iterator[int]:
        """Counts up, a short pause between, until the step's time is up."""
        for number in count():
            yield number
            if self.remaining_s() <= POLL_S:
                return
            attempt(lambda: self.frame.page.wait_for_timeout(POLL_S * 1000), what="waiting for the page")

    def _matches(self, locator: Locator) -> list[ElementHandle]:
        """The matches of `locator` now; none while the page is just changing."""
        try:
            return locator.element_handles()
        except PlaywrightError:
            return []

    def _controls(self, locator: Locator) -> list[ElementHandle]:
        """The controls that hold the matches of `locator`, each control once."""
        try:
            controls = [handle.evaluate_handle(_TO_CONTROL).as_element() for handle in self._matches(locator)]
            return _distinct([control for control in controls if control is not None])
        except PlaywrightError:
            return []

    def _is_last_acted(self, handle: ElementHandle) -> bool:
        if self.last_acted is None:
            return False
        try:
            return bool(handle.evaluate("(element, last) => element === last", self.last_acted))
        except PlaywrightError:
            return False  # the last one belongs to a page that is gone

    def _is_doubtful(self, found: list[ElementHandle]) -> bool:
        """Whether the sole exact match may be a forerunner: the element just acted on, where a dialog with a
        control of the same name is still to come, or a mere text, where its control is."""
        if len(found) != 1:
            return False
        last = self.last_acted
        for one in (last, None) if last is not None else (None,):
            try:
                return bool(found[0].evaluate(_IS_DOUBTFUL, one))
            except PlaywrightError:
                continue  # the last one belongs to a page that is gone
        return True

    def _settled(self) -> bool:
        return has_settled(self.frame, self.remaining_s)

    def _stop(self, selector: str, code: str, locator: Locator | None) -> StepFailed:
        candidates = self._describe(locator) if locator is not None else ()
        why = {
            "target.not_found": "nothing on the page matches",
            "target.ambiguous": "more than one element matches",
            "target.bad_selector": "it is not a selector that Playwright understands",
        }.get(code, "it could not be used")
        next_step = {
            "target.not_found": "open the page in your own browser and compare; the evidence folder shows its layout",
            "target.ambiguous": "make the selector name one of the candidates",
        }.get(code, "")
        tried = Tried(selector=selector, why=why, candidates=candidates)
        return StepFailed(f"no element to act on: {why}", code=code, tried=(tried,), next_step=next_step)

    def _describe(self, locator: Locator) -> tuple[str, ...]:
        try:
            found = locator.evaluate_all(_DESCRIBE, [_CONTROL, self.wordless])
        except PlaywrightError:
            return ()
        lines = [self._candidate(item) for item in found[:MAX_CANDIDATES]]
        more = len(found) - len(lines)
        return (*lines, f"… and {more} more") if more > 0 else tuple(lines)

    def _candidate(self, item: dict[str, str]) -> str:
        name = f"#{item['id']}" if item["id"] else ""
        kind = f"[type={item['type']}]" if item["type"] else ""
        words = f' "{item["words"]}"' if item["words"] else ""
        return self.redact(f"<{item['tag']}{name}{kind}>{words} at {item['x']},{item['y']}")


def bare_text(selector: str) -> str | None:
    """The text of a bare ``text=…`` selector; None for quoted text, regular expressions, chains, other engines."""
    if not selector.startswith("text="):
        return None
    text = selector.removeprefix("text=").strip()
    if not text or text[0] in "\"'/" or ">>" in text:
        return None
    return " ".join(text.split())


def exact_pattern(text: str) -> str:
    """A Playwright text regular expression that matches an element whose whole text is `text`."""
    escaped = re.sub(r"[.*+?^${}()|\[\]\\/]", r"\\\g<0>", text)
    return "/^\\s*" + re.sub(r"\s+", r"\\s+", escaped) + "\\s*$/"


def named_control(frame: Frame, name: str) -> Locator:
    """Every control whose accessible name is exactly `name`."""
    union = frame.get_by_role("button", name=name, exact=True)
    for role in CONTROL_ROLES[1:]:
        union = union.or_(frame.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]  # a literal
    return union


def _distinct(handles: list[ElementHandle]) -> list[ElementHandle]:
    kept: list[ElementHandle] = []
    for handle in handles:
        if not any(handle.evaluate("(one, other) => one === other", other) for other in kept):
            kept.append(handle)
    return kept
