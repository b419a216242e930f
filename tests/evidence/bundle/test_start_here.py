"""START-HERE: it tells the whole run on one page, runs nothing and asks for nothing."""

import re
import secrets
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.evidence.bundle.run_folders import FLOW, VERSIONS, a_folder, a_record
from tokenbroker.evidence.bundle.contents import describe
from tokenbroker.evidence.bundle.sshsig import PublicKey
from tokenbroker.evidence.bundle.start_here import start_here
from tokenbroker.run.chromium import find_browser

SIGNER = PublicKey(raw=bytes(32))


def page(flow_text: str = "exact", **changes: object) -> str:
    html = start_here(a_record(**changes), versions=VERSIONS, signer=SIGNER, flow_text=flow_text)  # type: ignore[arg-type]
    return html.decode()


def said(html: str) -> str:
    """What a reader sees."""
    body = html.partition("<body>")[2]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", body)))


@pytest.mark.req("AUDIT-4")
def test_it_tells_what_ran_who_approved_what_was_stored_and_what_was_blocked() -> None:
    text = said(page())
    for told in (
        FLOW.id,
        FLOW.sha256,
        "run-1",
        "dana@example.com ran this flow on 2026-11-20 12:00:00 UTC",
        "policy.rule.allow.automation.permitted",
        "dana@example.com answered: “Enter 2FA” (otp, by terminal)",
        "bitwarden:example/key@2",
        "ab" * 8,
        "3 \N{MULTIPLICATION SIGN} GET https://foreign.example",
        "The run passed.",
        "http://127.0.0.1:8000",
        SIGNER.fingerprint,
        "chromium 1",
        "ssh-keygen -Y verify -f allowed_signers -I tokenbroker -n tokenbroker-bundle -s run-1.bundle.age.sig < run-1.bundle.age",
    ):
        assert told in text, told
    assert [f"{step.number}. {step.title}" in text for step in FLOW.steps] == [True] * len(FLOW.steps)


@pytest.mark.req("AUDIT-4", "RESIL-1")
def test_it_does_not_say_that_a_healed_step_did_what_it_says() -> None:
    steps = a_record()["steps"]
    assert isinstance(steps, list)
    assert "Every step did what it says." in said(page())
    healed = [{**steps[0], "target": {"healed": True}}, {**steps[1], "target": {"healed": False}}, *steps[2:]]
    text = said(page(steps=healed, notes=["step 1 was healed"]))
    assert "Every step did what it says." not in text
    assert f"1 of {len(steps)} found the element though the flow no longer describes it rightly" in text


@pytest.mark.req("AUDIT-4")
def test_it_tells_how_a_run_failed_and_what_may_be_left() -> None:
    failure = {"code": "target.ambiguous", "report": "flows/x.yaml:14: two of them"}
    text = said(
        page(
            status="failed",
            failure=failure,
            stored=[],
            checkpoints=[],
            blocked_requests=[],
            possibly_created=["a key named x may exist"],
            notes=["the disk was full"],
        )
    )
    for told in (
        *failure.values(),
        "Nothing was stored",
        "No person was asked",
        "a key named x may exist",
        "the disk was full",
    ):
        assert told in text
    assert "A key may exist that nobody holds." in text


@pytest.mark.parametrize("outcome", ["denied", "timed_out"])
def test_a_person_who_did_not_say_yes_is_told_in_words(outcome: str) -> None:
    checkpoint = {
        "kind": "device",
        "reason": "Approve",
        "attempt": 2,
        "outcome": outcome,
        "who": "dana",
        "channel": "terminal",
    }
    text = said(page(checkpoints=[{**checkpoint, "at": "2026-11-20T12:00:00Z"}]))
    assert {"denied": "dana refused", "timed_out": "dana did not answer in time"}[outcome] in text
    assert "attempt 2" in text


def test_a_flow_text_that_is_not_the_exact_one_is_not_passed_off_as_it() -> None:
    assert "The text that ran is" in said(page())
    assert "is not the exact text" in said(page("redacted"))
    assert "is not here" in said(page("missing"))


def test_what_a_page_or_a_flow_says_is_text_and_never_markup() -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    html = page(
        flow=hostile,
        flow_file=hostile,
        actor=hostile,
        mode_reason=hostile,
        origins={hostile: hostile},
        blocked_requests=[{"origin": hostile, "method": hostile, "count": 1}],
        failure={"code": hostile, "report": hostile},
        notes=[hostile],
        possibly_created=[hostile],
    )
    assert "<script" not in html
    assert "<img src=x" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 10


@pytest.mark.browser
@pytest.mark.req("AUDIT-4")
def test_a_browser_shows_it_whole_without_script_or_network_and_prints_it_on_one_page(
    launch_browser, tmp_path: Path
) -> None:
    mark = f"demo-only-{secrets.token_hex(4)}"
    folder = a_folder(tmp_path, notes=[mark])
    describe(folder, signer=SIGNER, versions=VERSIONS)
    browser: Browser = launch_browser(executable_path=str(find_browser().path))
    try:
        shown = browser.new_page(viewport={"width": 1060, "height": 900})
        asked: list[str] = []
        complaints: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: complaints.append(message.text))
        shown.goto((folder / "START-HERE.html").as_uri())
        assert mark in shown.inner_text("body")
        assert shown.evaluate("[...document.images].map(image => image.naturalWidth)") == [1] * len(
            FLOW.steps
        )
        assert (
            shown.evaluate("getComputedStyle(document.querySelector('h1')).marginTop") == "0px"
        )  # the style was taken
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert {url.partition(":")[0] for url in asked} == {"file"}
        assert complaints == []
        pdf = shown.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    finally:
        browser.close()
