"""What a person reads when a run did not pass: enough to mend the flow, and nothing of anyone's secrets."""

import secrets

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.flow.texts import EVERY_VERB, REFERENCE, flow_from
from tokenbroker.errors import HumanTimeout
from tokenbroker.run.failure import (
    RunFailure,
    StepFailed,
    Tried,
    attempt,
    excerpt,
    failure_report,
    shown_address,
)

CANARY = f"demo-only-{secrets.token_hex(8)}"


def failed(foreign: BaseException) -> StepFailed:
    def act() -> None:
        raise foreign

    with pytest.raises(StepFailed) as caught:
        attempt(act, what="typing into the field")
    return caught.value


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('fill: "CANARY" Element is not an <input>, <textarea>', "target.not_editable"),
        ("strict mode violation: locator('CANARY') resolved to 2 elements", "target.ambiguous"),
        ("Element is not attached to the DOM CANARY", "target.detached"),
        ("Element is not an <select> element CANARY", "target.not_select"),
        ("Not a checkbox or radio button CANARY", "target.not_checkable"),
        ("Target page, context or browser has been closed CANARY", "browser.closed"),
        ("Page crashed CANARY", "browser.crashed"),
        ("Navigation to 'CANARY' is interrupted by another navigation", "navigation.interrupted"),
        ('Unknown engine "CANARY" while parsing selector', "target.bad_selector"),
        ("'CANARY' is not a valid selector", "target.bad_selector"),
        ('Unknown key: "CANARY"', "press.unknown_key"),
        ("net::ERR_CONNECTION_REFUSED at http://a/?CANARY", "navigation.failed"),
        ("something else CANARY\nAria snapshot: CANARY", "step.failed"),
    ],
)
def test_a_browser_s_error_becomes_a_code_and_nothing_of_its_text_travels(message: str, code: str) -> None:
    error = failed(PlaywrightError(message.replace("CANARY", CANARY)))
    assert error.code == code
    assert CANARY not in str(error)
    assert error.__context__ is None
    assert error.__cause__ is None


def test_a_time_out_has_the_code_of_what_was_tried() -> None:
    assert failed(PlaywrightTimeout(f"Timeout 1ms {CANARY}")).code == "step.timeout"
    with pytest.raises(StepFailed) as caught:
        attempt(_time_out, what="going there", timeout_code="navigation.timeout")
    assert caught.value.code == "navigation.timeout"


def _time_out() -> None:
    raise PlaywrightTimeout("Timeout")


def test_what_succeeds_is_handed_on_and_what_is_no_browser_error_passes() -> None:
    assert attempt(lambda: 7, what="counting") == 7
    with pytest.raises(KeyboardInterrupt):
        attempt(_interrupt, what="counting")


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.req("RUN-3")
def test_the_report_shows_the_lines_what_was_tried_the_page_and_the_code() -> None:
    flow = flow_from(REFERENCE, "flows/login.yaml")
    tried = (
        Tried(
            selector="text=Create", why="more than one element matches", candidates=("<button> A", "<a> B")
        ),
    )
    error = StepFailed("no element to act on", code="target.ambiguous", tried=tried, next_step="name one")
    report = failure_report(
        flow,
        flow.steps[9],
        error,
        page_url="http://127.0.0.1:1/api-keys",
        aftermath="a key may have been created",
    )
    lines = report.splitlines()
    assert lines[0] == "target.ambiguous: no element to act on"
    assert "  flows/login.yaml:15" in lines
    marked = [line for line in lines if line.startswith("  > ")]
    assert marked == ['  >   15 |   - click: { selector: "text=Create" }']
    for wanted in ("text=Create  ->", "<button> A", "<a> B", "page   http://127.0.0.1:1/api-keys",
                   "reason target.ambiguous", "to do  name one"):  # fmt: skip
        assert [line for line in lines if wanted in line], wanted
    assert lines[-1] == "a key may have been created"


@pytest.mark.req("RUN-3")
def test_a_failure_before_the_first_step_has_no_excerpt_and_no_page() -> None:
    report = failure_report(flow_from(REFERENCE), None, HumanTimeout("nobody answered"), page_url="")
    assert report == "human.timed_out: nobody answered\n  reason human.timed_out"


@pytest.mark.req("RUN-3")
@pytest.mark.parametrize("index", range(11))
def test_exactly_the_lines_of_the_failing_step_are_marked(index: int) -> None:
    flow = flow_from(REFERENCE)
    marked = [line for line in excerpt(flow, flow.steps[index]) if line.startswith("  > ")]
    assert [line.partition("| ")[2] for line in marked] == [REFERENCE.splitlines()[5 + index]]


@pytest.mark.req("RUN-3")
def test_all_lines_of_a_long_step_are_marked() -> None:
    flow = flow_from(EVERY_VERB)
    marked = [line for line in excerpt(flow, flow.steps[0]) if line.startswith("  > ")]
    assert len(marked) == 4
    assert "timeout: 500ms" in marked[-1]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:w@a.example:8443/x/y?t=1#f", "https://a.example:8443/x/y"),  # pragma: allowlist secret
        ("http://[::1]:8000/x?y", "http://[::1]:8000/x"),
        ("https://a.example", "https://a.example"),
        ("about:blank", "about:"),
        ("data:text/html,secret", "data:"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_may_hold_a_value(url: str, shown: str) -> None:
    assert shown_address(url) == shown


def test_a_run_failure_is_its_report_s_first_line_and_its_code() -> None:
    error = RunFailure("target.ambiguous: two of them\n  more", code="target.ambiguous")
    assert (error.code, error.report.splitlines()[1]) == ("target.ambiguous", "  more")
    assert "\n" not in error.sentence
    assert RunFailure("", code="run.failed").sentence == "run.failed"
