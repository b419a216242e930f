"""`verify_token`: one request with the captured token, of which only the status counts."""

import socket
import traceback
from dataclasses import replace

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import FlowError, PolicyDenied
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.steps import perform

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]
TOKEN = "exk_demo_0123456789abcdef"
CAPTURE = 'capture_token: { selector: ".token", secret_ref: "local:x" }'
SHOWN = f"<p class=token>{TOKEN}</p>"


def verify(url: str, options: str = "") -> str:
    return f'verify_token: {{ url: "{url}"{", " if options else ""}{options} }}'


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        ("", "Authorization", f"Bearer {TOKEN}"),
        ("scheme: token", "Authorization", f"token {TOKEN}"),
        ("header: X-API-Key", "X-API-Key", TOKEN),
        ("header: X-API-Key, scheme: key, secret_ref: 'local:x'", "X-API-Key", f"key {TOKEN}"),
    ],
)
def test_the_token_goes_in_one_header_of_one_request(on_page, site, options, header, value):
    site.pages["/api/me"] = "{}"
    remarks = on_page(SHOWN).perform_all(CAPTURE, verify(f"{site.origin}/api/me?all=1#x", options))
    asked = [(path, headers) for path, headers in site.asked if path.startswith("/api/me")]
    assert [(path, headers[header]) for path, headers in asked] == [("/api/me?all=1", value)]
    assert remarks[1] == "the site answered 200"


def test_another_status_may_be_the_one_that_says_yes(on_page, site):
    site.pages["/api/me"], site.status["/api/me"] = "", 204
    remarks = on_page(SHOWN).perform_all(CAPTURE, verify(f"{site.origin}/api/me", "status: 204"))
    assert remarks[1] == "the site answered 204"


@pytest.mark.parametrize(
    ("status", "may_pass"), [(401, False), (404, False), (302, False), (429, True), (503, True)]
)
def test_any_other_status_fails_and_only_a_busy_site_may_be_asked_again(
    on_page, site, other_site, status, may_pass
):
    site.pages["/api/me"], site.status["/api/me"] = TOKEN, status
    site.leads_to["/api/me"] = f"{other_site.origin}/"
    trial = on_page(SHOWN)
    with pytest.raises(StepFailed) as failed:
        trial.perform_all(CAPTURE, verify(f"{site.origin}/api/me"))
    assert (failed.value.code, failed.value.is_transient) == ("verify.refused", may_pass)
    assert f"answered {status}" in failed.value.sentence
    assert TOKEN not in failed.value.sentence
    assert other_site.asked == []  # no redirect is followed
    assert len(trial.keeping.kept) == 1  # it is stored all the same


def test_a_site_that_gives_no_answer_is_told_without_the_request(on_page, site):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        origin = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    trial = on_page(SHOWN, origins=[origin])
    with pytest.raises(StepFailed) as failed:
        trial.perform_all(CAPTURE, verify(f"{origin}/api/me"))
    assert (failed.value.code, failed.value.is_transient) == ("verify.no_answer", True)
    assert failed.value.__context__ is None
    assert TOKEN not in "".join(traceback.format_exception(failed.value))


def test_a_token_that_no_header_can_carry_is_not_told_either(on_page, site):
    token = "exk_démo_日本_0123456789"
    trial = on_page(f"<meta charset=utf-8><p class=token>{token}</p>")
    with pytest.raises(StepFailed) as failed:
        trial.perform_all(CAPTURE, verify(f"{site.origin}/api/me"))
    assert failed.value.code == "verify.not_sendable"
    ours = [
        frame
        for frame, _ in traceback.walk_tb(failed.value.__traceback__)
        if frame.f_code.co_filename.endswith("steps/verify_token.py")
    ]
    assert [frame.f_code.co_name for frame in ours][-1] == "_perform"  # which never has the clear value
    assert not any(
        token in str(value) for frame in ours for value in frame.f_locals.values() if isinstance(value, str)
    )
    assert failed.value.__context__ is None
    assert token not in "".join(traceback.format_exception(failed.value))


def test_a_capture_that_was_left_out_leaves_nothing_to_verify(on_page, site):
    trial = on_page("<p>nothing here</p>")
    with pytest.raises(StepFailed) as failed:
        trial.perform_all(f'{CAPTURE}\n    when: ".token"', verify(f"{site.origin}/api/me"))
    assert failed.value.code == "verify.nothing_captured"


@pytest.mark.req("RUN-3")
def test_a_flow_that_would_send_it_elsewhere_is_blocked(on_page):
    trial = on_page(SHOWN)
    with pytest.raises(PolicyDenied) as denied:
        trial.plan_of(CAPTURE, verify("https://elsewhere.example.net/me"))
    assert denied.value.code == "policy.rule.deny.origin.not_permitted"


def test_should_a_plan_say_otherwise_it_is_not_sent_all_the_same(on_page, site, other_site):
    trial = on_page(SHOWN, origins=[other_site.origin])
    trial.perform_all(CAPTURE)
    sending = trial.plan_of(CAPTURE, verify(f"{other_site.origin}/me"))
    trial.stage.plan = replace(sending, origins=(site.origin,))
    trial.stage.begin(sending.flow.steps[2], 5)
    with pytest.raises(StepFailed) as failed:
        perform(sending.flow.steps[2], trial.stage)
    assert failed.value.code == "origin.not_declared"
    assert other_site.asked == []


@pytest.mark.req("RUN-8")
def test_a_flow_may_have_a_site_asked_again(site):
    text = flow_text(
        f"- navigate: '{site.origin}/'",
        f"- {CAPTURE}",
        f"- {verify(f'{site.origin}/api/me')}",
        "  retry: 3",
    )
    assert flow_from(text).steps[2].retry == 3
    with pytest.raises(FlowError) as caught:
        flow_from(flow_text(f"- navigate: '{site.origin}/'", f"- {CAPTURE}", "  retry: 3"))
    assert caught.value.code == "flow.bad_retry"
