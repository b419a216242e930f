"""A sitting in a real browser and at the real site: one sign-in, twelve consoles, and what the site's own logs say of it."""

from collections import Counter
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page

from demo_site.launch import SERVICES, SeedKey, SignInEvent, generate_account, start

pytestmark = pytest.mark.browser


@pytest.fixture
def account():
    return generate_account(keys=tuple(SeedKey(name="demo-only-old", service=each.slug) for each in SERVICES))


def test_one_login_and_one_code_make_twelve_keys_each_of_which_opens_its_api(
    person: Page, running, account
) -> None:
    phone = person.context.new_page()
    keys = {}
    for service in SERVICES:
        here = running.sign_on_origins[service.origin]
        person.goto(here + service.path)
        if not person.url.startswith(here):
            person.fill("#email", account.email)
            person.fill("#password", account.password)
            person.get_by_role("button", name="Continue").click()
            person.locator("#code").wait_for()
            phone.goto(running.phones[account.email])
            person.fill("#code", phone.locator("[data-latest-code]").inner_text())
            person.press("#code", "Enter")
        if service.form != "inline":
            person.locator(".head .primary", has_text=service.offer).click()
        person.get_by_label("Name", exact=True).fill("demo-only-new")
        if service.agree:
            person.get_by_label(service.agree).check()
        person.get_by_role("button", name=service.submit, exact=True).click()
        shown = person.locator(".secret, #issued")
        shown.wait_for()
        keys[service.slug] = shown.input_value() if service.showing == "field" else shown.inner_text()
        answer = httpx2.get(f"{here}/v1/me", headers={"Authorization": f"Bearer {keys[service.slug]}"})
        assert (answer.status_code, answer.json()["service"]) == (200, service.name)
    events = Counter(entry.event for entry in running.sign_ins())
    assert (events[SignInEvent.PASSWORD_ACCEPTED], events[SignInEvent.CODE_SENT]) == (1, 1)
    assert events[SignInEvent.SERVICE_ENTERED] == 12
    assert [(call.service, call.status) for call in running.calls()] == [
        (each.slug, 200) for each in SERVICES
    ]
    made = [press.console for press in running.presses() if press.control == "create-key"]
    assert made == [each.slug for each in SERVICES]
    named = Counter((key.service, key.name) for key in running.service_keys() if key.revoked_at is None)
    assert named == {(each.slug, name): 1 for each in SERVICES for name in ("demo-only-old", "demo-only-new")}


def test_the_addresses_that_flows_use_lead_to_ports_of_this_machine(tmp_path: Path) -> None:
    with start(database=tmp_path / "other.sqlite", accounts=[]) as site:
        origins = site.sign_on_origins
        assert set(origins) == {"https://id.example.com", *(service.origin for service in SERVICES)}
        assert len({*origins.values(), site.url, site.keys_url}) == 15
        assert all(origin.startswith("http://127.0.0.1:") for origin in origins.values())
