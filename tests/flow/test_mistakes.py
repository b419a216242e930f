"""A mistake in a flow: which code, at which place, with which proposal."""

import re

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import FlowError

STEP = "- click: '#go'"


def mistakes(text: str) -> FlowError:
    with pytest.raises(FlowError) as refused:
        flow_from(text)
    return refused.value


def places(error: FlowError) -> list[str]:
    """``line:column`` of each mistake told."""
    return re.findall(r"^flow\.yaml:(\d+:\d+): ", error.sentence, re.MULTILINE)


@pytest.mark.req("FLOW-2")
@pytest.mark.parametrize(
    ("text", "place", "proposal"),
    [
        (flow_text("- clik: '#go'"), "6:5", "click"),
        (flow_text("- wait_human: { reson: abc, reason: abc }"), "6:19", "reason"),
        (flow_text("- click: '#go'", "  timout: 3"), "7:5", "timeout"),
        (flow_text(STEP, head="tag: [demo]"), "5:1", "tags"),
        (flow_text("- capture_token: { selector: a, secretref: 'a:b' }"), "6:35", "secret_ref"),
        (flow_text(STEP, head="params: { a: { requird: true } }"), "5:16", "required"),
        (flow_text("- click: '#go'", "  retry: { times: 1, expects: { selector: a } }"), "7:24", "expect"),
        (flow_text("- click: { selector: [{ css: a }, { tekst: b }] }"), "6:39", "text"),
    ],
)
def test_an_unknown_key_is_named_at_its_place_with_the_nearest_known_one(
    text: str, place: str, proposal: str
) -> None:
    error = mistakes(text)
    assert (error.code, places(error)) == ("flow.unknown_key", [place])
    assert f"did you mean '{proposal}'?" in error.sentence


def told_by(error: FlowError) -> list[str]:
    """The sentence of each mistake, with its place and without its excerpt."""
    return [line for line in error.sentence.splitlines() if line.startswith("flow.yaml:")]


@pytest.mark.req("FLOW-2", "FLOW-3")
@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "click: { selector: [{ css: a }, '#b'] }",
            ["6:37: this must be a mapping: One way to find the element, such as { css"],
        ),
        ("click: { css: a }", ["6:14: unknown option of 'click' 'css'"]),
        (
            "click: { selector: { css: a } }",
            ["6:26: unknown key 'css'; known are any, fingerprint (A set: a list"],
        ),
        (
            "click: { selector: [{ css: a, text: b }, { label: c }] }",
            ["6:25: text and css don't go together: keep one of them"],
        ),
        (
            "click: { selector: [{ role: button }, { css: b }] }",
            ["6:25: 'role' goes with 'name', which is missing"],
        ),
        ("click: { selector: [{ css: a }, {}] }", ["6:37: one of test_id, role, label"]),
        (
            "click: { selector: [{ css: '' }, { role: button, name: '' }] }",
            ["6:32: this must not be empty", "6:60: this must not"],
        ),
        (
            "click: { selector: { any: [{ css: a }], fingerprint: { name: 4190, near: [zzzz], landmark: 3 } } }",
            [
                "6:96: this must be text: put it in quotes",
                "6:66: this must be text: put it in quotes",
                "6:79: this must be four hexadecimal digits, as run.json",
            ],
        ),
        (
            "click: { selector: { any: [{ css: a }], fingerprint: { landmrk: main } } }",
            ["6:60: unknown key 'landmrk'; did"],
        ),
        ("click: [{ css: a }]", ["6:12: there are 1 here: 2 to 5 alternatives"]),
        ("navigate: [a]", ["6:15: this must be an address that begins with http"]),
        ("navigate: { url: 3 }", ["6:22: this must be an address that begins with http"]),
        ("wait_human: { reason: x }", ["6:27: this must have 3 characters at least"]),
    ],
)
def test_each_mistake_in_a_selector_is_told_in_words_at_its_place(step: str, told: list[str]) -> None:
    sentences = told_by(mistakes(flow_text(f"- {step}")))
    assert len(sentences) == len(told)
    for sentence, said in zip(sentences, told, strict=True):
        assert said in sentence


@pytest.mark.req("FLOW-3")
@pytest.mark.parametrize(
    ("step", "is_refused"),
    [
        ("click: { selector: [{ text: Go }, { role: button, name: Go }] }", True),
        ("click: { selector: [{ css: '#go' }, { xpath: \"//*[@id='go']\" }] }", True),
        ("click: { selector: [{ css: '#go' }, { text: Go }] }", False),
        ("type: { selector: [{ label: Go }, { role: textbox, name: Go }], value: a }", False),
        ("type: { selector: [{ label: Go }, { role: textbox, name: Go }], value_ref: 'env:A' }", True),
        ("wait_for: { selector: [{ text: Go }, { role: button, name: Go }] }", False),
    ],
)
def test_a_set_that_can_never_agree_with_itself_is_refused(step: str, is_refused: bool) -> None:
    text = flow_text(f"- {step}")
    if is_refused:
        assert mistakes(text).code == "flow.one_evidence"
    else:
        flow_from(text)


@pytest.mark.req("FLOW-2")
@pytest.mark.parametrize(
    ("retry", "told"),
    [
        ("many", "a number, 1 to 5"),
        ("0", "this must be 1 at least"),
        ("99", "this must be 5 at most"),
    ],
)
def test_a_wrong_number_of_tries_is_told_once(retry: str, told: str) -> None:
    (sentence,) = told_by(mistakes(flow_text("- press: Enter", f"  retry: {retry}")))
    assert sentence.startswith("flow.yaml:7:12: ")
    assert told in sentence


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        (flow_text("- click: '#go'", "  press: Enter"), "6:5", "flow.invalid"),
        (flow_text("- id: lonely"), "6:5", "flow.invalid"),
        (flow_text("- just text"), "6:5", "flow.invalid"),
        (flow_text(STEP, head="policy: { reviewed: 2026-02-30 }"), "5:21", "flow.bad_date"),
        (
            flow_text(STEP, head="policy: { reviewed: 2026-02-01, review_expires: 2026-01-01 }"),
            "5:49",
            "flow.bad_date",
        ),
        (flow_text(STEP, head="policy: { reviewed: soon }"), "5:21", "flow.schema"),
        (flow_text(STEP, head="policy: { review_expires: 2026-02-01 }"), "5:9", "flow.schema"),
        (flow_text("- click: [a]"), "6:12", "flow.schema"),
        (flow_text("- type: text"), "6:11", "flow.invalid"),
        (flow_text("- click: { selector: '' }"), "6:24", "flow.schema"),
        (flow_text("- navigate: 'javascript:alert(1)'"), "6:15", "flow.schema"),
        (flow_text("- wait_human: { reason: hm }"), "6:27", "flow.schema"),
        (flow_text("- wait_human: {}"), "6:17", "flow.schema"),
        (flow_text(STEP, "  id: a", STEP, "  id: a"), "9:9", "flow.duplicate_id"),
        (flow_text("- type: { selector: a, value_ref: 'param:who' }"), "6:37", "flow.unknown_param"),
        (flow_text(STEP, head="params: { who: { pattern: '(' } }"), "5:27", "flow.bad_pattern"),
        (flow_text("- navigate: 'http://[half'"), "6:15", "flow.bad_address"),
        (flow_text("- navigate: { url: 'https://evil.example\\@127.0.0.1/' }"), "6:22", "flow.bad_address"),
        (flow_text("- wait_for: { url: 'https://a.example:*/x' }"), "6:22", "flow.bad_address"),
        (flow_text(STEP, head="origins: ['https://a.example:99999']"), "5:11", "flow.bad_address"),
        (flow_text("- click: { selector: a, page: keys }"), "6:33", "flow.unknown_page"),
        (flow_text("- click: { selector: a, page: keys, opens: keys }"), "6:33", "flow.unknown_page"),
        (
            flow_text("- click: { selector: a, frame: { url: 'https://a.example:x/' } }"),
            "6:41",
            "flow.bad_address",
        ),
        (
            flow_text("- click: { selector: a, frame: [{ url: 'https://a.example:x/' }] }"),
            "6:42",
            "flow.bad_address",
        ),
        *(
            (
                flow_text(f"- capture_token: {{ selector: a, secret_ref: 'a:b', pattern: '{pattern}' }}"),
                "6:63",
                "flow.bad_pattern",
            )
            for pattern in ("(", "key", "(a)(b)", "(?:a)", "(?i:a", "a{2,1}(b)", "(" * 400)
        ),
        (
            flow_text("- capture_token: { selector: a, secret_ref: 'a:b', from: attribute }"),
            "6:20",
            "flow.schema",
        ),
        (flow_text(STEP).replace("version: 1", "version: 2"), "1:10", "flow.schema"),
        (flow_text(STEP).replace("version: 1", "version: true"), "1:10", "flow.schema"),
        (flow_text(STEP).replace("site: example", "site: a b"), "2:7", "flow.schema"),
        (flow_text(STEP).replace("site: example", 'site: "a\\n"'), "2:7", "flow.schema"),
        (flow_text(STEP).replace("site: example\n", ""), "1:1", "flow.missing_key"),
        (flow_text(STEP).replace("  - click: '#go'\n", ""), "5:7", "flow.schema"),
    ],
)
def test_a_mistake_has_its_code_and_its_place(text: str, place: str, code: str) -> None:
    error = mistakes(text)
    assert (places(error)[0], error.code) == (place, code)


def test_all_mistakes_are_told_at_once() -> None:
    error = mistakes(flow_text("- clik: a", "- press: ''", head="tag: [x]"))
    assert places(error) == ["5:1", "7:5", "8:12"]


def test_a_window_may_be_named_in_every_step_after_the_one_that_opens_it() -> None:
    opening = "- click: { selector: a, opens: keys }"
    flow = flow_from(
        flow_text(opening, "- click: { selector: a, page: keys }", "- press: { key: a, page: keys }")
    )
    assert [step.options.get("page") for step in flow.steps] == [None, "keys", "keys"]


def test_a_pattern_may_group_without_naming_a_second_token() -> None:
    flow_from(
        flow_text(
            "- capture_token: { selector: a, secret_ref: 'a:b', pattern: '(?:key|token): (?P<token>\\S+)' }"
        )
    )


def test_ids_that_look_like_nothing_are_ids_all_the_same() -> None:
    flow = flow_from(flow_text(STEP, STEP, "  id: None"))
    assert [step.id for step in flow.steps] == [None, "None"]


def test_the_line_is_shown_with_a_mark_under_the_place() -> None:
    lines = mistakes(flow_text("- clik: '#go'")).sentence.splitlines()
    assert lines[1].endswith("- clik: '#go'")
    assert lines[2].index("^") == lines[1].index("clik")


def test_a_value_that_stands_where_it_must_not_is_not_repeated_in_the_sentence() -> None:
    error = mistakes(flow_text("- type: { selector: a, value_ref: 'demo-only-hunter2' }"))
    assert "demo-only-hunter2" not in error.sentence.splitlines()[0]


def test_control_characters_of_a_key_do_not_reach_the_terminal() -> None:
    for text in (flow_text(STEP, head='"\\e[2J": 1'), flow_text(STEP, head='"\\e[2J": 1\n"\\e[2J": 1')):
        assert "\x1b" not in mistakes(text).sentence


def test_an_endless_line_does_not_make_an_endless_sentence() -> None:
    error = mistakes("'" * 900_001)
    assert error.code == "flow.yaml"
    assert len(error.sentence) < 500


@pytest.mark.req("FLOW-2")
def test_what_belongs_to_the_step_is_told_where_it_goes():
    with pytest.raises(FlowError) as refused:
        flow_from(flow_text('- click: { selector: "#a", timeout: 2 }'))
    assert refused.value.code == "flow.unknown_key"
    assert "beside 'click'" in str(refused.value)
