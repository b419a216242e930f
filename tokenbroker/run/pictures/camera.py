"""Take pictures of a page that can't show a secret.

A picture is made of pixels only if all of this holds: the browser was proven to draw every character as
one block; a style sheet of ours covers media during the shot; the layout after it shows none, in any frame
or shadow root; the same documents stand there; and none holds a font made by script. Frames of other
processes are covered whole. Otherwise it is a wireframe that we draw ourselves.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Frame, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.run.pictures.media import Cover, style_sheet
from tokenbroker.run.pictures.picture import Picture, nothing, pixels, wireframe
from tokenbroker.run.pictures.snapshot import digest_of, documents_of
from tokenbroker.run.pictures.target import CALL_TIMEOUT_MS, Loads, Target, is_timeout
from tokenbroker.run.pictures.verdict import Verdict, judge
from tokenbroker.run.pictures.wireframe import draw

_ATTEMPTS: Final = 3  # another covers what turned up during the one before, or on the page that came instead
# Most pages show some of it; where one doesn't, covering costs nothing and changes nothing.
_USUAL: Final = frozenset({Cover.ELEMENTS, Cover.STYLES})
_NO_SCRIPT_FONTS: Final = Path(__file__).with_name("no_script_fonts.js").read_text(encoding="utf-8")
_UNPROVEN: Final = "this browser draws real characters"
_REFUSED: Final = "the browser gave no picture of the page"
_PAUSE_MS: Final = 100.0  # a page that has just arrived has a surface to be drawn on by then


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
        self._targets: WeakKeyDictionary[Page, Target] = WeakKeyDictionary()
        self._scenes: WeakKeyDictionary[Page, _Scene] = WeakKeyDictionary()
        """The last scene of each page that a shot was accepted of."""
        if self._trusted:
            context.add_init_script(_NO_SCRIPT_FONTS)

    def shoot(self, page: Page, *, may_be_unchanged: bool = False) -> Picture:
        """The viewport of `page`: pixels, else a wireframe, else no picture with the reason.

        With `may_be_unchanged` the last picture of the page serves again where its layout is still the same.
        Raises nothing, whatever the page does; a page that doesn't answer costs some seconds.
        """
        try:
            return (self._as_before(page) if may_be_unchanged else None) or self._picture(page)
        except PlaywrightError as error:
            note = "the page is gone" if page.is_closed() else _REFUSED
            if is_timeout(error):
                note = "the page did not answer in time"
        # The message or traceback of anything else could hold the page's text, and evidence is never
        # worth a failed run.
        except Exception as error:  # noqa: BLE001
            note = f"the picture failed with {type(error).__name__}"
        self._targets.pop(page, None)
        return nothing(note)

    def ask(self, page: Page, expression: str) -> Any:
        """What `expression` answers, as JSON, of the document that `page` shows: in a world of ours, where the page's
        scripts can neither see nor forge it. None if it threw.

        Raises:
            playwright.sync_api.Error: the page is gone, or gives no answer in time.
        """
        target = self._target(page)
        scene = self._scenes.get(page)
        loads = scene.loads if scene else target.loads(has_frames=len(page.frames) > 1)
        return target.ask(next(iter(loads.items())), expression)

    def _target(self, page: Page) -> Target:
        target = self._targets.get(page)
        if target is None:
            session = self._context.new_cdp_session(page)
            target = self._targets[page] = Target(session, timeout_ms=self._timeout_ms)
            page.on("framenavigated", self._forget_scene)
        return target

    def _as_before(self, page: Page) -> Picture | None:
        """The last picture of `page`, if it would come out the same again; a look costs a tenth of a shot."""
        scene, target = self._scenes.get(page), self._target(page)
        if scene is None or scene.picture is None:
            return None
        try:
            target.cover(style_sheet(scene.covers), scene.loads)
            is_same = digest_of(target.layout()) == scene.digest
            target.uncover(scene.loads)
        except BaseException:
            target.uncover_when_it_wakes()
            raise
        return scene.picture if is_same else None

    def _picture(self, page: Page) -> Picture:
        target = self._target(page)
        note = _UNPROVEN
        # A page that is just arriving shows its media only then; the next step would wait for it in any case.
        page.wait_for_load_state("domcontentloaded", timeout=self._timeout_ms)
        if self._trusted:
            scene = self._scenes.pop(page, None)
            covers = scene.covers if scene else _USUAL
            has_frames = len(page.frames) > 1
            for _ in range(_ATTEMPTS):
                try:
                    # What was covered before on these same documents is covered again; the look afterwards finds
                    # any other document, and anything that the covers don't reach.
                    scene = scene or _Scene(loads=target.loads(has_frames=has_frames), covers=covers)
                    has_frames = True  # as far as Playwright has heard: another attempt asks the browser
                    png, digest, verdict = _expose(target, scene)
                except PlaywrightError as error:
                    if is_timeout(error) or page.is_closed():
                        raise
                    note, scene = _REFUSED, None
                    self._let_arrive(page)
                    continue
                if not verdict.objection:
                    picture = pixels(png)
                    self._scenes[page] = replace(scene, digest=digest, picture=picture)
                    return picture
                note = verdict.objection
                if verdict.final:
                    break
                covers |= verdict.missing
                scene = None
        return wireframe(draw(target.documents(), page.viewport_size), note=note)

    def _let_arrive(self, page: Page) -> None:
        """Wait for what the browser could not draw yet, mostly a page that comes in place of another."""
        page.wait_for_load_state("domcontentloaded", timeout=self._timeout_ms)
        page.wait_for_timeout(_PAUSE_MS)

    def _forget_scene(self, frame: Frame) -> None:
        self._scenes.pop(frame.page, None)
        if frame.page in self._targets:
            self._targets[frame.page].has_navigated()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scene:
    """The documents that a shot is about, and what has to be covered on them."""

    loads: Loads
    covers: frozenset[Cover]
    digest: bytes = b""
    picture: Picture | None = None
    """The last one that was accepted, and what the layout was then."""


def _expose(target: Target, scene: _Scene) -> tuple[bytes, bytes, Verdict]:
    """One shot of `scene` under its covers, the digest of the layout, and what can be said of it."""
    try:
        target.cover(style_sheet(scene.covers), scene.loads)
        png = target.shoot()
        layout = target.layout()
        fonts = target.uncover(scene.loads)
    except BaseException:
        target.uncover_when_it_wakes()
        raise
    return png, digest_of(layout), judge(documents_of(layout), fonts)
