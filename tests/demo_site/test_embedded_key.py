"""Payments: frames of a second origin, opened by a handle that is worth one use."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from demo_site.app import create_app

CONSOLE, KEYS = "http://testserver", "http://keys.testserver"


@pytest.fixture
def frame(site):
    """A client of the keys origin, which has no cookie of the console."""
    return TestClient(create_app(site), base_url=KEYS)


def frame_address(visitor):
    answer = visitor.client.post("/payments/api/frame", headers={"X-CSRF-Token": visitor.csrf()})
    return answer.json()["address"]


def proof_in(answer):
    found = re.search(r'name="proof" value="([^"]+)"', answer.text)
    assert found is not None
    return found.group(1)


def secret_in(answer):
    found = re.search(r'class="secret"[^>]*>([^<]+)<', answer.text)
    return found.group(1) if found else ""


def issue(frame, proof, name="demo-only-payments"):
    return frame.post("/issue", data={"proof": proof, "name": name, "scope": "read"})


def test_the_frame_makes_a_key_for_the_account_that_opened_it(visitor, frame):
    visitor.sign_in()
    address = frame_address(visitor)
    assert address.startswith(f"{KEYS}/issue?")
    answer = issue(frame, proof_in(frame.get(address)))
    key = secret_in(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert visitor.whoami(key) == 200
    assert key not in address + str(answer.url)
    listing = visitor.open("/payments").text
    assert "demo-only-payments" in listing
    assert key not in listing


def test_a_frame_opens_once_and_within_a_minute(visitor, frame):
    visitor.sign_in()
    used, late = frame_address(visitor), frame_address(visitor)
    assert frame.get(used).status_code == 200
    assert frame.get(used).status_code == 403
    visitor.clock.advance(timedelta(minutes=1))
    assert frame.get(late).status_code == 403


def test_a_form_is_sent_once_and_a_refused_one_again(visitor, frame, site):
    visitor.sign_in()
    first = proof_in(frame.get(frame_address(visitor)))
    refused = issue(frame, first, name=" ")
    assert refused.status_code == 422
    second = proof_in(refused)
    assert [issue(frame, proof).status_code for proof in (second, second, first)] == [200, 403, 403]
    late = proof_in(frame.get(frame_address(visitor)))
    visitor.clock.advance(timedelta(minutes=10))
    assert issue(frame, late).status_code == 403
    assert len(site.keys.listing(1)) == 1


def test_the_handle_of_an_address_sends_no_form(visitor, frame):
    visitor.sign_in()
    handle = urlsplit(frame_address(visitor)).query.partition("=")[2]
    assert issue(frame, handle).status_code == 403


@pytest.mark.parametrize("change", [lambda h: "", lambda h: "2" + h[1:], lambda h: h[:-1], lambda h: "nö"])
def test_a_handle_that_is_not_ours_opens_nothing(visitor, frame, change):
    visitor.sign_in()
    address, _, handle = frame_address(visitor).partition("handle=")
    assert frame.get(address, params={"handle": change(handle)}).status_code == 403
    assert issue(frame, change(handle)).status_code == 403


def test_a_session_cookie_opens_no_frame(visitor, frame):
    """Two ports of one host share their cookies, so the keys origin must not take one as a proof."""
    visitor.sign_in()
    frame.cookies = visitor.client.cookies
    assert frame.get(f"{KEYS}/issue").status_code == 403


@pytest.mark.parametrize("headers", [{}, {"X-CSRF-Token": "wrong"}])
def test_without_csrf_token_no_frame_is_opened(visitor, headers):
    visitor.sign_in()
    assert visitor.client.post("/payments/api/frame", headers=headers).status_code == 403


def test_each_origin_has_pages_and_a_policy_of_its_own(visitor, frame):
    visitor.sign_in()
    assert f"frame-src {KEYS}" in visitor.open("/payments").headers["content-security-policy"]
    assert "frame-src" not in visitor.open("/mail").headers["content-security-policy"]
    answer = frame.get(frame_address(visitor))
    assert f"frame-ancestors {CONSOLE}" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert [frame.get(path).status_code for path in ("/login", "/api/whoami", "/payments")] == [404] * 3
    assert visitor.open("/issue").status_code == 404


def test_the_host_that_a_request_names_does_not_change_its_origin(visitor, frame):
    visitor.sign_in()
    assert visitor.client.get("/issue", headers={"Host": "keys.testserver"}).status_code == 404
    assert frame.get("/payments", headers={"Host": "testserver"}).status_code == 404


@pytest.mark.browser
class TestInABrowser:
    def test_the_key_is_in_a_frame_that_the_page_can_not_read(self, person, running):
        person.goto("/payments")
        person.get_by_role("button", name="Create secret key").click()
        frame = person.frame_locator("iframe[name=key-service]")
        frame.get_by_label("Name of the key").fill("demo-only-frame")
        frame.get_by_role("button", name="Issue key").click()
        expect(frame.locator(".secret")).to_contain_text("exk_live_")
        (inner,) = (frame for frame in person.frames if frame.url.startswith(running.keys_url))
        assert urlsplit(inner.url).query == ""
        assert person.evaluate("document.querySelector('iframe').contentDocument") is None
        assert "exk_live_" not in person.content()
        frame.get_by_role("button", name="I have stored it").click()
        expect(person.get_by_role("rowheader", name="demo-only-frame")).to_be_visible()
        assert [key.name for key in running.live_keys()] == ["demo-only-frame"]

    def test_no_page_but_the_consoles_can_frame_it(self, person, running):
        person.goto("/payments")
        csrf = person.locator("#developers").get_attribute("data-csrf")
        answer = person.request.post("/payments/api/frame", headers={"X-CSRF-Token": csrf})
        person.goto(f"{running.keys_url}/issue")  # whose own policy lets it frame this origin
        with person.expect_event("requestfailed") as refused:
            person.evaluate(
                "src => document.body.append(Object.assign(document.createElement('iframe'), {src}))",
                answer.json()["address"],
            )
        assert refused.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"
