"""A visitor of the site: a real client over the real application, with a clock that moves when told to.

And a person in a real browser, signed in to a site that runs.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, Playwright
from starlette.testclient import TestClient

from demo_site.app import create_app
from demo_site.database import open_database
from demo_site.launch import RunningDemo, start
from demo_site.seed import Account, SeedKey, generate_account
from demo_site.site import Site, build_site


class MovableClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


class Visitor:
    """One browser, without a browser: it keeps cookies, follows redirects and sends hidden fields."""

    def __init__(self, site: Site, account: Account, clock: MovableClock) -> None:
        self.client = TestClient(create_app(site))
        self.account = account
        self.clock = clock
        self.page = self.client.get("/")

    def open(self, path: str) -> httpx2.Response:
        self.page = self.client.get(path)
        return self.page

    def submit(self, path: str, fields: dict[str, str | list[str]]) -> httpx2.Response:
        """Send the form of the page that is open."""
        self.page = self.client.post(path, data=self.hidden() | fields)
        return self.page

    def hidden(self) -> dict[str, str | list[str]]:
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', self.page.text))

    def give_password(self, password: str | None = None) -> httpx2.Response:
        self.open("/login")
        return self.submit(
            "/login", {"email": self.account.email, "password": password or self.account.password}
        )

    def give_code(self, code: str) -> httpx2.Response:
        return self.submit("/login/verify", {"code": code})

    def codes(self) -> list[str]:
        """The codes on the phone page, oldest first."""
        text = self.client.get(f"/phone/{self.account.device_id}").text
        return re.findall(r"<b[^>]*>(\d{6})</b>", text)

    def wrong_code(self) -> str:
        return f"{(int(self.codes()[-1]) + 1) % 10**6:06}"

    def sign_in(self) -> httpx2.Response:
        self.give_password()
        return self.give_code(self.codes()[-1])

    def create_key(self, name: str, scopes: list[str] | None = None) -> str:
        self.open("/api-keys/new")
        answer = self.submit("/api-keys", {"name": name, "scope": scopes or ["read"]})
        found = re.search(r'<code class="token">([^<]+)</code>', answer.text)
        assert found is not None
        return found.group(1)

    def csrf(self) -> str:
        """The token that a page gives to its script: the same in every form of the session."""
        self.open("/api-keys/new")
        return str(self.hidden()["csrf"])

    def whoami(self, key: str) -> int:
        """The status with which the API answers `key`."""
        return self.client.get("/api/whoami", headers={"Authorization": f"Bearer {key}"}).status_code

    def path(self) -> str:
        return self.page.url.path


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def site(tmp_path: Path, clock: MovableClock) -> Iterator[Site]:
    with closing(open_database(tmp_path / "site.sqlite")) as connection:
        yield build_site(
            connection, origin="http://testserver", keys_origin="http://keys.testserver", clock=clock
        )


@pytest.fixture
def visitor_with(site: Site, clock: MovableClock) -> Callable[..., Visitor]:
    """A factory: a visitor with an account of his own and these keys."""

    def make(*keys: SeedKey) -> Visitor:
        account = generate_account(keys=keys)
        site.add(account)
        return Visitor(site, account, clock)

    return make


@pytest.fixture
def visitor(visitor_with: Callable[..., Visitor]) -> Visitor:
    return visitor_with()


BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")


@pytest.fixture
def account() -> Account:
    return generate_account()


@pytest.fixture
def running(tmp_path: Path, account: Account) -> Iterator[RunningDemo]:
    """The site in a process of its own, faster than it is for people."""
    with start(database=tmp_path / "site.sqlite", accounts=[account], delay_ms=60) as running:
        yield running


@pytest.fixture
def person(playwright: Playwright, running: RunningDemo, account: Account) -> Iterator[Page]:
    """The page of a person who has signed in; no script of it may fail."""
    path = os.environ.get("TOKENBROKER_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    browser = playwright.chromium.launch(executable_path=path)
    context = browser.new_context(base_url=running.url)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page, phone = context.new_page(), context.new_page()
    page.goto("/login")
    page.fill("#email", account.email)
    page.fill("#password", account.password)
    page.click("button[type=submit]")
    page.wait_for_url("**/login/verify")
    phone.goto(running.phones[account.email])
    page.fill("#code", phone.locator("[data-latest-code]").inner_text())
    page.press("#code", "Enter")
    page.wait_for_url("**/api-keys")
    phone.close()
    yield page
    browser.close()
    assert errors == []
