"""Both consoles as a person walks through them, in a real browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from demo_site.launch import RunningDemo, SeedKey, generate_account, start

pytestmark = pytest.mark.browser

NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
ACCOUNT = generate_account(keys=(SeedKey(name="demo-only-old"),))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningDemo]:
    with start(database=tmp_path / "site.sqlite", accounts=[ACCOUNT], delay_ms=60) as running:
        yield running


@pytest.fixture
def page(playwright: Playwright) -> Iterator[Page]:
    path = os.environ.get("TOKENBROKER_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    browser = playwright.chromium.launch(executable_path=path)
    page = browser.new_context().new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    browser.close()
    assert errors == []


def sign_in(page: Page, site: RunningDemo) -> None:
    phone = page.context.new_page()
    phone.goto(site.phones[ACCOUNT.email])
    page.goto(f"{site.url}/login")
    page.fill("#email", ACCOUNT.email)
    page.fill("#password", ACCOUNT.password)
    page.click("button[type=submit]")
    page.wait_for_selector("text=Security code")
    code = phone.locator("[data-latest-code]").inner_text()  # it arrives by itself
    page.fill("#code", code)
    page.press("#code", "Enter")
    page.wait_for_url("**/api-keys")


def test_the_server_rendered_console(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/api-keys")
    page.click("text=Create API Key")
    page.fill("#name", "demo-only-new")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator(".token")).to_have_count(1)
    page.click("text=Done")
    page.click("[aria-label='Revoke demo-only-old']")
    page.click("text=Revoke key")
    page.wait_for_selector("text=demo-only-old was revoked")
    assert [key.name for key in site.live_keys()] == ["demo-only-new"]


def test_the_client_rendered_console(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/console")
    page.click("text=New key")
    page.get_by_label("Key name").fill("demo-only-modal")
    page.get_by_role("button", name="Generate key").click()
    page.wait_for_selector("[data-testid=new-key-value]:has-text('exk_live_')")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.click("text=I have saved it")
    expect(page.get_by_test_id("key-row")).to_have_count(2)
    assert page.get_by_test_id("new-key-value").text_content() == ""
    assert {key.name for key in site.live_keys()} == {"demo-only-old", "demo-only-modal"}
