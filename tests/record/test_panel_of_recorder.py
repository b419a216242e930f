"""What the person says in the panel while they record: the token, a parameter, a mistake, what only they may do (REC-1)."""

import pytest

from tests.human.overlay.conftest import Eye
from tests.record.conftest import Doing, Person, Sit, acts, page_of, told
from tests.run.steps.conftest import PageSite
from tokenbroker.human.checkpoint import Kind
from tokenbroker.human.overlay import panel_of
from tokenbroker.human.overlay.panel import Press
from tokenbroker.record.recording import What

pytestmark = [pytest.mark.req("REC-1"), pytest.mark.browser]

TOKEN = "demo-only-9f8a7b6c5d4e3f2a1b0c"  # what a page of ours shows
COUNTS = """<script>
window.seen = [];
for (const name of ["pointerdown", "pointerup", "mousedown", "mouseup", "click"]) addEventListener(name, (event) => seen.push(name), true);
</script>"""


def test_the_token_is_marked_by_a_press_that_the_page_does_not_notice(sit: Sit) -> None:
    seen: list[list[str]] = []

    def do(person: Person) -> Doing:
        yield from person.panel("token")
        person.page.mouse.move(*person.middle("#shown b"))
        yield
        yield
        assert "Press the token" in person.said()
        person.click("#shown b")
        yield
        yield
        seen.append(person.page.evaluate("seen"))
        person.click("button")
        yield

    page = f"""{COUNTS}<main><code id=shown>{TOKEN[:10]}<b>{TOKEN[10:]}</b></code></main><button onclick="seen.push('pressed')">Go</button>"""
    marked, pressed = acts(sit(do, page))
    assert seen == [[]]
    assert marked.what is What.TOKEN
    assert marked.token is not None
    assert marked.element is not None
    assert (marked.token.source, marked.token.text) == ("text", TOKEN)
    assert list(map(str, marked.element.alternatives)) == ["#shown", "main code"]
    assert pressed.what is What.CLICK


def test_a_press_right_after_the_token_was_marked_is_a_press(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        yield from person.panel("token")
        person.click("#shown")
        yield  # the recorder has not heard of it when it asks the page the next time
        person.click("button")
        yield

    marked, pressed = acts(sit(do, f"<main><code id=shown>{TOKEN}</code></main><button>I have it</button>"))
    assert (marked.what, pressed.what) == (What.TOKEN, What.CLICK)


@pytest.mark.parametrize(
    ("page", "source", "text"),
    [
        (f"<label>Token <input id=it readonly value={TOKEN}></label>", "value", TOKEN),
        ("<button id=it>Copy</button>", "clipboard", ""),
        (f"<button id=it>{TOKEN}</button>", "text", TOKEN),
        (f"<div id=it>{TOKEN} <button>Click to copy</button></div>", "text", f"{TOKEN} Click to copy"),
    ],
)
def test_where_the_token_is_follows_from_what_is_pointed_at(
    sit: Sit, page: str, source: str, text: str
) -> None:
    def do(person: Person) -> Doing:
        yield from person.panel("token")
        yield
        x, y = person.middle("#it")
        person.page.mouse.click(x - 60 if "div" in page else x, y)
        yield
        yield

    (marked,) = acts(
        sit(do, f"<style>div {{ display: inline-block; width: 600px; text-align: center }}</style>{page}")
    )
    assert marked.token is not None
    assert (marked.token.source, marked.token.text) == (source, text)
    assert marked.token.inner == (("Click to copy",) if "div" in page else ())


def test_a_token_in_a_frame_of_another_site_is_framed_where_it_stands(
    sit: Sit, site: PageSite, other_site: PageSite
) -> None:
    inside = other_site.origin.replace("127.0.0.1", "localhost")
    other_site.pages["/inner"] = page_of(f"<p>Your token</p><code>{TOKEN}</code>")

    def do(person: Person) -> Doing:
        yield from person.until(
            lambda: len(person.page.frames) == 2 and person.page.frames[1].locator("code").count()
        )
        yield from person.panel("token")
        x, y = person.middle("code", frame="iframe")
        person.page.mouse.move(x, y)
        eye = Eye(person.page)

        def is_framed() -> bool:
            left, top, width, height = eye.box("class", "frame") if person.is_pointed() else (0, 0, 0, 0)
            return left < x < left + width and top < y < top + height and width < 400

        yield from person.until(is_framed)
        person.click("code", frame="iframe")
        yield
        yield

    (marked,) = acts(sit(do, f"<h1>x</h1><iframe src='{inside}/inner' width=600 height=200></iframe>"))
    assert marked.token is not None
    assert marked.token.text == TOKEN
    assert [each.selector for each in marked.frames] == ["iframe"]


def test_escape_leaves_the_marking(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        yield from person.panel("token")
        yield
        person.press("Escape")
        yield from person.until(lambda: "create your token" in person.said())
        person.click("button")
        yield

    assert [each.what for each in acts(sit(do, "<button>Go</button>"))] == [What.CLICK]


def test_a_field_is_marked_as_a_parameter_and_the_last_act_is_forgotten(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.fill("#n", "first")
        yield
        yield from person.panel("parameter")
        assert "what you typed into “Token name”" in person.said()
        person.click("button")
        yield
        yield from person.panel("forget")
        assert "Forgotten: pressed “Go”" in person.said()
        assert "2 acts noted" in person.said()

    (typed,) = acts(sit(do, "<label>Token name <input id=n></label><button>Go</button>"))
    assert typed.is_parameter


def test_of_two_presses_on_one_card_the_first_counts(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        for button in ("#a", "#b"):
            person.click(button)
            yield
        yield from person.until(lambda: "3 acts noted" in person.said())
        panel_of(person.page).presses.extend([Press(id="forget"), Press(id="forget")])
        yield
        yield

    (pressed,) = acts(sit(do, "<button id=a>First</button><button id=b>Second</button>"))
    assert pressed.element is not None
    assert pressed.element.label == "First"


def test_a_press_that_finds_nothing_to_be_about_loses_no_recording(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        for button in ("parameter", "forget", "forget"):
            panel_of(person.page).presses.append(Press(id=button))
            yield
            yield

    recording = sit(do, "<button>Go</button>")
    assert recording is not None
    assert recording.events == ()


def test_a_code_and_the_press_that_sends_it_are_a_person_s_by_themselves(sit: Sit, site: PageSite) -> None:
    site.pages["/in"] = page_of("<h1>In</h1><button>Next</button>")

    def do(person: Person) -> Doing:
        person.fill("#code", "123456")
        person.click("button")
        yield from person.until(lambda: person.page.url.endswith("/in"))
        yield from person.until(lambda: person.page.locator("text=Next").count())
        person.click("button")
        yield

    page = "<h1>Code</h1><form action=/in method=post><input id=code autocomplete=one-time-code inputmode=numeric><button>Verify</button></form>"
    recording = sit(do, page)
    assert [(each.what, each.human) for each in acts(recording)] == [
        (What.HUMAN, Kind.OTP),
        (What.CLICK, None),
    ]
    assert "123456" not in str(told(recording))
    assert acts(recording)[0].led_to == f"{site.origin}/in"


@pytest.mark.parametrize(
    ("label", "is_code"),
    [
        ("Code that we sent to your phone", True),
        ("Telephone number", False),
        ("PIN", True),
        ("Expires in days", False),
    ],
)
def test_a_short_numeric_field_takes_a_code_unless_it_is_called_otherwise(
    sit: Sit, label: str, is_code: bool
) -> None:
    def do(person: Person) -> Doing:
        person.fill("input", "12345")
        yield

    (event,) = acts(sit(do, f"<label>{label} <input type=tel maxlength=10></label>"))
    assert event.what is (What.HUMAN if is_code else What.TYPE)


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("<h1>Approve it on your phone</h1><button>Send again</button>", Kind.DEVICE),
        (
            "<h1>Are you human?</h1><iframe title=captcha src='about:blank'></iframe><button>Check</button>",
            Kind.ACTION,
        ),
        ("<h1>Code</h1><input inputmode=numeric maxlength=6><button>Verify</button>", Kind.OTP),
    ],
)
def test_what_is_done_between_two_marks_is_a_person_s(sit: Sit, page: str, kind: Kind) -> None:
    def do(person: Person) -> Doing:
        yield from person.panel("human")
        person.click("button >> nth=0")
        yield
        yield from person.panel("human")
        person.click("button >> nth=0")
        yield

    recorded = acts(sit(do, f"{page}"))
    assert (recorded[0].what, recorded[0].human) == (What.HUMAN, kind)
    assert [each.what for each in recorded[1:]] == [What.CLICK]


def test_finish_ends_it_and_cancel_leaves_nothing(sit: Sit) -> None:
    def press(button: str) -> object:
        def do(person: Person) -> Doing:
            person.click("button")
            yield from person.panel(button)
            yield from person.until(lambda: False)

        return do

    recording = sit(press("finish"), "<button>Go</button>")
    assert recording is not None
    assert recording.ended == "finished"
    assert [each.what for each in acts(recording)] == [What.CLICK]
    assert sit(press("cancel"), "<button>Go</button>") is None


def test_no_value_stands_in_the_panel(sit: Sit) -> None:
    said: list[str] = []

    def do(person: Person) -> Doing:
        person.fill("#n", "demo-only-typed")
        yield
        yield
        said.append(person.said())

    sit(do, "<label>ada@example.test <input id=n></label>")
    assert "typed into a field" in said[0]
    assert "demo-only" not in said[0]
    assert "example.test" not in said[0]


def test_a_token_that_is_covered_is_told_as_that(sit: Sit) -> None:
    said: list[str] = []

    def do(person: Person) -> Doing:
        yield from person.panel("token")
        person.click("#shown")
        yield
        yield
        said.append(person.said())

    sit(do, "<main><code id=shown>demo_••••••••abcd</code></main>")
    assert "covered" in said[0]
