"""Steps inside frames: found by name, address or element, also nested and late; and whose frame it is."""

import pytest

from tokenbroker.run.failure import StepFailed
from tokenbroker.run.frames import address_pattern
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]
TOKEN = "exk_demo_0123456789abcdef"
CONSOLE = f"""<!doctype html><title>keys</title><input id=name><input id=pw type=password><input type=checkbox id=c>
<select id=s><option value=1>One</option><option value=2>Two</option></select><h1 id=h>Keys</h1>
<button onclick="document.querySelector('.token').textContent = '{TOKEN}'">Create</button><code class=token></code>"""
SECRET_TYPED = 'type: {{ selector: "#pw", value_ref: "secrets:p", frame: {{ {} }} }}'
FRAME = 'frame: { url: "@/keys/**" }'


def embedding(other_site, attributes="name=console class=keys title=Keys") -> str:
    other_site.pages["/keys/embed"] = CONSOLE
    return f"<h1>Here</h1><button>Create</button><iframe {attributes} src={other_site.origin}/keys/embed></iframe>"


@pytest.mark.parametrize(
    "frame",
    [
        "{ name: console }",
        '{ url: "@/keys/**" }',
        '{ url: "@/keys/*" }',
        '{ url: "@/keys/embed" }',
        '{ selector: "iframe.keys" }',
        '{ selector: "[title=Keys]" }',
        '[{ selector: "iframe.keys" }]',
    ],
)
def test_every_verb_works_in_a_frame_of_another_origin(on_page, other_site, frame):
    trial = on_page(
        embedding(other_site), origins=[other_site.origin], inputs={"secrets:p": Secret("demo-only-pw")}
    )
    where = f"frame: {frame.replace('@', other_site.origin)}"
    trial.perform_all(
        f'wait_for: {{ selector: "#h", {where} }}',
        f'type: {{ selector: "#name", value: "nightly", {where} }}',
        f'type: {{ selector: "#pw", value_ref: "secrets:p", {where} }}',
        f'check: {{ selector: "#c", {where} }}',
        f'select: {{ selector: "#s", value: "2", {where} }}',
        f'press: {{ key: Tab, selector: "#name", {where} }}',
        f'expect: {{ selector: "#h", text: Keys, {where} }}',
        f'click: {{ selector: "text=Create", {where} }}',
        f'capture_token: {{ selector: ".token", secret_ref: "local:x", {where} }}',
    )
    inner = trial.stage.page.frames[1]
    assert (inner.input_value("#name"), inner.input_value("#pw"), inner.input_value("#s")) == (
        "nightly",
        "demo-only-pw",
        "2",
    )
    assert inner.is_checked("#c")
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]
    assert trial.keeping.pressed == [5, 6, 7, 9]  # as in a page: what may create says so first


def test_frames_in_frames_are_reached_one_by_one(on_page, site, other_site):
    site.pages["/middle"] = embedding(other_site)
    trial = on_page("<iframe name=console src=/middle></iframe>", origins=[other_site.origin])
    trial.perform('click: { selector: "text=Create", frame: [{ name: console }, { name: console }] }')
    trial.perform(
        'expect: { selector: ".token", text: exk_, frame: [{ selector: iframe }, { selector: iframe }] }'
    )


@pytest.mark.req("RUN-9")
def test_a_frame_that_comes_late_is_waited_for(on_page, other_site):
    late = embedding(other_site)
    trial = on_page(f"<div id=host></div><script>setTimeout(() => {{ host.innerHTML = `{late}` }}, 300)</script>",
                    origins=[other_site.origin])  # fmt: skip
    trial.perform(f'click: {{ selector: "text=Create", {FRAME.replace("@", other_site.origin)} }}')


def test_a_frame_that_is_replaced_meanwhile_is_found_again(on_page, other_site):
    html = embedding(other_site)
    trial = on_page(
        f"<div id=host>{html}</div><script>setTimeout(() => {{ host.innerHTML = `{html}` }}, 300)</script>",
        origins=[other_site.origin],
    )
    other_site.pages["/keys/embed"] = lambda: CONSOLE.replace("class=token>", f"class=token>{late.pop()}")
    late = [TOKEN, ""]
    trial.stage.page.reload()
    trial.perform('capture_token: { selector: ".token", secret_ref: "local:x", frame: { name: console } }')
    assert [token.reveal() for token in trial.keeping.kept] == [TOKEN]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{ name: nothing }", "target.frame_not_found"),
        ('{ url: "https://nobody.example/**" }', "target.frame_not_found"),
        ('{ selector: "#nothing" }', "target.frame_not_found"),
        ("{ selector: h1 }", "target.frame_not_found"),
        ("[{ name: twin }, { name: deeper }]", "target.ambiguous"),
        ("{ selector: iframe }", "target.ambiguous"),
        ('{ selector: "css=[[" }', "target.bad_selector"),
    ],
)
@pytest.mark.parametrize("verb", ["click", "wait_for", "expect"])
def test_a_frame_that_is_not_there_or_there_twice_stops_with_its_code(on_page, verb, frame, code):
    trial = on_page("<h1>x</h1><iframe name=twin srcdoc=a></iframe><iframe name=twin srcdoc=b></iframe>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(f'{verb}: {{ selector: "#x", frame: {frame} }}', within_s=0.4)
    assert stopped.value.code == code
    assert trial.keeping.pressed == []


@pytest.mark.req("RUN-9")
@pytest.mark.parametrize(
    "step",
    [
        'type: { selector: "#pw", value_ref: "secrets:p", @ }',
        'select: { selector: "#s", value_ref: "secrets:p", @ }',
        'capture_token: { selector: "#h", secret_ref: "local:x", @ }',
        'capture_token: { selector: "#h", secret_ref: "local:x", from: clipboard, @ }',
    ],
)
def test_no_secret_is_typed_into_or_read_from_a_frame_of_an_undeclared_origin(on_page, other_site, step):
    trial = on_page(embedding(other_site), inputs={"secrets:p": Secret("demo-only-pw")})
    with pytest.raises(StepFailed) as stopped:
        trial.perform(step.replace("@", "frame: { name: console }"))
    assert stopped.value.code == "origin.not_declared"
    assert trial.stage.page.frames[1].input_value("#pw") == ""
    assert (trial.keeping.kept, trial.keeping.pressed) == ([], [])


@pytest.mark.req("RUN-9")
def test_a_declared_frame_inside_an_undeclared_one_does_not_count_as_declared(on_page, site, other_site):
    site.pages["/inner"] = CONSOLE
    other_site.pages["/keys/embed"] = f"<iframe name=inner src={site.origin}/inner></iframe>"
    trial = on_page(f"<iframe name=middle src={other_site.origin}/keys/embed></iframe>")
    with pytest.raises(StepFailed) as stopped:
        trial.perform(
            'capture_token: { selector: "#h", secret_ref: "local:x", frame: [{ name: middle }, { name: inner }] }'
        )
    assert stopped.value.code == "origin.not_declared"


@pytest.mark.req("RUN-9")
@pytest.mark.parametrize(
    "step",
    [
        'type: { selector: @, value_ref: "secrets:p" }',
        "click: { selector: @ }",
        'capture_token: { selector: @, secret_ref: "local:x" }',
    ],
)
def test_what_a_set_finds_in_a_frame_that_has_become_foreign_is_not_used(on_page, other_site, step):
    other_site.pages["/keys/embed"] = "<input id=pw data-testid=field onclick=\"this.value = 'pressed'\">"
    trial = on_page(
        f"""<iframe name=console></iframe><script>setTimeout(() => {{
        document.querySelector('iframe').src = '{other_site.origin}/keys/embed' }}, 300)</script>""",
        inputs={"secrets:p": Secret("demo-only-pw")},
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform(step.replace("@", '[{ test_id: field }, { css: "#pw" }]'))
    assert stopped.value.code == "origin.not_declared"
    assert trial.stage.page.frames[1].input_value("#pw") == ""
    assert trial.keeping.kept == []


@pytest.mark.req("RUN-9")
def test_a_frame_that_becomes_foreign_while_its_list_is_waited_for_gets_no_secret(on_page, other_site):
    other_site.pages["/keys/embed"] = CONSOLE
    trial = on_page(
        f"""<iframe name=console></iframe><script>setTimeout(() => {{
        document.querySelector('iframe').src = '{other_site.origin}/keys/embed' }}, 300)</script>""",
        inputs={"secrets:p": Secret("demo-only-pw")},
    )
    before = 'select: { selector: "#s", value_ref: "secrets:p", frame: { name: console } }'
    with pytest.raises(StepFailed) as stopped:
        trial.perform(before)
    assert stopped.value.code == "origin.not_declared"


@pytest.mark.req("RUN-9")
def test_a_frame_that_becomes_foreign_while_its_field_is_waited_for_gets_no_secret(on_page, other_site):
    other_site.pages["/keys/embed"] = CONSOLE
    trial = on_page(
        f"""<iframe name=console></iframe><script>setTimeout(() => {{
        document.querySelector('iframe').src = '{other_site.origin}/keys/embed' }}, 300)</script>""",
        inputs={"secrets:p": Secret("demo-only-pw")},
    )
    with pytest.raises(StepFailed) as stopped:
        trial.perform(SECRET_TYPED.format("name: console"))
    assert stopped.value.code == "origin.not_declared"
    assert trial.stage.page.frames[1].input_value("#pw") == ""


def test_a_frame_without_an_address_belongs_to_the_page_that_holds_it(on_page):
    trial = on_page(
        "<iframe name=console srcdoc='<input id=pw>'></iframe>", inputs={"secrets:p": Secret("demo-only-pw")}
    )
    trial.perform(SECRET_TYPED.format("name: console"))
    assert trial.stage.page.frames[1].input_value("#pw") == "demo-only-pw"


@pytest.mark.req("FLOW-3")
@pytest.mark.parametrize(
    ("when", "frame", "done"),
    [("#h", "name: console", True), ("#gone", "name: console", False), ("#h", "name: nothing", False), ("h1:text('Here')", "name: console", False)],
)  # fmt: skip
def test_when_is_looked_for_in_the_frame_of_its_step(on_page, other_site, when, frame, done):
    trial = on_page(embedding(other_site), origins=[other_site.origin])
    click = f'click: {{ selector: "text=Create", frame: {{ {frame} }} }}\n    when: "{when}"'
    assert (trial.perform(click, within_s=3) is not None) is done
    assert (trial.keeping.pressed != []) is done


@pytest.mark.parametrize("verb", ["wait_for", "expect"])
def test_what_went_with_its_frame_is_hidden(on_page, other_site, verb):
    trial = on_page(
        embedding(other_site)
        + "<script>setTimeout(() => document.querySelector('iframe').remove(), 300)</script>",
        origins=[other_site.origin],
    )
    step = f'{verb}: {{ selector: "#h", state: hidden, frame: {{ name: console }} }}'
    trial.perform(step)
    trial.perform(step)


@pytest.mark.parametrize(
    ("address", "url", "matches"),
    [
        ("https://a.example/**", "https://a.example/", True),
        ("https://a.example/**", "https://a.example/x/y?z=1#q", True),
        ("https://a.example/**", "https://a.example.evil/x", False),
        ("https://a.example/*", "https://a.example/x/y", False),
        ("https://a.example/*/y", "https://a.example/x/y", True),
        ("https://a.example/**/y", "https://a.example/y", True),
        ("https://a.example/**/y", "https://a.example/x/x/y", True),
        ("https://a.example", "https://a.example/", True),
        ("https://a.example/x?y", "https://a.example/x?y", True),
        ("https://a.example/x?y", "https://a.example/xy", False),
        ("https://a.example/a.b", "https://a.example/aXb", False),
    ],
)
def test_addresses_of_frames_match_as_those_of_wait_for(address, url, matches):
    assert bool(address_pattern(address).fullmatch(url)) is matches
