"""Which steps may be mended, and what may be proposed for an alternative (RESIL-3)."""

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.flow.mend import is_enough, is_lasting, is_wording, may_be_proposed, why_never
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("RESIL-3")
SET = '[{ text: A }, { css: "#a" }]'


def alternative(family: str, value: str, name: str = "") -> Alternative:
    return Alternative(family=Family(family), value=value, name=name)


@pytest.mark.parametrize(
    ("step", "is_mended"),
    [
        (f"- click: {SET}", True),
        (f"- type: {{ selector: {SET}, value: x }}", True),
        (f"- select: {{ selector: {SET}, value: x }}", True),
        (f"- check: {SET}", True),
        (f"- press: {{ key: Enter, selector: {SET} }}", True),
        (f"- type: {{ selector: {SET}, value_ref: 'secrets:a' }}", False),
        (f"- type: {{ selector: {SET}, value_ref: 'env:A' }}", False),
        (f"- select: {{ selector: {SET}, value_ref: 'secrets:a' }}", False),
        (f"- expect: {SET}", False),
        (f"- wait_for: {SET}", False),
        (f"- wait_human: {{ reason: Approve it, kind: device, until: {SET}, denied: {SET} }}", False),
        (f"- capture_token: {{ selector: {SET}, secret_ref: 'local:a' }}", False),
        (f"- capture_token: {{ selector: {SET}, secret_ref: 'local:a', from: clipboard }}", False),
    ],
)
def test_what_a_flow_states_reads_or_fills_in_for_a_reference_is_never_mended(
    step: str, is_mended: bool
) -> None:
    flow = flow_from(flow_text("- navigate: 'https://console.example.com/'", step))
    assert bool(why_never(flow.steps[1], STEPS)) is not is_mended


@pytest.mark.parametrize(
    "mark",
    ["create", "key-name", "key_name", "createButton", "APIKey", "btn-primary", "login-form__submit", "html"],
)
def test_a_name_that_a_person_gave_is_lasting(mark: str) -> None:
    assert is_lasting(mark)


@pytest.mark.parametrize(
    "mark",
    [
        *("", "c-91x", "css-1q2w3e", ":r1:", "sc-bdVaJa", "_3kXyZ", "ember123", "Button_primary__aBcDe", "n"),
        *("mui-4", "a b", "x" * 41, "kfjdhgfk", "exk_demo_0123", "größe", 'a"]', "-create", "bXyZq"),
    ],
)
def test_a_name_that_a_tool_made_up_is_not(mark: str) -> None:
    assert not is_lasting(mark)


@pytest.mark.parametrize(
    "words",
    [
        "",
        " Create",
        "Create  key",
        "Key 4",
        "anna@example.test",
        "«secret:a»",
        "a…",
        "x" * 61,
        "a\u202eb",
        "→",
    ],
)
def test_words_that_hold_a_number_an_address_or_what_is_covered_are_not_proposed(words: str) -> None:
    assert not is_wording(words)
    assert not may_be_proposed(alternative("role", "button", words))
    assert not may_be_proposed(alternative("text", words))


@pytest.mark.parametrize(
    "proposed",
    [
        alternative("role", "button", "Add key"),
        alternative("label", "Schlüssel"),
        alternative("test_id", "create-key"),
        *(alternative("css", css) for css in ("#create", 'input[name="key-name"]', "button[type=submit]")),
        *(
            alternative("css", css)
            for css in ("form button[type=submit]", "button.primary", "my-button.go-on")
        ),
    ],
)
def test_words_and_lasting_names_may_be_proposed(proposed: Alternative) -> None:
    assert may_be_proposed(proposed)


@pytest.mark.parametrize(
    "proposed",
    [
        alternative("xpath", "//button"),
        alternative("role", "Button", "Go"),
        alternative("role", "button", ""),
        alternative("text", "Go", "Go"),
        *(
            alternative("css", css)
            for css in ("*", "button", "#a, #b", "#create >> nth=0", "#c-91x", "a:has(b)")
        ),
        *(
            alternative("css", css)
            for css in ('a[href="/x"]', "form a[type=x]:nth-child(2)", "#a\n", "body #create")
        ),
    ],
)
def test_nothing_else_may(proposed: Alternative) -> None:
    assert not may_be_proposed(proposed)


def test_two_that_rest_on_the_same_are_not_enough() -> None:
    words, mark = alternative("text", "A"), alternative("css", "#a")
    assert is_enough({0: words, 1: mark})
    assert not is_enough({0: words, 1: alternative("label", "A")})
    assert not is_enough({0: mark, 1: alternative("test_id", "a")})
    assert not is_enough({})
