"""Custody: a script that works under a policy which allows next to nothing."""

import re

import pytest

KEYS = "/custody/api/keys"


def make(visitor, body, **headers):
    return visitor.client.post(KEYS, json=body, headers={"X-CSRF-Token": visitor.csrf()} | headers)


def test_the_policy_names_one_script_one_style_sheet_and_one_trusted_type(visitor):
    visitor.sign_in()
    first, second = (visitor.open("/custody") for _ in range(2))
    rules = dict(rule.split(" ", 1) for rule in first.headers["content-security-policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'nonce-[\w-]{24}'", rules["script-src"])
    assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules["style-src"])
    assert (rules["require-trusted-types-for"], rules["trusted-types"]) == ("'script'", "custody")
    assert "unsafe" not in first.headers["content-security-policy"]
    assert rules["script-src"] not in second.headers["content-security-policy"]


def test_a_key_is_in_one_answer_and_listed_masked(visitor):
    visitor.sign_in()
    answer = make(visitor, {"name": "demo-only-strict"})
    key = answer.json()["key"]
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert visitor.whoami(key) == 200
    assert key not in visitor.open(KEYS).text
    assert key not in visitor.open("/custody").text


def test_without_csrf_header_no_key_is_made(visitor):
    visitor.sign_in()
    answer = make(visitor, {"name": "demo-only"}, **{"X-CSRF-Token": "wrong"})
    assert (answer.status_code, visitor.open(KEYS).json()) == (403, [])


@pytest.mark.parametrize("body", [[], {}, {"name": 1}, {"name": ""}])
def test_a_body_that_is_no_key_is_refused_in_json(visitor, body):
    visitor.sign_in()
    answer = make(visitor, body)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_stranger_is_told_so_in_json(visitor):
    assert (visitor.open(KEYS).status_code, visitor.page.json()) == (401, {"error": "sign_in_needed"})
    assert visitor.open("/custody").url.path == "/login"


@pytest.mark.browser
def test_the_page_works_within_its_policy_and_the_policy_holds(person, running):
    person.add_init_script(
        "addEventListener('securitypolicyviolation', event => (window.refused ??= []).push(event.effectiveDirective))"
    )
    person.goto("/custody")
    person.get_by_role("button", name="Seal a new key").click()
    purpose = "demo-only <img src=x onerror=alert(1)>"
    person.get_by_label("Purpose").fill(purpose)
    person.get_by_label("I know that").check()
    person.get_by_role("button", name="Seal and show once").click()
    person.wait_for_selector("output:has-text('exk_live_')")
    assert person.locator("h1").inner_text() == purpose  # escaped by the page's own policy
    assert person.evaluate("window.refused") is None
    for harm in ("document.body.innerHTML = '<p>'", "trustedTypes.createPolicy('another', {})"):
        assert (
            person.evaluate(f"() => {{ try {{ {harm} }} catch (error) {{ return error.name }} }}")
            == "TypeError"
        )
    assert [key.name for key in running.live_keys()] == [purpose]
