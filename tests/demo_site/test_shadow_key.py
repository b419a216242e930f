"""Telemetry: web components over JSON."""

import pytest
from playwright.sync_api import expect

DEEPEST = "telemetry-app >> telemetry-wizard >> telemetry-secret"


def create(visitor, wish, **headers):
    return visitor.client.post("/telemetry/api/sources", json=wish, headers=headers)


def test_a_key_is_told_in_the_answer_that_made_it_and_listed_by_its_end(visitor):
    visitor.sign_in()
    wish = {"source": "demo-only-source", "permissions": ["query", "ingest"]}
    answer = create(visitor, wish, **{"X-CSRF-Token": visitor.csrf()})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    key = answer.json()["ingest_key"]
    assert visitor.whoami(key) == 200
    listing = visitor.client.get("/telemetry/api/sources")
    assert key not in listing.text
    assert [(item["source"], item["hint"]) for item in listing.json()] == [("demo-only-source", key[-4:])]


@pytest.mark.parametrize("headers", [{}, {"X-CSRF-Token": "wrong"}])
def test_without_csrf_token_no_key_is_made(visitor, headers):
    visitor.sign_in()
    wish = {"source": "demo-only", "permissions": ["ingest"]}
    answer = create(visitor, wish, **headers)
    assert answer.status_code == 403
    assert answer.json()["error"]
    assert visitor.client.get("/telemetry/api/sources").json() == []


@pytest.mark.parametrize(
    "wish",
    [
        [],
        {"source": "x"},
        {"source": "x", "permissions": []},
        {"source": "x", "permissions": ["root"]},
        {"source": "x", "permissions": [[]]},
        {"source": " ", "permissions": ["query"]},
    ],
)
def test_a_source_that_will_not_do_is_refused_in_json(visitor, wish):
    visitor.sign_in()
    answer = create(visitor, wish, **{"X-CSRF-Token": visitor.csrf()})
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_nobody_is_told_anything_before_the_sign_in(visitor):
    assert visitor.client.get("/telemetry/api/sources").status_code == 401
    assert visitor.open("/telemetry").url.path == "/login"


@pytest.mark.browser
def test_three_dialogs_lead_to_a_key_three_shadow_roots_deep(person, running):
    person.goto("/telemetry")
    person.get_by_role("button", name="Add source").click()
    person.get_by_label("Source name").fill("demo-only-deep")
    person.get_by_role("button", name="Continue").click()
    expect(person.get_by_role("dialog", name="Confirm scopes")).to_contain_text("demo-only-deep")
    person.get_by_role("button", name="Confirm and create").click()
    code = person.locator(f"{DEEPEST} >> code")
    expect(code).to_contain_text("exk_live_")
    depth = code.evaluate("node => { let n = 0; while ((node = node.getRootNode().host)) n++; return n; }")
    assert depth == 3
    person.keyboard.press("Escape")
    person.keyboard.press("Escape")
    expect(person.get_by_role("dialog", name="Your ingest key")).to_be_visible()
    person.get_by_role("button", name="Finish").click()
    expect(person.locator("li", has_text="demo-only-deep")).to_have_count(1)
    expect(code).to_be_empty()
    assert [key.name for key in running.live_keys()] == ["demo-only-deep"]
