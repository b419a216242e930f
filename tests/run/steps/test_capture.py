"""Where a capture finds its token in an element: text, value, attribute, a part of a sentence, over several lines."""

import threading

import pytest
from playwright._impl._sync_base import SyncBase

from tokenbroker.run.failure import StepFailed
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.reading import MAX_SEARCHED, Reading, Recipe
from tokenbroker.run.targets.engine import read

pytestmark = [pytest.mark.browser, pytest.mark.req("FLOW-2")]
TOKEN = "exk_demo_0123456789abcdef"
HALVES = (TOKEN[:16], TOKEN[16:])
LATE = "<script>setTimeout(() => { %s }, 200)</script>"
SENTENCE = r"pattern: 'Your key is (\S+)\.'"


def capture(options: str = "") -> str:
    return f'capture_token: {{ selector: ".token", secret_ref: "local:x"{", " if options else ""}{options} }}'


def kept(trial) -> list[str]:
    return [token.reveal() for token in trial.keeping.kept]


@pytest.mark.parametrize(
    ("html", "options"),
    [
        (f"<p class=token>{TOKEN}</p>", "from: text"),
        (f"<button class=token value=wrong-0123456789>{TOKEN}</button>", "from: text"),
        (f"<button class=token value={TOKEN}>Copy</button>", "from: value"),
        (f"<input class=token type=hidden value={TOKEN}>", "from: value"),
        (f"<button class=token data-clipboard-text={TOKEN}>Copy</button>", "from: attribute, attribute: data-clipboard-text"),
        (f"<svg><text class=token y=20>{TOKEN}</text></svg>", ""),
        (f"<p class=token>Your key is <b>{TOKEN}</b>. Keep it safe.</p>", SENTENCE),
        (f"<textarea class=token>Your key is {TOKEN}. Keep it safe.</textarea>", SENTENCE),
        (f"<b class=token data-k='Your key is {TOKEN}.'>x</b>", f"from: attribute, attribute: data-k, {SENTENCE}"),
        (f"<p class=token>{HALVES[0]}<br>{HALVES[1]}</p>", "unwrap: true"),
        (f"<p class=token>{HALVES[0]}&ZeroWidthSpace;{HALVES[1]}</p>", "unwrap: true"),
        (f"<p class=token>{HALVES[0]}&shy;{HALVES[1]}</p>", "unwrap: true"),
        (f"<p class=token>{HALVES[0]}<br>{HALVES[1]}<br>Click to copy</p>", r"unwrap: true, pattern: '([\s\S]+?)\s+Click to copy'"),
    ],
)  # fmt: skip
def test_a_token_is_read_from_where_the_step_says(on_page, html, options):
    trial = on_page(html)
    remark = trial.perform(capture(options))
    assert kept(trial) == [TOKEN]
    assert TOKEN not in remark
    assert TOKEN not in trial.stage.redactor.text(f"said {TOKEN}")


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize(
    ("before", "then", "options"),
    [
        ("<p class=token>One moment.</p>", f"textContent = 'Your key is {TOKEN}.'", SENTENCE),
        ("<p class=token>Your key is ••••••••••••.</p>", f"textContent = 'Your key is {TOKEN}.'", SENTENCE),
        ("<p class=token>Your key is .</p>", f"textContent = 'Your key is {TOKEN}.'", SENTENCE),
        (f"<p class=token>Your key is {HALVES[0]}</p>", f"textContent += '{HALVES[1]}.'", SENTENCE),
        ("<input class=token readonly>", f"value = '{TOKEN}'", "from: value"),
        ("<b class=token>x</b>", f"dataset.key = '{TOKEN}'", "from: attribute, attribute: data-key"),
        ("<b class=token data-key=••••••••••••>x</b>", f"dataset.key = '{TOKEN}'", "from: attribute, attribute: data-key"),
        ("<p class=token>Making your<br>new key</p>", f"innerHTML = '{HALVES[0]}<br>{HALVES[1]}'", "unwrap: true"),
        (f"<p class=token>{HALVES[0]}<br>••••••••</p>", f"innerHTML = '{HALVES[0]}<br>{HALVES[1]}'", "unwrap: true"),
    ],
)  # fmt: skip
def test_a_token_that_is_not_there_yet_is_waited_for(on_page, before, then, options):
    trial = on_page(before + LATE % f"document.querySelector('.token').{then}")
    trial.perform(capture(options))
    assert kept(trial) == [TOKEN]


@pytest.mark.parametrize(
    ("html", "options"),
    [
        (f"<p class=token>Here it is: {TOKEN}.</p>", SENTENCE),
        (f"<p class=token>Your key is {TOKEN[:6]}.</p>", SENTENCE),
        (f"<p class=token>{HALVES[0]}<br>{HALVES[1]}</p>", ""),
        (f"<p class=token>{HALVES[0]}&ZeroWidthSpace;{HALVES[1]}</p>", ""),
        (f"<p class=token>{TOKEN}</p>", "from: value"),
        (f"<p class=token>{TOKEN}</p>", "from: attribute, attribute: data-key"),
        (f"<p class=token>{'x' * MAX_SEARCHED} Your key is {TOKEN}.</p>", SENTENCE),
    ],
)
@pytest.mark.req("SECRET-7")
def test_what_is_not_there_stops_without_a_word_of_the_page(on_page, html, options):
    trial = on_page(html)
    with pytest.raises(StepFailed) as stopped:
        trial.perform(capture(options), within_s=0.4)
    assert stopped.value.code == "capture.no_token"
    assert kept(trial) == []
    assert "exk_demo" not in f"{stopped.value}{stopped.value.tried}"


@pytest.mark.req("RUN-10")
@pytest.mark.parametrize(
    ("first", "looks", "rest", "within_s"),
    [
        (f"<p class=token>{TOKEN}</p>", 1, "<p>Keep it safe.", 0.95),
        (f"<p class=token>{HALVES[0]}", 30, f"{HALVES[1]}</p>", 5),
        (f"<script defer src=/late.js></script><p class=token>{HALVES[0]}</p>", 40, "<p>Keep it safe.", 5),
    ],
    ids=[
        "in less than a beginning has to stay as it is",
        "half of it came",
        "a script that waits for the page",
    ],
)
def test_what_is_read_while_its_page_still_comes_counts_once_the_page_is_there(
    on_page, site, monkeypatch, first, looks, rest, within_s
):
    trial = on_page("")
    looked_at = threading.Semaphore(0)
    look = Stage.read
    monkeypatch.setattr(Stage, "read", lambda *asked: (look(*asked), looked_at.release())[0])

    def piece_by_piece():
        yield f"<!doctype html><title>t</title><body>{first}"
        assert all(looked_at.acquire(timeout=5) for _ in range(looks))
        yield rest

    late = f"setTimeout(() => {{ document.querySelector('.token').textContent = '{TOKEN}' }}, 30)"
    site.pages |= {"/comes": piece_by_piece, "/late.js": late}
    trial.stage.page.goto(f"{site.origin}/comes", wait_until="commit")
    trial.perform(capture(), within_s=within_s)
    assert kept(trial) == [TOKEN]


@pytest.mark.parametrize(
    "options", ["", "from: text", "from: attribute, attribute: data-k", f"from: value, {SENTENCE}"]
)
def test_a_reading_asks_the_browser_once(on_page, options, monkeypatch):
    trial = on_page(f"<input class=token value='Your key is {TOKEN}.' data-k={TOKEN}>")
    where = Recipe.of(trial.plan_of(capture(options)).flow.steps[1]).where
    asked = []
    wait = SyncBase._sync
    monkeypatch.setattr(
        SyncBase, "_sync", lambda self, call: asked.append(call.__qualname__) or wait(self, call)
    )
    frame = trial.stage.frame()
    content = read(frame, frame.locator(".token"), where, timeout_ms=5000)
    assert content is not None
    assert asked == ["Locator.text_content"]
    assert (content.text == "", content.age_ms > 0, content.parsing) == (options == "from: text", True, False)


def test_a_selector_that_means_another_element_than_its_end_is_read_as_it_says(on_page):
    trial = on_page(f"<p class=token>{HALVES[0]}<i>{HALVES[1]}</i></p>")
    trial.perform('capture_token: { selector: "*css=.token >> css=i", secret_ref: "local:x" }')
    assert kept(trial) == [TOKEN]


def test_the_value_of_an_element_that_the_page_has_made_is_read(on_page):
    trial = on_page(
        f"""<key-box class=token></key-box><script>
        customElements.define('key-box', class extends HTMLElement {{ get value() {{ return '{TOKEN}' }} }});
        </script>"""
    )
    trial.perform(capture("from: value"))
    assert kept(trial) == [TOKEN]


def test_a_page_can_not_put_other_words_into_what_is_read(on_page):
    trial = on_page(
        f"""<p class=token>{TOKEN}</p><script>
        for (const [type, name] of [[HTMLElement, 'innerText'], [Node, 'textContent'], [Node, 'isConnected']])
          Object.defineProperty(type.prototype, name, {{ get() {{ return 'exk_of_another_0123456789' }} }});
        </script>"""
    )
    trial.perform(capture())
    assert kept(trial) == [TOKEN]


@pytest.mark.req("FLOW-3")
def test_a_chain_of_open_shadow_roots_is_looked_into(on_page):
    trial = on_page(
        f"""<outer-box></outer-box><script>
        const nest = (host, html) => {{ const root = host.attachShadow({{ mode: 'open' }}); root.innerHTML = html; return root; }};
        const first = nest(document.querySelector('outer-box'), '<button>Create</button><middle-box></middle-box>');
        const second = nest(first.querySelector('middle-box'), '<input id=name><inner-box></inner-box>');
        const third = nest(second.querySelector('inner-box'), '<button id=go>Go</button><code class=token></code>');
        third.querySelector('#go').onclick = () => {{
          third.querySelector('.token').textContent = second.querySelector('#name').value + '{TOKEN[4:]}' }};
        </script>"""
    )
    trial.perform_all(
        'type: { selector: "#name", value: "exk_" }',
        'expect: { selector: "#go", state: enabled }',
        'click: "text=Go"',
        capture(),
    )
    assert kept(trial) == [TOKEN]


@pytest.mark.parametrize(
    ("text", "unwrapped"),
    [
        ("exk_12\n34 56", "exk_123456"),
        ("exk_\u200b12\u00ad34", "exk_1234"),
        ("Please wait, working", "Please wait, working"),
        ("one", "one"),
    ],
)
def test_unwrapping_takes_out_what_breaks_lines_and_leaves_plain_words(text, unwrapped):
    recipe = Recipe(source=None, attribute=None, pattern=None, unwrap=True)
    assert recipe.token_in(text) == unwrapped


@pytest.mark.req("SECRET-7")
def test_a_reading_does_not_show_its_token():
    assert TOKEN not in repr(Reading(token=TOKEN))
