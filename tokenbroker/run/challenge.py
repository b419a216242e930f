"""The one-time-code challenge on a page: is there one, how is the code typed, has it gone (RUN-12)."""

import time
from dataclasses import dataclass
from typing import Self

from playwright.sync_api import ElementHandle, Frame, JSHandle, Page, Request
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.failure import attempt
from tokenbroker.run.quiet import ChangeCount
from tokenbroker.secret import Secret

_DECLARED = "input[autocomplete~='one-time-code']:enabled:read-write"
_HOLDS = """selector => {
  const holds = root => root.querySelector(selector) !== null
    || [...root.querySelectorAll('*')].some(element => element.shadowRoot !== null && holds(element.shadowRoot));
  return holds(document);
}"""
# A group of fields that say so; else one short numeric input; else a group of single-digit inputs under one
# parent. Answers the fields, or an empty list.
FIND = """() => {
  const seen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.disabled && !element.readOnly;
  const inputs = [...document.querySelectorAll('input')].filter(seen);
  const declared = inputs.filter(i => (i.autocomplete || '').split(' ').includes('one-time-code'));
  const kinds = ['text', 'tel', 'number'];
  const single = i => i.maxLength === 1 && (i.inputMode === 'numeric' || kinds.includes(i.type));
  const group = inputs.filter(single);
  const family = group.filter(i => group[0].closest('form, fieldset, [role=group], div') ===
                                   i.closest('form, fieldset, [role=group], div'));
  if (declared.length >= 4 && declared.every(single)) return declared;
  const numeric = i => i.inputMode === 'numeric' || ['number', 'tel'].includes(i.type)
    || /^\\[0-9\\]|^\\\\d/.test(i.pattern);
  const short = inputs.filter(i => numeric(i) && i.maxLength >= 4 && i.maxLength <= 10);
  if (short.length === 1) return short;
  const siblings = family.length >= 4 ? family : group;
  return siblings.length >= 4 && siblings.length <= 10 ? siblings : [];
}"""
# Whether its field stands empty, or marked as invalid. A mark of an earlier answer counts once the site has
# answered again, or once it was set anew.
_WATCH_MARK = """field => {
  const seen = { old: field.getAttribute('aria-invalid') === 'true', anew: false };
  new MutationObserver(() => { seen.anew = true; }).observe(field, { attributeFilter: ['aria-invalid'] });
  return seen;
}"""
# As Playwright means it, which asks for it in a way that takes four times as long.
_IS_SEEN = """field => field.checkVisibility({ visibilityProperty: true })
  && field.getBoundingClientRect().width > 0 && field.getBoundingClientRect().height > 0"""
_IS_MARKED = "field => field.getAttribute('aria-invalid') === 'true'"
_REFUSED = """(field, [seen, answered]) => field.isConnected && (field.value === '' ||
  (field.getAttribute('aria-invalid') === 'true' && (!seen || !seen.old || seen.anew || answered)))"""
_ANSWERING = frozenset({"document", "xhr", "fetch"})
# A site that judges a code without sending anything is done by then.
QUIET_S = 2.0
# What still changes by then is a countdown or an advertisement.
RESTLESS_S = 6.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """The visible fields that take a one-time code: one, or one for each digit."""

    page: Page
    fields: tuple[ElementHandle, ...]
    is_declared: bool
    """Whether the one field says of itself that it takes a one-time code."""

    def again(self) -> "Challenge | None":
        """The challenge of the same kind that the page shows now: a site asks again as it asked before."""
        if not self.is_declared:
            return find_challenge(self.page)
        return _declared(self.page) if _may_declare(self.page) else None

    def answer(self, code: Secret, *, timeout_ms: float) -> None:
        """Type `code`, and press Enter if the field is still there afterwards."""
        text = code.reveal()
        last = self.fields[-1]
        if len(self.fields) == 1:
            attempt(lambda: self.fields[0].fill(text, timeout=timeout_ms), what="typing the code")
        else:
            attempt(lambda: self.fields[0].focus(), what="typing the code")
            for field, digit in zip(self.fields, text, strict=False):
                # The page may move the focus by itself; filling the field that is meant is right either way.
                attempt(lambda f=field, d=digit: f.fill(d, timeout=timeout_ms), what="typing the code")  # type: ignore[misc]
        try:
            if last.evaluate(_IS_SEEN):
                last.press("Enter", timeout=timeout_ms, no_wait_after=True)
        except PlaywrightError:
            return  # a page that sends the form by itself has taken the field away already

    def is_over(self) -> bool:
        """Whether none of its fields is to be seen any more."""
        try:
            return not any(field.is_visible() for field in self.fields)
        except PlaywrightError:
            return True  # the page that held them is gone

    def looks_refused(self, sent: "Submission") -> bool:
        """Whether the very same field stands empty, or marked as invalid since `sent`."""
        try:
            return bool(self.fields[0].evaluate(_REFUSED, [sent.mark, sent.was_answered]))
        except PlaywrightError:
            return False


class Submission:
    """Watches a page from before a code is sent until the site has judged it.

    An empty field says little by itself: many pages empty it at once and answer seconds later. It is a refusal
    only where nothing is under way any more.
    """

    def __init__(self, challenge: Challenge) -> None:
        self._page = challenge.page
        self._under_way: set[Request] = set()
        self._began = time.monotonic()
        self._changes: ChangeCount | None = None
        self.was_answered = False
        """Whether a request that began since has ended."""
        self.has_navigated = False
        self._asks_for_page = False
        self.mark: JSHandle | None = None
        field = challenge.fields[0]
        try:
            # Only a field that is marked already has to be watched: any other one is marked anew.
            if field.evaluate(_IS_MARKED):
                self.mark = field.evaluate_handle(_WATCH_MARK)
        except PlaywrightError:
            return  # the page is just going away: it tells by what comes

    def __enter__(self) -> Self:
        self._page.on("request", self._begin)
        self._page.on("requestfinished", self._end)
        self._page.on("requestfailed", self._end)
        self._page.on("framenavigated", self._navigate)
        return self

    def __exit__(self, *_: object) -> None:
        self._page.remove_listener("request", self._begin)
        self._page.remove_listener("requestfinished", self._end)
        self._page.remove_listener("requestfailed", self._end)
        self._page.remove_listener("framenavigated", self._navigate)
        if self._changes is not None and not self.has_navigated:  # a document that is gone counts no more
            self._changes.close()

    def brings_a_page(self, *, timeout_ms: float) -> bool:
        """Give the site some time; True as soon as it has sent another document, and that is there."""
        try:
            self._page.wait_for_event("domcontentloaded", timeout=timeout_ms)
        except PlaywrightError:  # nothing came, or the page is gone
            return False
        return self._asks_for_page

    def is_at_rest(self) -> bool:
        """Whether no request is under way, and the page has been quiet for a while; ask several times a second."""
        since_s = time.monotonic() - self._began
        quiet_s = min(self._quiet_s(since_s), since_s)
        return not self._under_way and (quiet_s >= QUIET_S or since_s >= RESTLESS_S)

    def _quiet_s(self, since_s: float) -> float:
        try:
            # Counted from the first time that somebody asks: most codes are right, and nobody does.
            self._changes = self._changes or ChangeCount(self._page)
            return self._changes.look()[0]
        except PlaywrightError:
            return since_s  # its document is gone

    def _begin(self, request: Request) -> None:
        is_mine = request.is_navigation_request() and request.frame == self._page.main_frame
        self._asks_for_page = self._asks_for_page or is_mine
        if request.resource_type in _ANSWERING:
            self._under_way.add(request)

    def _end(self, request: Request) -> None:
        if request in self._under_way:
            self._under_way.remove(request)
            self.was_answered = True

    def _navigate(self, frame: Frame) -> None:
        self.has_navigated = self.has_navigated or frame == self._page.main_frame


def find_challenge(page: Page) -> Challenge | None:
    """The one-time-code challenge that the page shows now, if it shows exactly one."""
    return _declared(page) or _guessed(page)


def _may_declare(page: Page) -> bool:
    """Whether :func:`_declared` is worth asking: it brings Playwright's whole script into a document that is new."""
    try:
        return bool(page.evaluate(_HOLDS, _DECLARED))
    except PlaywrightError:
        return True


def _declared(page: Page) -> Challenge | None:
    """The one field that says of itself that it takes a one-time code."""
    try:
        fields = page.locator(_DECLARED).filter(visible=True).element_handles()
    except PlaywrightError:
        return None
    return Challenge(page=page, fields=tuple(fields), is_declared=True) if len(fields) == 1 else None


def _guessed(page: Page) -> Challenge | None:
    """A single short numeric field, or a group of fields for one digit each."""
    try:
        handle = page.evaluate_handle(FIND)
        found = [item.as_element() for item in handle.get_properties().values()]
    except PlaywrightError:
        return None
    fields = tuple(field for field in found if field is not None)
    return Challenge(page=page, fields=fields, is_declared=False) if fields else None
