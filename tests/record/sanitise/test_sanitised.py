"""What is told of the replacements, and the proof that a text which is written is clean (REC-2, SECRET-7)."""

import base64
import pickle
from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.record.sanitise.recordings import SITE, clicked, gone_to, own, recording, sanitised, shown, typed
from tokenbroker.record.recording import Typing
from tokenbroker.record.sanitise import Rule, sanitise

pytestmark = pytest.mark.req("REC-2", "SECRET-7")

PASSWORD = "demo-only-h'unter/47"
TOKEN = "demo_only_q7ZxP0aLm3Rt9VbKw2Ye8Ugh41Fd"  # pragma: allowlist secret
SITTING = recording(
    gone_to("https://console.example.com/login"),
    typed("ada@example.test", "E-mail address", type="email"),
    replace(typed(PASSWORD, "Password", is_secret=True), typing=Typing.FILLED),
    typed("482913", "Security code"),
    typed("CI robot", "Key name"),
    clicked("Hello Lovelace"),
    shown(TOKEN),
    owns=(own("name", "Ada Lovelace"),),
)
FLOW = """
version: 1
site: example
flow: create-api-key
description: Gets a key of the console.
params:
  key_name: { description: Key name }
steps:
  - navigate: https://console.example.com/login
  - type: { selector: [{ label: E-mail address }, { css: "#email" }], value_ref: "secrets:example.email" }
  - type:
      selector:
        any: [{ role: textbox, name: Password }, { css: "input[name=password]" }]
        fingerprint: { role: textbox, name: 4a1f, near: ["1234", "5678", 12e4], form: https://console.example.com/login }
      value_ref: "secrets:example.password"
  - wait_human: { kind: otp, timeout: 300s, reason: The console asks for a code. }
  - type: { selector: { label: Key name }, value_ref: "param:key_name" }
  - capture_token: { pattern: "[A-Za-z0-9_]{30,50}" }
# Recorded on 2026-11-02.
"""
SPEC = """
import { test, expect } from '@playwright/test';

test('example/create-api-key', async ({ page }) => {
  await page.goto('https://console.example.com/login');
  await page.getByLabel('Password').fill(process.env.EXAMPLE_PASSWORD ?? '');
  await expect(page).toHaveURL(/^https:\\/\\/console\\.example\\.com\\/keys\\/[^/]+$/);
});
"""


def test_a_flow_and_a_program_without_anything_private_are_clean() -> None:
    done = sanitise(SITTING, site=SITE)

    assert (done.why_not(FLOW), done.why_not(SPEC)) == (None, None)


@pytest.mark.parametrize(
    ("addition", "rule"),
    [
        ("ADA@example.test", Rule.EMAIL),
        (quote("ada@example.test"), Rule.EMAIL),
        (PASSWORD, Rule.PASSWORD),
        (PASSWORD.replace("'", "''"), Rule.PASSWORD),
        (base64.b64encode(PASSWORD.encode()).decode(), Rule.PASSWORD),
        ("482 913", Rule.ONE_TIME_CODE),
        ("ci  robot", Rule.TYPED),
        ("Lovelace's key", Rule.NAME),
        (TOKEN[:14], Rule.TOKEN),
        ("bob@example.test", Rule.EMAIL_SHAPE),
        ("+44 20 7946 0958", Rule.PHONE_SHAPE),
        ("other_only_Z7qxP0aLm3Rt9VbKw2Ye8Ugh", Rule.SECRET_SHAPE),  # pragma: allowlist secret
    ],
)
def test_a_text_with_anything_private_in_it_is_not_clean(addition: str, rule: Rule) -> None:
    done = sanitise(SITTING, site=SITE)

    for text in (FLOW, SPEC):
        assert done.why_not(f"{text}# {addition}\n") in {rule, Rule.NAME}
        assert done.why_not(f"{text}# {addition}\n") is not None


def test_the_site_s_own_name_is_no_find_though_the_person_s_company_has_it() -> None:
    done = sanitised(typed("Example", "Company"), gone_to("https://example.com/keys"))

    assert done.why_not("site: example\nnavigate: https://example.com/keys") is None


def test_what_holds_the_site_s_name_is_found_nonetheless() -> None:
    done = sanitised(
        typed("Example robot", "Key"),
        typed("example-demo-only", is_secret=True),
        typed("a@example.test", "Mail"),
    )

    for text in ("key: example robot", "# example-demo-only", "a@example.test"):
        assert done.why_not(f"site: example\n{text}") is not None


def test_sanitising_again_changes_nothing() -> None:
    once = sanitise(SITTING, site=SITE)
    again = sanitise(once.recording, site=SITE)

    assert again.recording == once.recording
    assert [each for each in again.replacements if not each.is_kept] == []


def test_the_replacements_tell_where_and_what_but_not_the_value() -> None:
    told = {each.rule: each for each in sanitise(SITTING, site=SITE).replacements}

    assert (told[Rule.EMAIL].masked, told[Rule.EMAIL].reference) == (
        "a…, an e-mail address, 16 characters",
        "secrets:example.email",
    )
    assert told[Rule.EMAIL].where[0] == "event 2: typed into “E-mail address”"
    assert (told[Rule.PASSWORD].masked, told[Rule.PASSWORD].where) == (
        "a password",
        ("event 3: filled into “Password”",),
    )
    assert (told[Rule.ONE_TIME_CODE].masked, told[Rule.ONE_TIME_CODE].reference) == ("a one-time code", "")
    assert (told[Rule.TYPED].masked, told[Rule.TYPED].reference) == (
        "C…, a text that you typed, 8 characters",
        "param:key_name",
    )
    assert (told[Rule.NAME].count, told[Rule.NAME].where[0]) == (4, "event 6: on a button")
    assert told[Rule.TOKEN].masked == "the token"


def test_nothing_of_the_values_is_in_what_is_printed() -> None:
    done = sanitise(SITTING, site=SITE)

    printed = repr(done) + str(done.inputs) + repr(done._finder) + repr(done.params)
    for value in ("ada@", "Lovelace", PASSWORD[:12], "482913", "CI robot", TOKEN[:12]):
        assert value not in printed


def test_what_knows_the_values_can_t_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(sanitise(SITTING, site=SITE)._finder)


def test_an_empty_recording_is_nothing() -> None:
    done = sanitise(recording(), site=SITE)

    assert (done.recording, done.replacements, dict(done.inputs), done.params) == (recording(), (), {}, ())
