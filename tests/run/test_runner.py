"""A plan in a browser, from its first step to its result."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.project import TIME_LIMIT_S, Project
from tests.run.steps.conftest import PageSite, Person
from tokenbroker.errors import RunError
from tokenbroker.flow.load import loads
from tokenbroker.policy.approve import Plan, Request, approve
from tokenbroker.redact import Redactor
from tokenbroker.run.clipboard import NOT_EMPTIED
from tokenbroker.run.creation import CreationRecord
from tokenbroker.run.egress import Egress
from tokenbroker.run.result import RunEvent, RunResult, Status, StepResult, StepStarted
from tokenbroker.run.runner import execute
from tokenbroker.run.spool import Spool
from tokenbroker.run.steps import STEPS
from tokenbroker.run.tools import Tools
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import open_local

pytestmark = [pytest.mark.browser, pytest.mark.req("RUN-3", "RUN-4")]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN = "exk_demo_0123456789abcdef"
FORM = f"""<form onsubmit="this.innerHTML = '<b class=token>{TOKEN}</b>'; return false">
  <input id=name><button>Create</button></form>"""


@pytest.fixture
def site() -> Iterator[PageSite]:
    made = PageSite()
    yield made
    made.close()


@dataclass
class Runs:
    """Runs flows against a page site, with a real spool and a real sink."""

    site: PageSite
    browser: Browser
    egress: Egress
    folder: Path
    inputs: Mapping[str, str | Secret] = field(default_factory=dict)
    on_event: Callable[[RunEvent], None] = lambda event: None
    pictures: bool = False
    events: list[RunEvent] = field(default_factory=list)

    def plan(self, steps: str) -> Plan:
        text = (
            "version: 1\nsite: test\nflow: one\nallowed_automation: semi_auto\nsteps:\n"
            f"  - navigate: {self.site.origin}/\n{steps}"
        )
        request = Request(actor="tester", params={}, origin_map={})
        return approve(loads(text, STEPS), request, clock=lambda: NOW)

    def run(self, steps: str, *, plan: Plan | None = None) -> RunResult:
        plan = plan or self.plan(steps)

        def on_event(event: RunEvent) -> None:
            self.events.append(event)
            self.on_event(event)

        redactor = Redactor()
        for reference, value in self.inputs.items():
            if isinstance(value, Secret):
                redactor.add(value, label=reference)
        with open_local(self.folder / "home", default_home=False) as sink:
            spool = Spool(self.folder / "home" / "spool", sink.custody.master_key.derive("spool"))
            record = CreationRecord(
                plan, run_id="r1", spool=spool, open_sink=lambda alias: sink, clock=lambda: NOW
            )
            tools = Tools(
                browser=self.browser,
                egress=self.egress,
                channel=Person(),
                inputs=self.inputs,
                record=record,
                redactor=redactor,
                clock=lambda: NOW,
                step_timeout_s=2,
                human_deadline_s=5,
                pictures=self.pictures,
                block_font=True,
                on_event=on_event,
                on_checkpoint=lambda checkpoint, answer: None,
            )
            return execute(plan, tools, run_id="r1")


@pytest.fixture
def runs(site: PageSite, flow_browser: Browser, tokenbroker_egress: Egress, tmp_path: Path) -> Runs:
    site.pages["/"] = FORM
    return Runs(site=site, browser=flow_browser, egress=tokenbroker_egress, folder=tmp_path)


CREATE = '  - click: "text=Create"\n  - capture_token: { selector: .token, secret_ref: "local:test/key" }\n'


def test_a_run_that_passes_tells_of_each_step_and_what_was_stored(runs: Runs) -> None:
    result = runs.run(CREATE)
    assert result.status is Status.PASSED
    assert result.failure is None
    assert [step.status for step in result.steps] == [Status.PASSED] * 3
    assert [str(reference) for reference in result.references] == ["local:test/key@1"]
    assert result.created_key
    assert result.possibly_created == ()
    assert [type(event) for event in runs.events] == [StepStarted, StepResult] * 3


def test_a_picture_is_taken_after_each_step_unless_turned_off(runs: Runs) -> None:
    assert [step.picture for step in runs.run("").steps] == [None]
    runs.pictures = True
    (step,) = runs.run("").steps
    assert step.picture is not None
    assert step.picture.kind == "pixels"


@pytest.mark.req("RESIL-1")
def test_a_step_that_was_healed_says_so_in_its_remark_and_among_the_notes(runs: Runs) -> None:
    runs.site.pages["/"] = FORM.replace("<button", "<button id=go")
    result = runs.run(
        '  - click: [{ role: button, name: "Creat" }, { css: "#go" }, { xpath: "//form/button" }]\n'
    )
    assert result.status is Status.PASSED
    assert result.steps[1].remark == "healed: role failed; css and xpath led to it"
    assert result.notes == (
        "flow.yaml:7: step 2 was healed: role failed; css and xpath led to it; mend its selector",
        "`tokenbroker heal` shows what would mend the flow, as a patch",
    )


@pytest.mark.req("RESIL-3")
def test_a_run_that_failed_later_does_not_lead_to_a_patch(runs: Runs) -> None:
    runs.site.pages["/"] = FORM.replace("<button", "<button id=go")
    result = runs.run(
        '  - click: [{ role: button, name: "Creat" }, { css: "#go" }, { xpath: "//form/button" }]\n  - expect: "#no"\n'
    )
    assert result.status is Status.FAILED
    assert not any("tokenbroker heal" in note for note in result.notes)


@pytest.mark.req("RESIL-2")
def test_the_evidence_of_a_set_that_led_to_nothing_says_so(runs: Runs) -> None:
    result = runs.run('  - click: [{ role: button, name: "No" }, { css: "#no" }]\n')
    report = result.steps[1].target
    assert result.status is Status.FAILED
    assert report is not None
    assert (report.won, report.failed, report.is_healed) == ("", ("role", "css"), False)


def test_a_step_whose_condition_is_not_there_is_skipped(runs: Runs) -> None:
    result = runs.run(
        '  - click: "#cookies"\n    when: "#cookies"\n  - type: { selector: "#name", value: x }\n    when: "#name"\n'
    )
    assert [step.status for step in result.steps] == [Status.PASSED, Status.SKIPPED, Status.PASSED]


def test_a_failure_shows_the_lines_the_target_the_page_and_the_code(runs: Runs) -> None:
    result = runs.run('  - click: "#crate"\n')
    assert result.status is Status.FAILED
    assert result.failure is not None
    assert result.failure.code == "target.not_found"
    report = result.failure.report
    assert '>    7 |   - click: "#crate"' in report
    assert "tried  #crate" in report
    assert f"page   {runs.site.origin}/" in report
    assert result.failure.internals == ""


def test_an_address_is_shown_without_its_query(runs: Runs) -> None:
    runs.site.pages["/in"] = "x"
    result = runs.run(f'  - navigate: {runs.site.origin}/in?code=demo-only-query#frag\n  - expect: "#no"\n')
    assert result.failure is not None
    assert f"page   {runs.site.origin}/in\n" in result.failure.report


@pytest.mark.req("RUN-10")
def test_a_key_that_was_made_and_not_captured_is_named(runs: Runs) -> None:
    steps = (
        '  - click: { selector: "text=Create", creates: { name: Reporting, revoke: "test/revoke" } }\n'
        '  - capture_token: { selector: "#nowhere", secret_ref: "local:test/key" }\n'
    )
    result = runs.run(steps)
    (sentence,) = result.possibly_created
    assert "Reporting" in sentence
    assert "test/revoke" in sentence


@pytest.mark.req("RUN-10")
def test_a_creating_step_that_never_acted_leaves_nothing_to_recover(runs: Runs) -> None:
    steps = '  - click: "#nowhere"\n  - capture_token: { selector: .token, secret_ref: "local:test/key" }\n'
    result = runs.run(steps)
    assert result.possibly_created == ()
    assert not result.created_key
    assert list((runs.folder / "home" / "spool").glob("*.intent")) == []


@pytest.mark.req("SECRET-7")
def test_an_interrupt_ends_the_run_with_its_status_and_no_frames(runs: Runs) -> None:
    def interrupt(event: RunEvent) -> None:
        if isinstance(event, StepStarted) and event.number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    runs.on_event = interrupt
    result = runs.run('  - type: { selector: "#name", value: x }\n')
    assert result.status is Status.INTERRUPTED
    assert result.failure is not None
    assert result.failure.code == "run.interrupted"
    assert runs.browser.contexts == []


@pytest.mark.req("SECRET-7")
def test_a_browser_that_dies_with_a_token_on_the_clipboard_says_that_it_may_still_be_there(
    site: PageSite, project: Project
) -> None:
    copied = threading.Event()

    def answer() -> str:
        copied.set()
        return ""

    copy = "navigator.clipboard.writeText('short').then(() => fetch('/copied'))"
    site.pages |= {
        "/": f'<button onclick="{copy}">Copy</button>',
        "/copied": answer,
    }
    capture = 'capture_token: { selector: "text=Copy", secret_ref: "local:x", from: clipboard }'
    # "short" is no token: the step waits for one until the browser dies.
    flow = project.flow("copy", f"  - navigate: {site.origin}/\n  - {capture}\n    timeout: 60s\n")
    project.variables["XDG_CACHE_HOME"] = str(project.folder / "cache")
    run = project.start("run", flow)
    try:
        assert copied.wait(TIME_LIMIT_S)
        for process in project.processes():
            with suppress(OSError):
                if b"--enable-automation" in Path(f"/proc/{process}/cmdline").read_bytes():
                    os.kill(process, signal.SIGKILL)
        said = run.communicate(timeout=TIME_LIMIT_S)[1]
    finally:
        run.kill()
        run.communicate()
    assert NOT_EMPTIED in said


@pytest.mark.req("SECRET-7")
def test_an_error_of_ours_is_named_by_type_and_place_and_its_words_are_redacted(runs: Runs) -> None:
    runs.inputs = {"secrets:p": Secret("demo-only-password")}

    def fail(event: RunEvent) -> None:
        if isinstance(event, StepStarted) and event.number == 2:
            raise ZeroDivisionError("while typing demo-only-password")

    runs.on_event = fail
    result = runs.run('  - type: { selector: "#name", value_ref: "secrets:p" }\n')
    assert result.failure is not None
    assert result.failure.code == "internal"
    assert "ZeroDivisionError" in result.failure.report
    assert f"  to do  {result.failure.next_step}" in result.failure.report
    assert result.failure.next_step
    assert "demo-only-password" not in result.failure.report + result.failure.internals


def test_a_foreign_request_is_blocked_and_counted(runs: Runs) -> None:
    tell = "document.body.insertAdjacentHTML('beforeend', '<b id=p>refused</b>')"
    runs.site.pages["/"] = f'<img src=http://127.0.0.1:18999/x.png onerror="{tell}">'
    result = runs.run('  - expect: "#p"\n')
    assert [(blocked.origin, blocked.count) for blocked in result.blocked] == [("http://127.0.0.1:18999", 1)]


def test_a_plan_that_has_expired_does_not_run(runs: Runs) -> None:
    plan = runs.plan("")
    object.__setattr__(plan, "expires_at", datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
    with pytest.raises(RunError) as refused:
        runs.run("", plan=plan)
    assert refused.value.code == "run.plan_expired"


@pytest.mark.req("RUN-10")
def test_a_passed_run_that_leaves_a_key_uncaptured_fails(runs: Runs) -> None:
    steps = (
        '  - click: "text=Create"\n'
        '  - capture_token: { selector: .token, secret_ref: "local:test/key" }\n    when: "#never"\n'
    )
    result = runs.run(steps)
    assert result.status is Status.FAILED
    assert result.failure is not None
    assert result.failure.code == "run.key_not_captured"
    assert len(result.possibly_created) == 1
    assert result.possibly_created[0] in result.failure.report


def test_what_fails_after_a_step_does_not_hide_the_steps_own_error(runs: Runs) -> None:
    def fail(event: RunEvent) -> None:
        if isinstance(event, StepResult) and event.status is Status.FAILED:
            raise OSError("disk full")

    runs.on_event = fail
    result = runs.run('  - click: "#crate"\n')
    assert result.failure is not None
    assert result.failure.code == "target.not_found"


class OutsideError(BaseException):
    """As pytest's outcomes are: no `Exception`, and no Ctrl-C either."""


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OutsideError(), Status.FAILED, "run.stopped"),
        (pytest.fail.Exception("demo-only-words"), Status.FAILED, "run.stopped"),
        (pytest.skip.Exception("demo-only-words"), Status.FAILED, "run.stopped"),
        (SystemExit(3), Status.INTERRUPTED, "run.interrupted"),
        (pytest.exit.Exception("demo-only-words"), Status.INTERRUPTED, "run.interrupted"),
    ],
    ids=["unknown", "pytest.fail", "pytest.skip", "SystemExit", "pytest.exit"],
)
def test_only_what_ends_the_session_interrupts(
    runs: Runs, error: BaseException, status: Status, code: str
) -> None:
    def stop(event: RunEvent) -> None:
        if isinstance(event, StepStarted) and event.number == 2:
            raise error

    runs.on_event = stop
    result = runs.run('  - expect: "#name"\n')
    assert result.failure is not None
    assert (result.status, result.failure.code) == (status, code)
    assert "demo-only-words" not in result.failure.report
