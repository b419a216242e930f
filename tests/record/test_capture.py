"""What a person does becomes events, and nothing else does (REC-1)."""

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.record.conftest import Doing, Person, Sit, acts, page_of, told
from tests.run.steps.conftest import PageSite
from tokenbroker.record.recording import Typing, What

pytestmark = [pytest.mark.req("REC-1"), pytest.mark.browser]

FORM = """<h1>Sign in</h1><form action=/in method=post><label>E-mail <input name=email type=email autocomplete=username></label>
<label>Password <input name=password type=password></label>
<label>Region <select name=region><option value=a>Europe</option><option value=b>Asia</option></select></label>
<label><input type=checkbox name=keep> Keep me signed in</label> <button>Sign in</button></form>"""


def test_every_kind_of_act_is_an_event(sit: Sit, site: PageSite) -> None:
    site.pages["/in"] = page_of("<h1>Tokens</h1><button onclick='this.after(\"made\")'>Create</button>")

    def do(person: Person) -> Doing:
        yield from person.until(lambda: person.page.locator("form").count())
        person.fill("[name=email]", "a@b.example")
        person.press("Tab")
        person.write("demo-only-x")
        yield
        person.click("[name=keep]")
        person.page.locator("select").focus()
        person.press("ArrowDown")
        yield
        person.click("text=Sign in >> nth=-1")
        yield from person.until(lambda: person.page.url.endswith("/in"))
        yield from person.until(lambda: person.page.locator("text=Create").count())
        person.click("text=Create")
        yield

    recording = sit(do, FORM)
    assert told(recording) == [
        ("navigate", "", f"{site.origin}/"),
        ("type", "E-mail", "a@b.example"),
        ("type", "Password", "demo-only-x"),
        ("check", "Keep me signed in", ""),
        ("select", "Region", "Asia"),
        ("click", "Sign in", ""),
        ("click", "Create", ""),
    ]
    email, password, _, _, submit, _ = acts(recording)
    assert email.element is not None
    assert password.element is not None
    assert (email.element.autocomplete, email.element.type, email.element.is_secret) == (
        "username",
        "email",
        False,
    )
    assert password.element.is_secret
    assert email.typing is Typing.KEYS
    assert submit.led_to == f"{site.origin}/in"
    assert [each.name for each in submit.appeared] == ["Tokens"]
    assert submit.element is not None
    assert str(submit.element.alternatives[0]) == 'button "Sign in"'


def test_what_is_pasted_is_told_apart(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.fill("#from", "demo-only-text")
        person.press("Control+a")
        person.press("Control+c")
        person.click("#to")
        person.press("Control+v")
        yield

    typed = acts(sit(do, "<label>From <input id=from></label><label>To <input id=to></label>"))
    assert [(each.value, each.typing) for each in typed] == [
        ("demo-only-text", Typing.KEYS),
        ("demo-only-text", Typing.PASTED),
    ]


def test_a_password_that_is_shown_stays_one_and_showing_it_is_no_event(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.fill("#p", "demo-only-a")
        yield
        person.click("button")
        yield
        yield
        person.click("#p")
        person.press("End")
        person.write("b")
        yield

    shows = '<label>Words <input id=p type=password></label><button onclick=\'p.type = p.type === "text" ? "password" : "text"\'>Show</button>'
    (typed,) = acts(sit(do, shows))
    assert (typed.what, typed.value) == (What.TYPE, "demo-only-ab")
    assert typed.element is not None
    assert (typed.element.type, typed.element.is_secret) == ("password", True)


def test_enter_that_sends_a_form_is_a_press_and_any_other_key_is_nothing(sit: Sit, site: PageSite) -> None:
    site.pages["/found"] = page_of("<h1>Found</h1><input id=other>")

    def do(person: Person) -> Doing:
        person.fill("#q", "abd")
        for key in ("Backspace", "Tab", "ArrowLeft", "Shift"):
            person.press(key)
        person.page.locator("#q").focus()
        person.write("c")
        person.press("Enter")
        yield from person.until(lambda: person.page.url.endswith("/found"))
        yield from person.until(lambda: person.page.locator("#other").count())
        person.click("#other")
        person.press("Enter")
        yield

    recording = sit(
        do, "<form action=/found method=post><input id=q placeholder=Search><button>Go</button></form>"
    )
    assert [(each.what, each.value) for each in acts(recording)] == [
        (What.TYPE, "abc"),
        (What.PRESS, "Enter"),
    ]
    assert acts(recording)[1].led_to == f"{site.origin}/found"


def test_a_control_that_a_key_presses_is_pressed_once(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.page.locator("button").focus()
        person.press("Enter")
        person.press("Space")
        yield

    assert [each.what for each in acts(sit(do, "<button>Go</button>"))] == [What.CLICK, What.CLICK]


def test_presses_that_mean_nothing_are_none_and_a_double_one_is_one(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.page.mouse.click(600, 500)
        person.click("p")
        person.click("label")
        person.click("b", times=2)
        person.page.mouse.dblclick(*person.middle("button"))
        yield

    page = "<p>Mere words</p><label for=f>Name</label><input id=f><b>bold</b><br><br><button>Go</button>"
    assert [(each.what, each.element.label) for each in acts(sit(do, page)) if each.element] == [
        (What.CLICK, "Go")
    ]


def test_the_control_around_the_words_is_what_was_pressed(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.click("svg")
        person.click("#card i")
        yield

    page = """<button data-testid=make-token><svg width=20 height=20></svg><span>Create</span></button>
      <div id=card style="cursor:pointer"><b><i>Open</i></b></div>"""
    made, opened = acts(sit(do, page))
    assert made.element is not None
    assert opened.element is not None
    assert [str(each) for each in made.element.alternatives] == ["make-token", 'button "Create"', "Create"]
    assert opened.element.tag == "div"


def test_an_element_in_a_frame_of_another_site_is_told_with_its_frame(
    sit: Sit, site: PageSite, other_site: PageSite
) -> None:
    inside = other_site.origin.replace("127.0.0.1", "localhost")
    other_site.pages["/inner"] = page_of("<label>Name <input name=inner></label><button>Send</button>")

    def do(person: Person) -> Doing:
        yield from person.until(
            lambda: len(person.page.frames) == 2 and person.page.frames[1].locator("button").count()
        )
        yield
        person.fill("input", "abc", frame="iframe")
        person.click("button", frame="iframe")
        yield

    typed, sent = acts(
        sit(do, f"<h1>Pay</h1><iframe name=card src='{inside}/inner' width=400 height=200></iframe>")
    )
    assert [each.element.label for each in (typed, sent) if each.element] == ["Name", "Send"]
    assert typed.value == "abc"
    (frame,) = typed.frames
    assert (frame.name, frame.url, frame.selector) == ("card", f"{inside}/inner", 'iframe[name="card"]')
    assert typed.page_url == f"{site.origin}/"


def test_three_shadow_roots_deep(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.fill("#deep", "abc")
        person.click("#tick")
        person.page.locator("#pick").focus()
        person.press("ArrowDown")
        person.click("#make")
        yield

    page = """<div id=host></div><script>
      let root = document.getElementById("host");
      for (let i = 0; i < 3; i += 1) {
        root = root.attachShadow({ mode: "open" });
        root.innerHTML = i < 2 ? "<section></section>" : `<label>Deep <input id=deep></label><label><input type=checkbox id=tick> Write</label>
          <select id=pick aria-label=Rights><option>Some<option>All</select><button id=make>Make</button>`;
        root = root.firstChild;
      }</script>"""
    recording = sit(do, page)
    assert told(recording)[1:] == [
        ("type", "Deep", "abc"),
        ("check", "Write", ""),
        ("select", "Rights", "All"),
        ("click", "Make", ""),
    ]
    typed = acts(recording)[0]
    assert typed.element is not None
    assert "#deep" in map(str, typed.element.alternatives)


@pytest.mark.parametrize("rel", ["opener", "noopener"])
def test_a_window_that_a_press_opens_is_numbered_and_heard(sit: Sit, site: PageSite, rel: str) -> None:
    site.pages["/second"] = page_of("<h1>Second</h1><button>There</button>")

    def do(person: Person) -> Doing:
        person.click("a")
        yield from person.until(lambda: len(person.pages) == 2)
        person.window = 1
        yield from person.until(lambda: person.page.locator("button").count())
        yield
        person.click("button")
        yield

    opening, there = acts(sit(do, f"<a href=/second target=_blank rel={rel}>Open</a>"))
    assert (opening.window, opening.opens, opening.led_to) == (0, 1, "")
    assert (there.window, there.what) == (1, What.CLICK)


def test_tabs_that_a_page_opens_by_itself_are_no_event(sit: Sit, site: PageSite) -> None:
    site.pages["/ad"] = page_of("<h1>Ad</h1>")

    def do(person: Person) -> Doing:
        yield from person.until(lambda: len(person.pages) == 3)
        person.click("button")
        yield

    page = "<button>Go</button><script>open('/ad'); open('/ad');</script>"
    assert [each.what for each in acts(sit(do, page))] == [What.CLICK]


@pytest.mark.parametrize("answer", ["accept", "dismiss"])
def test_how_a_dialog_was_answered_is_told_with_what_brought_it(sit: Sit, answer: str) -> None:
    asked: list[str] = []

    def ask(message: str) -> bool:
        asked.append(message)
        return answer == "accept"

    def do(person: Person) -> Doing:
        person.click("button")
        yield from person.until(lambda: asked)
        yield

    (pressed,) = acts(sit(do, "<button onclick='confirm(\"Sure?\")'>Delete</button>", ask_dialog=ask))
    assert (pressed.what, pressed.dialog, asked) == (What.CLICK, answer, ["Sure?"])


def test_a_dialog_that_has_no_window_is_accepted_where_nobody_is_asked(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.click("button")
        yield

    (pressed,) = acts(sit(do, "<button onclick='confirm(\"Sure?\")'>Delete</button>"))
    assert pressed.dialog == "accept"


def test_only_what_the_person_types_into_the_address_bar_is_a_navigation(sit: Sit, site: PageSite) -> None:
    site.pages["/again"] = page_of(
        "<h1>Again</h1><script>if (!sessionStorage.n) { sessionStorage.n = 1; location.reload(); }</script>"
    )
    site.pages["/moved"] = page_of(
        "<script>history.pushState({}, '', '/pushed'); location.replace('/there')</script>"
    )
    site.pages["/there"] = page_of("<h1>There</h1>")

    def has_reloaded(person: Person) -> bool:
        try:
            return bool(person.page.evaluate("sessionStorage.n") == "1")
        except PlaywrightError:  # it is just doing that
            return False

    def do(person: Person) -> Doing:
        yield from person.until(lambda: has_reloaded(person))
        person.page.reload()
        yield
        person.page.goto(f"{site.origin}/moved", wait_until="commit")  # as the address bar does it
        yield from person.until(lambda: person.page.url.endswith("/there"))
        yield

    recording = sit(do, address=f"{site.origin}/again")
    assert recording is not None
    assert [(each.what, each.value, each.led_to) for each in recording.events] == [
        (What.NAVIGATE, f"{site.origin}/again", ""),
        (What.NAVIGATE, f"{site.origin}/moved", f"{site.origin}/there"),
    ]


def test_what_comes_up_after_an_act_is_told_with_it(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        yield
        person.click("button")
        yield from person.until(lambda: person.page.locator("[role=dialog]").count())
        yield
        yield

    page = """<h1>Tokens</h1><button onclick='setTimeout(() => this.insertAdjacentHTML("afterend",
      "<div role=dialog aria-label=\\"New token\\"><h2>Copy it now</h2></div><div role=alert>It was made</div>"), 50)'>New</button>"""
    recording = sit(do, page)
    assert recording is not None
    opened, pressed = recording.events
    assert [each.name for each in opened.appeared] == ["Tokens"]
    assert {(each.role, each.name) for each in pressed.appeared} == {
        ("dialog", "New token"),
        ("heading", "Copy it now"),
        ("alert", "It was made"),
    }


def test_what_pages_show_as_the_account_s_own_is_told(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        yield from person.until(lambda: person.page.locator("dl").count())

    page = """<header>Signed in as <b>ada@example.test</b></header><p>Signed in as ada-l</p>
      <dl><dt>Account ID</dt><dd>4711-0815</dd></dl><label>Phone <input type=tel value="+49 30 1234"></label>
      <label>Full name <input autocomplete=name value="Ada L"></label>"""
    recording = sit(do, page)
    assert recording is not None
    assert {(each.what, each.value) for each in recording.own} >= {
        ("email", "ada@example.test"),
        ("username", "ada-l"),
        ("account", "4711-0815"),
        ("phone", "+49 30 1234"),
        ("name", "Ada L"),
    }


def test_the_label_of_the_next_field_is_not_taken_for_the_account_s_own(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        yield from person.until(lambda: person.page.locator("form").count())

    page = """<form><p><label for=a>Full name</label><br><input id=a></p><p><label for=b>Phone</label> <input id=b></p>
      <p>Something else</p></form>"""
    recording = sit(do, page)
    assert recording is not None
    assert recording.own == ()


@pytest.mark.parametrize("closes", ["the window", "the browser"])
def test_a_browser_that_the_person_closes_ends_it_with_what_was_noted(sit: Sit, closes: str) -> None:
    def do(person: Person) -> Doing:
        person.click("button")
        yield
        if closes == "the window":
            person.page.close()
        else:
            person.page.context.close()
        yield

    recording = sit(do, "<button>Go</button>")
    assert recording is not None
    assert recording.ended == "closed"
    assert [each.what for each in acts(recording)] == [What.CLICK]


def test_an_address_is_opened_where_the_origin_map_leads(sit: Sit, site: PageSite) -> None:
    def do(person: Person) -> Doing:
        yield

    recording = sit(
        do, "<h1>x</h1>", address="https://console.example/", origins={"https://console.example": site.origin}
    )
    assert recording is not None
    assert recording.events[0].value == f"{site.origin}/"
    assert recording.origins == {site.origin: "https://console.example"}


def test_an_interruption_goes_on_after_everything_was_put_back(sit: Sit) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sit(lambda _: iter(()), "<h1>x</h1>", is_stopped=interrupt)
