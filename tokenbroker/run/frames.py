"""Which frame of a page a step means: exactly one, waited for, or the step stops."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Frame, Page

from tokenbroker.run.failure import StepFailed, Tried, attempt
from tokenbroker.run.quiet import POLL_S

NOT_FOUND = "target.frame_not_found"
INHERITING = ("about:blank", "about:srcdoc")
"""Addresses of documents that have the origin of whoever made them (HTML, 7.1.1 "inherits an origin")."""
_WILDCARD = re.compile(r"(?<=/)\*\*/|\*\*|\*")
_MEANING = {"**/": "(?:.+/)?", "**": ".*", "*": "[^/]*"}


@dataclass(frozen=True, kw_only=True)
class FramePath:
    """The way from a page's own document to a frame, as a step's `frame` says it.

    `ways` are mappings of one key each, `name`, `url` or `selector`, from the outermost frame to the innermost;
    `address` maps an address of the flow to the one that the browser sees.
    """

    ways: Sequence[Mapping[str, str]]
    address: Callable[[str], str]

    @classmethod
    def of(cls, option: Any, address: Callable[[str], str]) -> "FramePath":
        """The path that a step's option `frame` (None, a mapping or a list of them) says."""
        ways = option if isinstance(option, list) else [option] if option else []
        return cls(ways=ways, address=address)

    def find(self, page: Page, remaining_s: Callable[[], float]) -> Frame:
        """The frame, waited for until the step's time is up.

        Raises:
            StepFailed: `target.frame_not_found`; `target.ambiguous` where a way leads to more than one.
        """
        while True:
            frame, missing = self._follow(page)
            if missing is None:
                return frame
            if remaining_s() <= POLL_S:
                tried = Tried(selector=_shown(missing), why="no such frame is on the page")
                raise StepFailed("the frame did not come", code=NOT_FOUND, tried=(tried,))
            attempt(lambda: page.wait_for_timeout(POLL_S * 1000), what="waiting for the frame")

    def look(self, page: Page) -> Frame | None:
        """The frame, if it is there now; raises StepFailed where a way leads to more than one."""
        frame, missing = self._follow(page)
        return frame if missing is None else None

    def _follow(self, page: Page) -> tuple[Frame, Mapping[str, str] | None]:
        """The innermost frame reached, and the way that leads nowhere from there."""
        frame = page.main_frame
        for way in self.ways:
            found = self._inside(frame, way)
            if len(found) > 1:
                tried = Tried(selector=_shown(way), why=f"{len(found)} frames match")
                raise StepFailed("more than one frame matches", code="target.ambiguous", tried=(tried,))
            if not found:
                return frame, way
            frame = found[0]
        return frame, None

    def _inside(self, outer: Frame, way: Mapping[str, str]) -> list[Frame]:
        if "selector" in way:
            return _by_element(outer, way["selector"])
        if "name" in way:
            return _nearest(outer, lambda frame: frame.name == way["name"])
        wanted = address_pattern(self.address(way["url"]))
        return _nearest(outer, lambda frame: wanted.fullmatch(frame.url) is not None)


def lineage(frame: Frame) -> Iterator[Frame]:
    """`frame`, the one that holds it, and so on up to the page's own."""
    inner: Frame | None = frame
    while inner is not None:
        yield inner
        inner = inner.parent_frame


def address_pattern(address: str) -> re.Pattern[str]:
    """What `address` matches: ``*`` is anything within a part, ``**`` anything (as Playwright's URL globs)."""
    if address.count("/") == 2:
        address += "/"  # a browser has no address without a path
    ends, parts = 0, []
    for mark in _WILDCARD.finditer(address):
        parts += [re.escape(address[ends : mark.start()]), _MEANING[mark.group()]]
        ends = mark.end()
    return re.compile("".join([*parts, re.escape(address[ends:])]))


def _by_element(outer: Frame, selector: str) -> list[Frame]:
    try:
        return attempt(lambda: list(_frames_of(outer, selector)), what="looking for the frame")
    except StepFailed as error:
        if error.code in ("target.bad_selector", "browser.closed", "browser.crashed"):
            raise
        return []  # the page was just changing: it is looked for again


def _frames_of(outer: Frame, selector: str) -> Iterable[Frame]:
    for element in outer.locator(selector).element_handles():
        frame = element.content_frame()
        if frame is not None:
            yield frame


def _nearest(outer: Frame, is_meant: Callable[[Frame], bool]) -> list[Frame]:
    """The frames that are meant, of the nearest level below `outer` that has any."""
    level = outer.child_frames
    while level:
        found = [frame for frame in level if is_meant(frame)]
        if found:
            return found
        level = [child for frame in level for child in frame.child_frames]
    return []


def _shown(way: Mapping[str, str]) -> str:
    return "frame " + ", ".join(f"{key}: {value}" for key, value in way.items())
