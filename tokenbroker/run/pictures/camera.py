"""Take pictures of a page that can't show a secret.

A picture is made of pixels only if all of this holds: the browser was proven to draw every character as
one block; the layout shows no media before the shot, or a style sheet of ours covers it; the layout
shows none after the shot either, in any frame or shadow root; the same documents stand there; and none
holds a font made by script. Otherwise it is a wireframe that we draw ourselves.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Frame, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.pictures.media import Cover, style_sheet
from tokenbroker.run.pictures.picture import Picture, nothing, pixels, wireframe
from tokenbroker.run.pictures.target import CALL_TIMEOUT_MS, Target, View, is_timeout
from tokenbroker.run.pictures.verdict import Verdict, covers_for, judge, unseen_frames
from tokenbroker.run.pictures.wireframe import draw

_ATTEMPTS: Final = 2  # the second covers what turned up during the first
_NO_SCRIPT_FONTS: Final = Path(__file__).with_name("no_script_fonts.js").read_text(encoding="utf-8")
_UNPROVEN: Final = "this browser draws real characters"


@dataclass(slots=True)
class _Subject:
    """A page that the camera is connected to, with its frames that live in other processes."""

    page: Page
    target: Target
    frames: dict[Frame, Target] = field(default_factory=dict)

    @property
    def targets(self) -> list[Target]:
        return [self.target, *self.frames.values()]


class Camera:
    """Pictures of the pages of one browser context.

    Args:
        context: the context; from now on scripts of its pages can't make fonts from bytes.
        block_font: whether the browser was started as :mod:`tokenbroker.run.pictures.block_font` says.
        proof: what :func:`tokenbroker.run.pictures.proof.prove_block_font` answered for this browser.
        timeout_ms: how long the browser may take for one answer of the several that a picture needs.
    """

    def __init__(
        self,
        context: BrowserContext,
        *,
        block_font: bool,
        proof: bool,
        timeout_ms: float = CALL_TIMEOUT_MS,
    ) -> None:
        self._context = context
        self._timeout_ms = timeout_ms
        self._trusted = block_font and proof
        self._subjects: WeakKeyDictionary[Page, _Subject] = WeakKeyDictionary()
        if self._trusted:
            context.add_init_script(_NO_SCRIPT_FONTS)

    def shoot(self, page: Page) -> Picture:
        """The viewport of `page`: pixels, else a wireframe, else no picture with the reason.

        Raises nothing, whatever the page does; a page that doesn't answer costs some seconds.
        """
        try:
            return self._picture(page)
        except PlaywrightError as error:
            note = "the page did not answer in time" if is_timeout(error) else "the page is gone"
        # The message or traceback of anything else could hold the page's text, and evidence is never
        # worth a failed run.
        except Exception as error:  # noqa: BLE001
            note = f"the picture failed with {type(error).__name__}"
        self._subjects.pop(page, None)
        return nothing(note)

    def _picture(self, page: Page) -> Picture:
        subject = self._subjects.get(page)
        if subject is None:
            target = Target(self._context.new_cdp_session(page), timeout_ms=self._timeout_ms)
            subject = self._subjects[page] = _Subject(page=page, target=target)
        note = _UNPROVEN
        if self._trusted:
            covers: set[Cover] = set()
            for _ in range(_ATTEMPTS):
                before = self._look(subject)
                covers |= covers_for(before)
                png, verdict = _expose(subject, before, covers)
                if not verdict.objection:
                    return pixels(png)
                note = verdict.objection
                if verdict.final:
                    break
                covers |= verdict.missing
        return wireframe(draw(subject.target.documents(), page.viewport_size), note=note)

    def _look(self, subject: _Subject) -> dict[Target, View]:
        """What the page and its frames show; connects to frames in other processes as they appear."""
        views = _look_at_known_targets(subject)
        if unseen_frames(views):
            for frame in subject.page.frames:
                if frame not in subject.frames and (target := self._target_of(frame)) is not None:
                    subject.frames[frame] = target
            views = _look_at_known_targets(subject)
        return views

    def _target_of(self, frame: Frame) -> Target | None:
        """The target of a frame in a process of its own; None for the others."""
        try:
            return Target(self._context.new_cdp_session(frame), timeout_ms=self._timeout_ms)
        except PlaywrightError:  # Playwright's way to say that the frame is part of its parent's target
            return None


def _look_at_known_targets(subject: _Subject) -> dict[Target, View]:
    views = {subject.target: subject.target.look()}
    for frame, target in list(subject.frames.items()):
        try:
            views[target] = target.look()
        except PlaywrightError as error:
            if is_timeout(error):
                raise
            del subject.frames[frame]  # it is gone; what stands there now is found by its parent
    return views


def _expose(subject: _Subject, before: dict[Target, View], covers: set[Cover]) -> tuple[bytes, Verdict]:
    """One shot under `covers`, and what can be said of it."""
    css = style_sheet(covers)
    try:
        if covers:
            for target, view in before.items():
                target.cover(css, view.loads)
        png = subject.target.shoot()
        after = {target: target.look() for target in before}
        fonts = {target: target.uncover(view.loads) for target, view in before.items()}
        return png, judge(before, after, fonts, covers)
    except BaseException:
        for target in subject.targets:
            target.uncover_when_it_wakes()
        raise
