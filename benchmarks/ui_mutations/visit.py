"""Brings a browser to a target point of the running site, by the flow's own steps on unmutated pages."""

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, ElementHandle, Frame, Page, Playwright

from benchmarks.ui_mutations.catalogue import EMAIL, PASSWORD, SEEDED_KEYS, console_named
from benchmarks.ui_mutations.consoles import Person, Point, Wait
from benchmarks.ui_mutations.truth import COMES_WITHIN_MS, find_truth
from benchmarks.ui_mutations.witness import Witness
from demo_site.launch import Account, RunningDemo, SeedKey, generate_account, start
from tokenbroker.run.chromium import find_browser

_STEPS = (Path(__file__).parent / "page" / "steps.js").read_text(encoding="utf-8")
_VIEWPORT = {"width": 1280, "height": 800}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A target point reached: nothing is mutated yet, and `target` is the right element."""

    page: Page
    frame: Frame
    target: ElementHandle
    value: str


class Visitor:
    """A person with a browser at a site of their own: signed in once, and for the sign-in itself not at all."""

    def __init__(self, browser: Browser, site: RunningDemo, account: Account) -> None:
        self.site = site
        self._browser = browser
        self._account = account
        self._cookies = self._sign_in()
        self._seeded = self._keys()

    @contextmanager
    def at(self, point: Point) -> Iterator[tuple[Place, Witness]]:
        """The place of `point`, with the account as it is at the start of every case; closed at the end."""
        console = console_named(point.console)
        self._reset_keys()
        with self._context() as context:
            if console.signed_in:
                context.add_cookies(self._cookies)
            witness = Witness(context)
            page = context.new_page()
            page.goto(console.start, wait_until="domcontentloaded")
            for step in console.before(point):
                self._do(page, step)
            where = self._page_of(page, point)
            frame = self._frame_of(where, point)
            target = find_truth(frame, point)
            yield Place(page=where, frame=frame, target=target, value=self._value(point)), witness

    @contextmanager
    def _context(self) -> Iterator[BrowserContext]:
        """A fresh context, closed at the end as a whole: Chromium may keep a page open that is closed by itself
        just when it loads another document."""
        context = self._browser.new_context(base_url=self.site.url, viewport=_VIEWPORT)  # type: ignore[arg-type]
        context.on("dialog", lambda dialog: dialog.accept())
        try:
            yield context
        finally:
            context.close()

    def _sign_in(self) -> list[Any]:
        """The cookies of a real sign-in."""
        with self._context() as context:
            self._give_password_and_code(context.new_page())
            return list(context.cookies())

    def _give_password_and_code(self, page: Page) -> None:
        page.goto("/login")
        page.fill("#email", self._account.email)
        page.fill("#password", self._account.password)
        page.click("button[type=submit]")
        page.wait_for_url("**/login/verify")
        page.fill("#code", self._phone(r"data-latest-code>(\d+)<"))
        page.press("#code", "Enter")
        page.wait_for_url("**/api-keys")

    def _do(self, page: Page, step: Point | Wait | Person) -> None:
        if isinstance(step, Wait):
            page.locator(step.selector).first.wait_for(timeout=COMES_WITHIN_MS)
        elif step is Person.PUZZLE:
            page.click("[data-captcha-checkbox]")
            tile = self._phone(r"data-captcha-answer>(\d+)<")
            page.click(f"[data-tile='{tile}']")
            page.wait_for_selector(".g-captcha-like[data-state=solved]")
        elif step is Person.DEVICE:
            self._approve()
        elif isinstance(step, Point):
            self._act(page, step)

    def _act(self, page: Page, point: Point) -> None:
        target = find_truth(self._frame_of(self._page_of(page, point), point), point)
        act = {"verb": point.verb.value, "value": self._value(point)}
        if not point.opens:
            target.evaluate(_STEPS, act)
            return
        with page.expect_popup():
            target.evaluate(_STEPS, act)

    def _value(self, point: Point) -> str:
        return {EMAIL: self._account.email, PASSWORD: self._account.password}.get(point.value, point.value)

    def _page_of(self, page: Page, point: Point) -> Page:
        return page.context.pages[-1] if point.window else page

    def _frame_of(self, page: Page, point: Point) -> Frame:
        if not point.frame:
            return page.main_frame
        element = page.wait_for_selector(f"iframe[name={point.frame}]", timeout=COMES_WITHIN_MS)
        frame = element.content_frame() if element else None
        assert frame is not None
        return frame

    def _phone(self, pattern: str) -> str:
        """What the account's phone shows now."""
        with urlopen(self.site.phones[self._account.email]) as answer:
            found = re.search(pattern, answer.read().decode())
        assert found is not None
        return found[1]

    def _approve(self) -> None:
        action = self._phone(r'action="(/phone/[^"]+/approvals/[^"]+)"')
        urlopen(Request(self.site.url + action, urlencode({"answer": "approve"}).encode())).close()

    def _keys(self) -> list[tuple[str]]:
        with closing(self._file()) as connection:
            return [(name,) for (name,) in connection.execute("SELECT id FROM keys")]

    def _reset_keys(self) -> None:
        """The account has its seeded keys and no others: what a case sees does not depend on earlier ones."""
        with closing(self._file()) as connection, connection:
            connection.execute("UPDATE keys SET revoked_at = 'other'")
            connection.executemany("UPDATE keys SET revoked_at = NULL WHERE id = ?", self._seeded)
            connection.execute("DELETE FROM keys WHERE revoked_at = 'other'")

    def _file(self) -> sqlite3.Connection:
        return sqlite3.connect(self.site.database, timeout=5.0)


@contextmanager
def visiting(playwright: Playwright) -> Iterator[Visitor]:
    """A visitor with a site, an account and a browser of their own, gone at the end."""
    account = generate_account(keys=tuple(SeedKey(name=name) for name in SEEDED_KEYS))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ui-mutations-")))
        site = stack.enter_context(start(database=folder / "site.sqlite", accounts=[account], delay_ms=0))
        browser = playwright.chromium.launch(executable_path=str(find_browser().path))
        stack.callback(browser.close)
        yield Visitor(browser, site, account)
