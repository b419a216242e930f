"""What counts as done by the person of a guided run, and what does not (RUN-5)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.run.steps.conftest import NOW, PageSite, Trial
from tokenbroker.errors import BrokerError, HumanTimeout
from tokenbroker.human.overlay import Press, panel_of
from tokenbroker.run import watch
from tokenbroker.run.guide import Guide
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.req("RUN-5"), pytest.mark.browser]
GO = "<button id=go>Go</button><button id=other style='margin-left:300px'>Other</button>"
CLICK = 'click: "#go"'


@pytest.fixture
def guided(on_page: Callable[..., Trial]) -> Callable[..., Trial]:
    """``guided(html, deadline_s=…, inputs=…)``: as `on_page`, in a guided run."""

    def open_page(html: str, *, deadline_s: float = 10, **more: object) -> Trial:
        trial = on_page(html, **more)
        trial.stage.guide = Guide(
            trial.stage.plan.flow,
            trial.stage.page,
            deadline_s=deadline_s,
            clock=lambda: NOW,
            on_checkpoint=lambda *_: None,
        )
        return trial

    return open_page


def once_shown(page: Page, act: Callable[[], object]) -> None:
    """Let the person `act` once the panel is there and can be pressed: a moment of the page's own tells."""

    def heard(message: object) -> None:
        if "now" in str(getattr(message, "text", "")):
            act()

    page.on("console", heard)
    page.evaluate("setTimeout(() => console.log('now'), 900)")


def click(page: Page, selector: str) -> None:
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 5, box["y"] + 5)


def failure(trial: Trial, step: str) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        trial.perform(step)
    return caught.value


def test_the_person_s_own_click_on_the_target_is_it(guided: Callable[..., Trial]) -> None:
    trial = guided(GO)
    once_shown(trial.stage.page, lambda: click(trial.stage.page, "#go"))
    assert trial.perform(CLICK) == "done by hand"


def test_a_press_by_keys_is_it_too(guided: Callable[..., Trial]) -> None:
    trial = guided(GO)
    page = trial.stage.page
    once_shown(page, lambda: (page.locator("#go").focus(), page.keyboard.press("Enter")))
    assert trial.perform(CLICK) == "done by hand"


@pytest.mark.parametrize(
    "forged",
    [
        "document.getElementById('go').click()",
        "document.getElementById('go').dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: 20, clientY: 20, detail: 1}))",
        "document.getElementById('go').focus(); document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))",
    ],
)
def test_what_a_script_of_the_page_does_is_not(guided: Callable[..., Trial], forged: str) -> None:
    trial = guided(GO + f"<script>setInterval(() => {{ {forged} }}, 50)</script>", deadline_s=2)
    assert isinstance(failure(trial, CLICK), HumanTimeout)


def test_a_click_on_something_else_is_not(guided: Callable[..., Trial]) -> None:
    trial = guided(GO, deadline_s=2.5)
    once_shown(trial.stage.page, lambda: click(trial.stage.page, "#other"))
    assert isinstance(failure(trial, CLICK), HumanTimeout)


def test_who_is_ahead_has_done_it(guided: Callable[..., Trial]) -> None:
    trial = guided(
        "<form onsubmit=\"document.body.innerHTML = '<h1>Welcome</h1>'; return false\"><input id=name><button id=go>Go</button></form>"
    )
    page = trial.stage.page
    once_shown(page, lambda: (page.locator("#name").focus(), page.keyboard.press("Enter")))
    # Enter in the field sends the form: the browser makes a click of it, which no person has made by pointer or key.
    assert trial.perform_all(CLICK, 'wait_for: "text=Welcome"')[0] in (
        "done by hand: what comes next is there",
        "done by hand",
    )


def test_a_page_that_goes_on_by_itself_makes_nobody_ahead(guided: Callable[..., Trial]) -> None:
    trial = guided(
        GO + "<script>setTimeout(() => { document.body.innerHTML = '<h1>Welcome</h1>'; }, 800)</script>",
        deadline_s=3,
    )
    with pytest.raises(HumanTimeout):
        trial.perform_all(CLICK, 'wait_for: "text=Welcome"')


def test_a_literal_that_stands_in_the_field_is_done_and_said_so(guided: Callable[..., Trial]) -> None:
    trial = guided("<input id=name value=Agent>")
    assert trial.perform('type: { selector: "#name", value: "Agent" }') == "it was so already"


def test_a_box_that_the_person_ticks_is_done(guided: Callable[..., Trial]) -> None:
    trial = guided("<label><input type=checkbox id=box> Yes</label>")
    once_shown(trial.stage.page, lambda: click(trial.stage.page, "label"))
    assert trial.perform('check: "#box"') == "done by hand"


@pytest.mark.req("SECRET-7")
def test_a_secret_is_not_typed_into_a_page_that_has_gone_elsewhere_meanwhile(
    guided: Callable[..., Trial], other_site: PageSite
) -> None:
    other_site.pages["/"] = "<input id=p type=password>"
    trial = guided("<input id=p type=password>", inputs={"secrets:a": Secret("demo-only-8e1c")})
    page = trial.stage.page

    def goes() -> None:
        page.goto(f"{other_site.origin}/")
        panel_of(page).presses.append(Press(id="type"))

    once_shown(page, goes)
    assert failure(trial, 'type: { selector: "#p", value_ref: "secrets:a" }').code == "origin.not_declared"
    assert page.locator("#p").input_value() == ""


def test_the_press_lets_the_value_be_typed(guided: Callable[..., Trial]) -> None:
    trial = guided("<input id=p type=password>", inputs={"secrets:a": Secret("demo-only-8e1c")})
    page = trial.stage.page
    once_shown(page, lambda: panel_of(page).presses.append(Press(id="type")))
    assert trial.perform('type: { selector: "#p", value_ref: "secrets:a" }') == "typed at the person's press"
    assert page.locator("#p").input_value() == "demo-only-8e1c"


@pytest.mark.req("HUMAN-3", "SECRET-7")
def test_what_was_typed_by_hand_is_redacted_from_then_on(guided: Callable[..., Trial]) -> None:
    trial = guided(
        "<input id=p type=password><button>b</button>", inputs={"secrets:a": Secret("demo-only-8e1c")}
    )
    page = trial.stage.page
    once_shown(
        page,
        lambda: (page.locator("#p").focus(), page.keyboard.type("by-hand-77a1"), page.keyboard.press("Tab")),
    )
    assert trial.perform('type: { selector: "#p", value_ref: "secrets:a" }') == "done by hand"
    assert "by-hand-77a1" not in trial.stage.redactor.text("the page says by-hand-77a1 now")


@pytest.mark.req("RUN-10")
def test_a_key_that_the_person_can_make_is_noted_as_soon_as_they_can(guided: Callable[..., Trial]) -> None:
    trial = guided("<input id=name value=Agent><button id=go>Go</button>")
    stage = trial.stage
    stage.plan = trial.plan_of(
        'type: { selector: "#name", value: "Agent" }', CLICK, 'wait_human: { reason: "Look" }', CLICK
    )
    guide = Guide(stage.plan.flow, stage.page, deadline_s=2, clock=lambda: NOW, on_checkpoint=lambda *_: None)
    step = stage.plan.flow.steps[1]
    stage.begin(step, 5)
    guide.begin(step, stage)
    assert trial.keeping.foreseen == [2, 3]  # up to what the person can't reach yet


def test_a_panel_that_is_kept_out_of_sight_ends_the_step(
    guided: Callable[..., Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "UNSEEN_S", 1.0)
    trial = guided(GO + "<script>document.documentElement.style.display = 'none'</script>")
    trial.stage.page.evaluate("document.documentElement.style.removeProperty('display')")
    once_shown(
        trial.stage.page, lambda: trial.stage.page.evaluate("document.documentElement.style.display = 'none'")
    )
    assert failure(trial, CLICK).code == "guided.covered"
