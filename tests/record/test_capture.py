"""What a person does becomes events, and nothing else does (REC-1)."""

import pytest

from tests.record.conftest import Doing, Person, Sit, acts, page_of, told
from tests.run.steps.conftest import PageSite
from tokenbroker.record.recording import Typing

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
