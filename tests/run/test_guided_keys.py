"""No key of a guided run is lost or orphaned, however far ahead of the flow its person is (RUN-10, RUN-5)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.run.steps.conftest import NOW, Person
from tests.run.test_runner import TOKEN, Runs, runs, site
from tokenbroker.flow.load import loads
from tokenbroker.flow.model import Mode
from tokenbroker.human.checkpoint import Answer, Checkpoint, Outcome, PageSays
from tokenbroker.human.overlay import Press, panel_of
from tokenbroker.policy.approve import Request, approve
from tokenbroker.redact import Redactor
from tokenbroker.run.creation import CreationRecord
from tokenbroker.run.result import RunResult, Status, StepStarted
from tokenbroker.run.runner import execute
from tokenbroker.run.spool import Spool
from tokenbroker.run.steps import STEPS
from tokenbroker.run.tools import Tools
from tokenbroker.secret import Secret
from tokenbroker.sinks.local import open_local

__all__ = ["runs", "site"]
pytestmark = [pytest.mark.req("RUN-10", "RUN-5"), pytest.mark.browser]
SAYS_NOW = "<script>setTimeout(() => console.log('now'), 1300); setTimeout(() => console.log('later'), 3600)</script>"
MAKES = f"document.body.insertAdjacentHTML('beforeend', '<b class=token>{TOKEN}</b>')"
CREATE = f'<button id=go style="font-size:40px" onclick="{MAKES}">Create</button>'
CAPTURE = '  - capture_token: { selector: .token, secret_ref: "local:test/key" }\n'
CLICK = '  - click: { selector: "#go", creates: { name: "second key" } }\n'


@dataclass
class Guided:
    """One run with a person, whom the page itself tells when to act."""

    runs: Runs
    marked: list[bool] = field(default_factory=list)
    """What the store was told of a created key."""

    @property
    def spooled(self) -> int:
        folder = self.runs.folder / "home" / "spool"
        return len(list(folder.iterdir())) if folder.exists() else 0

    def run(
        self, steps: str, act: Callable[[Page, str], object], *, person: Person | None = None,
        inputs: dict[str, Any] | None = None, watched: bool = False, mode: str = "guided", deadline_s: float = 8,
    ) -> tuple[RunResult, Redactor]:  # fmt: skip
        text = f"version: 1\nsite: test\nflow: one\nallowed_automation: guided|semi_auto\nsteps:\n  - navigate: {self.runs.site.origin}/\n{steps}"
        request = Request(actor="tester", params={}, origin_map={}, mode=Mode(mode))
        plan = approve(loads(text, STEPS), request, clock=lambda: NOW)
        hooked: list[Page] = []

        def on_event(event: object) -> None:
            if isinstance(event, StepStarted) and not hooked and self.runs.browser.contexts:
                page = self.runs.browser.contexts[-1].pages[0]
                hooked.append(page)
                page.on("console", lambda message: act(page, message.text))

        redactor = Redactor()
        with open_local(self.runs.folder / "home", default_home=False) as sink:
            spool = Spool(self.runs.folder / "home" / "spool", sink.custody.master_key.derive("spool"))
            record = CreationRecord(
                plan,
                run_id="r1",
                spool=spool,
                open_sink=lambda _: sink,
                clock=lambda: NOW,
                on_press=self.marked.append,
            )
            tools = Tools(
                browser=self.runs.browser, egress=self.runs.egress, channel=person or Person(), inputs=inputs or {},
                record=record, redactor=redactor, clock=lambda: NOW, step_timeout_s=1.5, human_deadline_s=deadline_s,
                pictures=False, block_font=True, on_event=on_event, on_checkpoint=lambda *_: None, is_watched=watched,
            )  # fmt: skip
            return execute(plan, tools, run_id="r1"), redactor


@pytest.fixture
def guided(runs: Runs) -> Guided:
    return Guided(runs)


def click(page: Page, selector: str) -> None:
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 5, box["y"] + 5)


def once(what: str, act: Callable[[Page], object]) -> Callable[[Page, str], object]:
    return lambda page, text: act(page) if text == what else None


def press(button: str) -> Callable[[Page], object]:
    return lambda page: panel_of(page).presses.append(Press(id=button))


def test_who_does_nothing_leaves_no_doubt_and_the_run_does_not_count_as_one_that_made_a_key(
    guided: Guided,
) -> None:
    guided.runs.site.pages["/"] = CREATE + SAYS_NOW
    result, _ = guided.run(CLICK + CAPTURE, once("now", press("stop")))
    assert (result.failure and result.failure.code, result.possibly_created, guided.spooled) == (
        "human.stopped",
        (),
        0,
    )
    assert guided.marked == [True, False]


def test_the_second_key_of_a_run_is_named_as_the_first_is(guided: Guided) -> None:
    tick = "<script>setInterval(() => console.log('tick'), 700)</script>"
    guided.runs.site.pages["/"] = CREATE + SAYS_NOW + tick
    guided.runs.site.pages["/two"] = CREATE.replace("class=token", "class=other") + SAYS_NOW

    def act(page: Page, text: str) -> None:
        if text == "now":
            click(page, "#go")
        if text == "tick" and page.url.endswith("/"):
            press("yes")(page)

    steps = '  - click: "#go"\n' + CAPTURE + f'  - navigate: "{guided.runs.site.origin}/two"\n' + CLICK
    result, _ = guided.run(steps + CAPTURE.replace("test/key", "test/two"), act)
    assert len(result.references) == 1
    assert "second key" in result.possibly_created[0]
    assert guided.spooled == 1


@pytest.mark.parametrize("answer", ["no", ""])
def test_a_box_whose_tick_makes_the_key_is_in_doubt_once_it_was_ticked(guided: Guided, answer: str) -> None:
    guided.runs.site.pages["/"] = (
        f'<input type=checkbox id=go style="width:40px;height:40px" onchange="{MAKES}">' + SAYS_NOW
    )

    def act(page: Page, text: str) -> None:
        if text == "now":
            click(page, "#go")
        if text == "later" and answer:
            press(answer)(page)

    capture = CAPTURE if answer else CAPTURE.replace(".token", ".never")
    result, _ = guided.run('  - check: { selector: "#go", creates: { name: x } }\n' + capture, act)
    assert len(result.possibly_created) == 1
    assert guided.spooled == 1


def test_a_confirmation_that_makes_the_key_is_in_doubt(guided: Guided) -> None:
    guided.runs.site.pages["/"] = "waits"
    steps = '  - wait_human: { reason: "Confirm it on the phone", kind: confirm }\n' + CAPTURE.replace(
        ".token", ".never"
    )
    result, _ = guided.run(steps, lambda *_: None)
    assert len(result.possibly_created) == 1


def test_a_button_that_acts_when_it_goes_down_is_in_doubt(guided: Guided) -> None:
    guided.runs.site.pages["/"] = CREATE.replace('onclick="', 'onmousedown="this.remove();') + SAYS_NOW
    result, _ = guided.run(
        CLICK + '  - wait_for: "#never"\n' + CAPTURE, once("now", lambda page: click(page, "#go"))
    )
    assert len(result.possibly_created) == 1


def test_what_is_pressed_while_a_failed_step_is_mended_is_in_doubt(guided: Guided) -> None:
    guided.runs.site.pages["/"] = CREATE + SAYS_NOW
    spooled: list[int] = []

    class Presses(Person):
        def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
            spooled.append(guided.spooled)
            click(guided.runs.browser.contexts[-1].pages[0], "#go")
            return super().ask(checkpoint, page_says)

    person = Presses(outcome=Outcome.DENIED)
    result, _ = guided.run(CLICK + CAPTURE, once("now", press("other")), person=person, watched=True)
    assert result.failure is not None
    assert result.failure.code == "guided.other_page"
    assert spooled == [1]
    assert len(result.possibly_created) == 1


def test_the_page_on_which_it_may_have_been_made_is_named(guided: Guided) -> None:
    guided.runs.site.pages["/"] = "<a id=next href='/keys' style='font-size:40px'>keys</a>" + SAYS_NOW
    guided.runs.site.pages["/keys"] = CREATE + SAYS_NOW
    steps = '  - click: "#next"\n' + CLICK + CAPTURE.replace(".token", ".never")
    result, _ = guided.run(
        steps, once("now", lambda page: click(page, "#next" if page.url.endswith("/") else "#go"))
    )
    assert guided.runs.site.origin in result.possibly_created[0]


def test_steps_that_are_left_out_leave_no_doubt(guided: Guided) -> None:
    guided.runs.site.pages["/"] = "<p>there is a key already</p>"
    steps = CLICK.rstrip() + '\n    when: "#go"\n' + CAPTURE.rstrip() + '\n    when: ".token"\n'
    result, _ = guided.run(steps, lambda *_: None, deadline_s=3)
    assert (result.status, result.possibly_created, guided.spooled) == (Status.PASSED, (), 0)


@pytest.mark.parametrize("mode", ["semi_auto", "guided"])
@pytest.mark.parametrize("brings_up", ["dialog: accept", "opens: window"])
def test_who_is_asked_to_mend_hears_that_a_key_may_have_been_made(
    guided: Guided, mode: str, brings_up: str
) -> None:
    guided.runs.site.pages["/"] = CREATE + SAYS_NOW
    act = once("now", lambda page: click(page, "#go")) if mode == "guided" else lambda *_: None
    person = Person(outcome=Outcome.DENIED)
    steps = f'  - click: {{ selector: "#go", {brings_up} }}\n' + CAPTURE
    guided.run(steps, act, person=person, watched=True, mode=mode, deadline_s=3)
    (asked,) = person.asked
    assert "A key may have been made" in asked.reason


@pytest.mark.req("HUMAN-3", "SECRET-7")
@pytest.mark.parametrize("how", ["typed and sent at once", "typed and stopped", "pasted and sent"])
def test_all_that_is_typed_by_hand_where_a_secret_belongs_is_redacted(guided: Guided, how: str) -> None:
    guided.runs.site.pages["/"] = "<form action='/next'><input id=p name=q></form>" + SAYS_NOW
    guided.runs.site.pages["/next"] = "<button>Save</button>"

    def act(page: Page) -> None:
        click(page, "#p")
        if how != "pasted and sent":
            page.keyboard.type("by-hand")
        page.keyboard.insert_text("-all-of-it-77")
        if how == "typed and stopped":
            press("stop")(page)
        else:
            page.keyboard.press("Enter")

    typed = "-all-of-it-77" if how == "pasted and sent" else "by-hand-all-of-it-77"
    steps = '  - type: { selector: "#p", value_ref: "secrets:pw" }\n  - wait_for: "text=Save"\n'
    _, redactor = guided.run(
        steps, once("now", act), inputs={"secrets:pw": Secret("demo-only-stored")}, deadline_s=5
    )
    assert typed not in redactor.text(f"it says {typed} here")
    assert "by-hand" not in redactor.text(f"it says {typed} here")
