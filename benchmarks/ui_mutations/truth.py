"""Which element the flow's own selector means on the unmutated page: the ground truth."""

from playwright.sync_api import ElementHandle, Frame, Locator

from benchmarks.ui_mutations.consoles import Point, Verb

COMES_WITHIN_MS = 8000
_PRESSABLE = ("button", "link")
_SHOWS_A_KEY = (
    r"""element => /exk_live_\w{32}/.test((element.value ?? element.innerText).replace(/\s/g, ''))"""
)


class NoTruth(Exception):
    """The unmutated page has not exactly one element that the flow's selector means: the kit is broken."""


def find_truth(frame: Frame, point: Point) -> ElementHandle:
    """The one element that `point` means, waited for; one that is read has its key by then.

    Raises:
        NoTruth: see there.
    """
    ways = _ways(frame, point)
    _any_of(ways).first.wait_for(timeout=COMES_WITHIN_MS)
    for way in ways:
        found = way.filter(visible=True).element_handles()
        if len(found) > 1:
            raise NoTruth(f"{point.console}: {point.selector} means {len(found)} elements")
        if found:
            if point.verb is Verb.READ:
                frame.wait_for_function(_SHOWS_A_KEY, arg=found[0], timeout=COMES_WITHIN_MS)
            return found[0]
    raise NoTruth(f"{point.console}: {point.selector} means nothing")


def _ways(frame: Frame, point: Point) -> list[Locator]:
    """What the selector may mean, the first that means anything counts.

    A bare `text=` means a control by its name, or a field by its label; else what has exactly that text; else
    a control whose name contains it.
    """
    if not point.selector.startswith("text="):
        return [frame.locator(point.selector)]
    words = point.selector.removeprefix("text=")
    if point.verb is not Verb.CLICK:
        return [frame.get_by_label(words, exact=True)]
    exact = [frame.get_by_role(role, name=words, exact=True) for role in _PRESSABLE]  # type: ignore[arg-type]
    partly = [frame.get_by_role(role, name=words) for role in _PRESSABLE]  # type: ignore[arg-type]
    return [_any_of(exact), frame.locator("summary").get_by_text(words, exact=True), _any_of(partly)]


def _any_of(locators: list[Locator]) -> Locator:
    union = locators[0]
    for locator in locators[1:]:
        union = union.or_(locator)
    return union
