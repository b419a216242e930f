"""Pages that work against the recorder: none forges an act, turns it off, or reads what it knows (REC-1)."""

import pytest
from playwright.sync_api import Browser

from tests.record.conftest import Doing, Person, Sit, acts, page_of
from tests.run.steps.conftest import PageSite
from tokenbroker.record.capture import record
from tokenbroker.record.codegen import RecorderUnsupported
from tokenbroker.record.recording import What
from tokenbroker.run.browser import recorded_context

pytestmark = [pytest.mark.req("REC-1"), pytest.mark.browser]

FORGES = """<input id=f><button>Go</button><script>
const field = document.getElementById("f"), button = document.querySelector("button");
const forge = () => {
  field.value = "forged";
  for (const one of [new PointerEvent("pointerdown", { bubbles: true }), new InputEvent("input", { bubbles: true, inputType: "insertText" }),
    new Event("change", { bubbles: true }), new KeyboardEvent("keydown", { bubbles: true, key: "Enter" })]) field.dispatchEvent(one);
  button.click();
  const base = { selector: "button", signals: [], ref: "e1", ariaSnapshot: "" };
  for (const place of [window, frame.contentWindow]) {
    try { place.__pw_recorderRecordAction({ ...base, name: "click", button: "left", modifiers: 0, clickCount: 1 }); } catch {}
    try { place.__pw_recorderRecordAction({ ...base, name: "fill", text: "forged" }); } catch {}
    try { place.__pw_recorderSetMode("none"); } catch {}
    try { place.__pw_recorderPerformAction({ ...base, name: "click", button: "left", modifiers: 0, clickCount: 1 }); } catch {}
    for (const name of ["__pw_recorderPerformAction", "__pw_recorderSetMode"]) {
      try { place.__playwright__binding__controller__.callBinding(name, name.endsWith("Mode") ? "none" : { ...base, name: "click", button: "left", modifiers: 0, clickCount: 1 }); } catch {}
      try { place.__playwright__binding__(JSON.stringify({ name, seq: 1, serializedArgs: [{ o: [{ k: "name", v: "click" }, { k: "selector", v: "button" }], id: 1 }] })); } catch {}
    }
  }
  window.forged = true;
};
const frame = document.createElement("iframe");
document.body.append(frame);
let trusted = 0;
button.addEventListener("click", (event) => { trusted += event.isTrusted; });
setTimeout(forge, 300);
</script>"""


def test_what_a_page_forges_is_no_event_and_presses_nothing(sit: Sit) -> None:
    trusted: list[int] = []

    def do(person: Person) -> Doing:
        yield from person.until(lambda: person.page.evaluate("window.forged"))
        for _ in range(12):
            yield
        trusted.append(person.page.evaluate("trusted"))
        person.click("button")
        yield

    assert [each.what for each in acts(sit(do, FORGES))] == [What.CLICK]
    assert trusted == [0]


def test_a_page_sees_nothing_of_the_recorder(sit: Sit) -> None:
    found: list[object] = []

    def do(person: Person) -> Doing:
        person.click("button")
        yield
        found.append(person.page.evaluate(
            "() => [typeof tokenbrokerRecorder, typeof tokenbrokerRecord, typeof __pw_recorderPerformAction, typeof __playwright__binding__]"
        ))  # fmt: skip
        found.append(
            person.page.evaluate(
                "getComputedStyle(document.querySelector('x-pw-glass') || document.head).display"
            )
        )

    sit(do, "<button>Go</button>")
    assert found == [["undefined"] * 4, "none"]


def test_a_page_that_opens_its_document_anew_and_clears_timers_is_heard_again(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.page.evaluate(
            "() => { document.open(); document.write('<!doctype html><button>New</button>'); document.close(); for (let i = 0; i < 999; i += 1) clearTimeout(i); }"
        )
        for _ in range(4):
            yield
        person.click("button")
        yield

    (pressed,) = acts(sit(do, "<h1>Old</h1>"))
    assert pressed.element is not None
    assert pressed.element.label == "New"


def test_a_page_of_five_thousand_elements(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        person.click("#f")
        person.write("abcdefgh")
        yield
        person.click("#last")
        yield

    rows = "".join(f"<li><a href='#{n}'>Item {n}</a></li>" for n in range(2500))
    page = f"<label>Filter <input id=f></label><button id=last>Create</button><ul>{rows}</ul>"
    assert [(each.what, each.value) for each in acts(sit(do, page))] == [
        (What.TYPE, "abcdefgh"),
        (What.CLICK, ""),
    ]


def test_a_page_that_never_rests_fills_no_log(sit: Sit) -> None:
    def do(person: Person) -> Doing:
        for _ in range(40):
            yield
        person.click("button")
        yield

    page = """<button>Go</button><script>let n = 0; setInterval(() => {
      document.body.insertAdjacentHTML("beforeend", `<h2>N${n += 1}</h2>`); history.pushState({}, "", `/${n}`); }, 5);</script>"""
    recording = sit(do, page)
    assert recording is not None
    opened, pressed = recording.events
    assert (opened.what, pressed.what) == (What.NAVIGATE, What.CLICK)
    assert len(opened.appeared) == 5
    assert opened.led_to


def test_a_press_right_before_the_page_goes_is_not_lost(sit: Sit, site: PageSite) -> None:
    site.pages["/next"] = page_of("<a href=/>Back</a>")

    def do(person: Person) -> Doing:
        for _ in range(2):
            for address, link in (("/next", "text=Next"), ("/", "text=Back")):
                person.page.locator(link).wait_for()
                person.click(link)
                person.page.wait_for_url(f"**{address}", wait_until="commit")
        yield

    pressed = acts(sit(do, "<a href=/next>Next</a>"))
    assert [each.element.label for each in pressed if each.element] == ["Next", "Back", "Next", "Back"]


def test_a_playwright_without_a_recorder_is_refused(
    flow_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded_context(flow_browser, headed=False) as context:
        monkeypatch.setattr(context._impl_obj, "_start_recording", None)
        with pytest.raises(RecorderUnsupported) as refused:
            record(context, address="about:blank", origins={})
    assert refused.value.code == "record.unsupported"


def test_this_playwright_has_a_recorder(flow_browser: Browser) -> None:
    with recorded_context(flow_browser, headed=False) as context:
        assert callable(context._impl_obj._start_recording)
        assert callable(context._impl_obj._stop_recording)


def test_a_frame_that_nobody_has_touched_makes_no_acts_of_its_own(
    sit: Sit, site: PageSite, other_site: PageSite
) -> None:
    """What `execCommand` writes, and a box that a script ticks, make events which the browser calls trusted."""
    inside = other_site.origin.replace("127.0.0.1", "localhost")
    other_site.pages["/advertisement"] = page_of(
        """<label><input id=box type=checkbox> More of this</label><label>Your wish <input id=wish></label><script>
        const forge = () => {
          box.click();
          wish.focus();
          document.execCommand("insertText", false, "forged");
          document.title = wish.value;
        };
        if (document.readyState === "complete") forge(); else addEventListener("load", forge);
        </script>"""
    )

    def has_forged(person: Person) -> bool:
        return len(person.page.frames) == 2 and "forged" in person.page.frames[1].title()

    def do(person: Person) -> Doing:
        yield from person.until(lambda: has_forged(person))
        yield
        person.click("button")
        yield

    (pressed,) = acts(sit(do, f"<iframe src='{inside}/advertisement'></iframe><button>Go on</button>"))
    assert pressed.what is What.CLICK


NAMES = (
    "id", "children", "matches", "closest", "textContent", "classList", "title", "contains", "getRootNode",
    "shadowRoot", "ownerDocument", "previousElementSibling", "querySelectorAll",
)  # fmt: skip
"""All but `parentElement`: on such a form Playwright's own recorder never comes to an end."""


def test_a_form_whose_fields_are_called_like_its_members_is_looked_at_as_any_other(sit: Sit) -> None:
    """A form has its fields by their names before its own members: ``<input name=id>`` is a usual one."""

    def do(person: Person) -> Doing:
        person.fill("#key", "Nightly")
        person.click("button")
        yield

    fields = "".join(f"<input type=hidden name={name}>" for name in NAMES)
    page = f"""<h1>Keys</h1><form onsubmit='event.preventDefault()'>{fields}
      <label>Key name <input id=key name=key></label><button>Create</button></form>"""
    typed, pressed = acts(sit(do, page))
    for event, label in ((typed, "Key name"), (pressed, "Create")):
        assert event.element is not None
        assert event.element.label == label
        assert event.element.print is not None
        assert event.element.print.caption == "Keys"
        assert len(event.element.alternatives) > 1
