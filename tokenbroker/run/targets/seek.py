"""Find the one element that a selector means, or stop the step with the candidates.

A bare ``text=…`` in an acting step has a rule of its own (see `_text_target`); every other selector keeps
Playwright's meaning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Locator

from tokenbroker.flow.selector import Selector, SelectorSet
from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.quiet import Rest, has_settled, rounds
from tokenbroker.run.targets.engine import Candidate, Content, Sight, Way, acting, look, read
from tokenbroker.run.targets.found import Found
from tokenbroker.run.targets.selector import bare_text, exact_pattern
from tokenbroker.run.targets.sets import MAX_CANDIDATES, SetSearch
from tokenbroker.run.targets.verdict import Purpose

CONTROL_ROLES = (
    "button", "link", "menuitem", "tab", "checkbox", "radio", "switch", "option", "menuitemcheckbox",
    "menuitemradio", "treeitem",
)  # fmt: skip
_NAMED, _EXACT, _PARTIAL = range(3)
_PAGES = 10  # more than lead on to each other at any sign-on
_VALUE = "element => String(element.value ?? '')"


@dataclass(frozen=True, kw_only=True)
class Seeker:
    """Finds targets in one frame of a page for one step.

    `redact` makes words taken from the page safe to print; `remaining_s` says how long the step still has.
    With `wordless`, candidates are told by kind and place only: the page may show a token by now.
    """

    frame: Frame
    remaining_s: Callable[[], float]
    redact: Callable[[str], str]
    wordless: bool = False
    site: str = ""
    other_frames: Callable[[], tuple[Frame, ...]] = lambda: ()
    """Where else the target of a set may have moved to; all of declared origins."""
    as_written: Callable[[str], str] = lambda address: address
    """An address of the site as the flow would write it."""

    def find(self, selector: Selector, *, purpose: Purpose = Purpose.ACT) -> Found:
        """The one element that `selector` means in an acting step, waited for until the step's time is up.

        Raises:
            StepFailed: `target.not_found`, `target.ambiguous` or `target.bad_selector`.
        """
        if isinstance(selector, SelectorSet):
            return self._search(selector, purpose).find()
        text = bare_text(selector)
        if text is not None:
            return self._text_target(selector, text)
        return self._single(selector)

    def read(self, selector: str, source: str) -> Content:
        """What the one element that `selector` means has; `source` as in `engine.read`.

        Raises:
            StepFailed: as `find` does; and what the reading failed with.
        """
        if bare_text(selector) is None:
            # One round trip where there is exactly one, as there mostly is.
            content = self._content(self.frame.locator(selector), source, what=selector)
            if content is not None:
                return content
        return self.content_of(self.find(selector), source, what=selector)

    def content_of(self, found: Found, source: str, *, what: str) -> Content:
        """What the element that was `found` has; raises as `read`."""
        content = self._content(found.element, source, what=what, frame=found.frame)
        if content is None:
            raise StepFailed(f"reading {what}: the element has gone", code="target.detached")
        return content

    def _content(
        self, locator: Locator, source: str, *, what: str, frame: Frame | None = None
    ) -> Content | None:
        def reading() -> Content | None:
            content = read(frame or self.frame, locator, source, timeout_ms=self._remaining_ms())
            if content is None or content.text is not None:
                return content
            return replace(content, text=str(locator.evaluate(_VALUE, timeout=self._remaining_ms())))

        return attempt(reading, what=f"reading {what}")

    def visible(self, selector: str) -> Locator:
        """The first visible match of `selector`, for steps that look and don't act."""
        return self.frame.locator(selector).filter(visible=True).first

    def now(self, selector: SelectorSet) -> Found | None:
        """What `selector` means now, for steps that look and don't act; None where it is not to be seen.

        Raises:
            StepFailed: `target.bad_selector`.
        """
        return self._search(selector, Purpose.SEE).now()

    def is_gone(self, selector: SelectorSet) -> bool:
        """Whether the page can be looked at, and nothing is there that `selector` may mean; raises as `now`."""
        return self._search(selector, Purpose.SEE).is_gone()

    def unseen(self, selector: SelectorSet) -> tuple[str, tuple[Tried, ...]]:
        """Why `now` does not find it, and where each alternative leads; raises as `now`."""
        return self._search(selector, Purpose.SEE).unseen()

    def shows(self, selector: Selector) -> bool:
        """Whether what `selector` means is to be seen now; raises PlaywrightError or StepFailed."""
        if isinstance(selector, SelectorSet):
            return self.now(selector) is not None
        return self.visible(selector).is_visible()

    def is_there(self, selector: Selector, rest: Rest, *, unless: Selector | None = None) -> bool:
        """Whether what `selector` means is visible once the page is at `rest`, or shows `unless` before; where a page
        leads on to another one, that is asked instead.

        Raises:
            StepFailed: `target.bad_selector`, of either.
        """

        def is_decided() -> bool:
            return unless is not None and (self.is_seen(unless) or self.is_seen(selector))

        for _ in range(_PAGES):
            if self.is_seen(selector):
                return True
            if rest.has_settled(self.frame, self.remaining_s, or_sooner=is_decided):
                return self.is_seen(selector)
            if not rest.was_left:
                return False
        return False

    def is_seen(self, selector: Selector) -> bool:
        """Whether what `selector` means is to be seen now; a page that is being left shows nothing."""
        try:
            return attempt(lambda: self.shows(selector), what=f"looking for {selector}")
        except StepFailed as error:
            if error.code != "target.bad_selector":
                return False
        raise self._stop(str(selector), "target.bad_selector", None)

    def _search(self, selector: SelectorSet, purpose: Purpose) -> SetSearch:
        return SetSearch(
            selector=selector,
            frames=(self.frame, *self.other_frames()),
            site=self.site,
            as_written=self.as_written,
            remaining_s=self.remaining_s,
            redact=self.redact,
            wordless=self.wordless,
            purpose=purpose,
        )

    def _single(self, selector: str) -> Found:
        locator = self.frame.locator(selector)
        try:
            attempt(
                lambda: locator.wait_for(state="attached", timeout=self._remaining_ms()),
                what=f"looking for {selector}",
                timeout_code="target.not_found",
            )
        except StepFailed as error:
            code = error.code
        else:
            target, undo = acting(self.frame, locator)
            return Found(element=locator, target=target, undo=undo, frame=self.frame)
        sight = self._look(locator) if code == "target.ambiguous" else None
        # One visible match among hidden twins is the one; more than one stop the step.
        if sight is not None and sight.total == 1:
            return Found.of(sight.candidates[0])
        raise self._stop(selector, code, sight)

    def _text_target(self, selector: str, text: str) -> Found:
        """One visible control with exactly that accessible name; else one exact full text, retargeted to its
        control; else one substring match once the page has settled, never the element just acted on."""
        ways = (
            Way(locator=named_control(self.frame, text)),
            Way(locator=self.frame.locator(f"text={exact_pattern(text)}"), to="control"),
            Way(locator=self.frame.locator(f"text={text}"), to="control"),
        )
        sight = Sight()
        for _ in rounds(self.frame.page, self.remaining_s):
            sight = self._sight(ways)
            found = _exact(sight)
            if not found or _is_doubtful(found):
                if not self._settled():
                    continue
                # The page may have changed while it settled: an exact match always comes first.
                sight = self._sight(ways)
                found = _exact(sight) or [c for c in _of_way(sight, _PARTIAL) if not c.is_acted]
            if len(found) == 1:
                return Found.of(found[0])
            if found:
                raise self._stop(selector, "target.ambiguous", sight)
        raise self._stop(selector, "target.not_found", sight)

    def _sight(self, ways: Sequence[Way]) -> Sight:
        """What is to be seen along `ways` now; nothing while the page is just changing."""
        try:
            return look(self.frame, ways, timeout_ms=self._remaining_ms(), wordless=self.wordless)
        except PlaywrightError:
            return Sight()

    def _look(self, locator: Locator) -> Sight:
        return attempt(
            lambda: look(
                self.frame, [Way(locator=locator)], timeout_ms=self._remaining_ms(), wordless=self.wordless
            ),
            what="looking at the candidates",
        )

    def _settled(self) -> bool:
        return has_settled(self.frame, self.remaining_s)

    def _remaining_ms(self) -> float:
        return self.remaining_s() * 1000

    def _stop(self, selector: str, code: str, sight: Sight | None) -> StepFailed:
        why = {
            "target.not_found": "nothing on the page matches",
            "target.ambiguous": "more than one element matches",
            "target.bad_selector": "it is not a selector that Playwright understands",
        }.get(code, "it could not be used")
        next_step = {
            "target.not_found": "open the page in your own browser and compare; the evidence folder shows its layout",
            "target.ambiguous": "make the selector name one of the candidates",
            "target.bad_selector": "mend its spelling: a bracket or a quotation mark is missing, say",
        }.get(code, "")
        tried = Tried(selector=selector, why=why, candidates=self._described(sight))
        return StepFailed(f"no element to act on: {why}", code=code, tried=(tried,), next_step=next_step)

    def _described(self, sight: Sight | None) -> tuple[str, ...]:
        if sight is None:
            return ()
        lines = [self.redact(str(candidate.shown)) for candidate in sight.candidates[:MAX_CANDIDATES]]
        more, hidden = sight.total - len(lines), sum(sight.hidden)
        lines += [f"… and {more} more"] if more > 0 else []
        return (*lines, *([f"… and {hidden} that can't be seen"] if hidden and not lines else []))


def named_control(frame: Frame, name: str) -> Locator:
    """Every control whose accessible name is exactly `name`."""
    union = frame.get_by_role("button", name=name, exact=True)
    for role in CONTROL_ROLES[1:]:
        union = union.or_(frame.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]  # a literal
    return union


def _of_way(sight: Sight, way: int) -> list[Candidate]:
    return [candidate for candidate in sight.candidates if way in candidate.ways]


def _exact(sight: Sight) -> list[Candidate]:
    return _of_way(sight, _NAMED) or _of_way(sight, _EXACT)


def _is_doubtful(found: Sequence[Candidate]) -> bool:
    """Whether the sole exact match may be a forerunner: the element just acted on, where a dialog with a control
    of the same name is still to come, or a mere text, where its control is."""
    return len(found) == 1 and (found[0].is_acted or not found[0].acts)
