"""From text to a Flow: what each part of the format becomes."""

from pathlib import Path

import pytest

from tests.flow.texts import EVERY_VERB, REFERENCE, flow_from, flow_text
from tokenbroker.errors import FlowError
from tokenbroker.flow.load import load, seconds
from tokenbroker.flow.model import Mode
from tokenbroker.run.steps import STEPS

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.mark.req("FLOW-1")
def test_the_reference_flow_loads_as_it_stands() -> None:
    flow = flow_from(REFERENCE)
    assert flow.id == "examplecloud/create_api_key"
    assert flow.text == REFERENCE
    assert [step.verb for step in flow.steps] == [
        "navigate", "type", "type", "click", "wait_for", "wait_human",
        "navigate", "click", "type", "click", "capture_token",
    ]  # fmt: skip
    assert flow.steps[0].options == {"url": "https://console.example.com/login"}
    assert flow.steps[9].options == {"selector": "text=Create"}
    assert flow.steps[10].options["secret_ref"] == "bitwarden:example/opendiscourse"


@pytest.mark.req("FLOW-1")
def test_the_shipped_reference_flow_is_the_reference_flow() -> None:
    assert (FLOWS / "examplecloud" / "create_api_key.yaml").read_text(encoding="utf-8") == REFERENCE


@pytest.mark.parametrize("path", sorted(FLOWS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_flow_loads(path: Path) -> None:
    assert load(path, STEPS).path == path


@pytest.mark.req("FLOW-2")
def test_every_verb_and_every_common_key_is_understood() -> None:
    flow = flow_from(EVERY_VERB)
    assert {step.verb for step in flow.steps} == set(STEPS)
    first, second = flow.steps[:2]
    assert (first.number, first.id, first.name, first.timeout_s) == (1, "open", "Open the console", 0.5)
    assert first.title == "Open the console"
    assert second.unless == "text=Signed in"
    assert (second.when, second.timeout_s, second.title) == ("#account", None, "type #account")
    assert flow.steps[3].timeout_s == 1.5
    assert flow.steps[6].timeout_s == 120
    assert flow.tags == ("demo", "nightly")
    assert flow.expect_outcome is not None
    assert (flow.expect_outcome.status, flow.expect_outcome.reason) == ("failed", "expect.failed")


@pytest.mark.req("FLOW-2")
@pytest.mark.parametrize("verb", sorted(verb for verb, kind in STEPS.items() if kind.shorthand))
def test_a_bare_string_stands_for_the_verb_s_main_option(verb: str) -> None:
    shorthand = STEPS[verb].shorthand
    assert shorthand is not None
    value = {"url": "https://a.example/", "key": "Enter"}.get(shorthand, "#it")
    before = "- capture_token: { selector: a, secret_ref: 'a:b' }"
    short = flow_from(flow_text(before, f"- {verb}: '{value}'")).steps[1]
    long = flow_from(flow_text(before, f"- {verb}: {{ {shorthand}: '{value}' }}")).steps[1]
    assert short.options == long.options == {shorthand: value}


@pytest.mark.req("FLOW-4")
def test_references_are_told_by_their_kind_each_once_and_in_order() -> None:
    flow = flow_from(
        flow_text(
            "- type: { selector: '#a', value_ref: 'secrets:b' }",
            "- type: { selector: '#a', value_ref: 'env:E' }",
            "- type: { selector: '#a', value_ref: 'secrets:a/x.y-z' }",
            "- type: { selector: '#a', value_ref: 'secrets:a/login#pass-word' }",
            "- type: { selector: '#a', value_ref: 'secrets:b' }",
            "- type: { selector: '#a', value: 'literal secrets:no' }",
        )
    )
    assert flow.references("secrets:") == ("b", "a/x.y-z", "a/login#pass-word")
    assert flow.references("env:") == ("E",)
    assert flow.references("param:") == ()


@pytest.mark.req("FLOW-4")
@pytest.mark.parametrize(
    "step",
    [
        "- type: { selector: '#a' }",
        "- type: { selector: '#a', value: x, value_ref: 'secrets:a' }",
        "- type: { selector: '#a', value_ref: 'vault:a' }",
        "- type: { selector: '#a', value_ref: 'secrets:' }",
        "- type: { selector: '#a', value_ref: 'secrets:a b' }",
        "- type: { selector: '#a', value_ref: 'secrets:a#' }",
        "- type: { selector: '#a', value_ref: 'secrets:#a' }",
        "- type: { selector: '#a', value_ref: 'secrets:a#b#c' }",
        "- type: { selector: '#a', value: 7 }",
        "- capture_token: { selector: '#a' }",
        "- capture_token: { selector: '#a', secret_ref: 'no-colon' }",
        "- capture_token: { selector: '#a', secret_ref: ':path' }",
        "- capture_token: { selector: '#a', secret_ref: 'sink:../up' }",
        f"- capture_token: {{ selector: '#a', secret_ref: 'sink:{'a' * 251}' }}",
    ],
)
def test_a_value_or_reference_of_another_form_is_refused(step: str) -> None:
    with pytest.raises(FlowError) as refused:
        flow_from(flow_text(step))
    assert refused.value.code == "flow.schema"


@pytest.mark.req("FLOW-5")
def test_params_keep_what_they_say_and_are_required_without_a_default() -> None:
    account, note, plain = flow_from(EVERY_VERB).params
    assert (account.pattern, account.required, account.personal) == ("[a-z]+", True, True)
    assert (note.default, note.required, note.personal) == ("", False, False)
    assert (plain.name, plain.default, plain.required) == ("plain", None, True)


@pytest.mark.req("FLOW-6")
@pytest.mark.parametrize(
    ("written", "modes"),
    [
        ("guided", (Mode.GUIDED,)),
        ("semi_auto", (Mode.SEMI_AUTO,)),
        ("guided|semi_auto", (Mode.GUIDED, Mode.SEMI_AUTO)),
        ("semi_auto|guided", (Mode.SEMI_AUTO, Mode.GUIDED)),
        ("[guided, semi_auto]", (Mode.GUIDED, Mode.SEMI_AUTO)),
        ("[semi_auto]", (Mode.SEMI_AUTO,)),
    ],
)
def test_allowed_automation_is_one_mode_or_both(written: str, modes: tuple[Mode, ...]) -> None:
    assert flow_from(flow_text(automation=written)).modes == modes


@pytest.mark.req("FLOW-6")
@pytest.mark.parametrize(
    "written", ["auto", "guided|guided", "guided | semi_auto", "[]", "[guided, guided]", "[auto]", "{}", "~"]
)
def test_another_automation_is_refused(written: str) -> None:
    with pytest.raises(FlowError) as refused:
        flow_from(flow_text(automation=written))
    assert refused.value.code == "flow.schema"


@pytest.mark.parametrize(
    ("written", "meant"),
    [(3, 3.0), (0.25, 0.25), ("500ms", 0.5), ("10s", 10.0), ("1.5s", 1.5), ("2m", 120.0)],
)
def test_durations_are_in_seconds(written: float | str, meant: float) -> None:
    assert seconds(written) == pytest.approx(meant)


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "0s",
        "0.0m",
        "-1",
        "86401",
        ".inf",
        ".nan",
        "1h",
        "'10'",
        '"10s\\n"',
        "9" * 400 + "s",
        "1e999",
        "true",
    ],
)
def test_a_duration_that_means_nothing_is_refused(written: str) -> None:
    with pytest.raises(FlowError) as refused:
        flow_from(flow_text("- click: '#go'", f"  timeout: {written}"))
    assert refused.value.code in ("flow.schema", "flow.invalid")
    assert refused.value.sentence.startswith("flow.yaml:7:14:")


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    flow = flow_from(b"\xef\xbb\xbf" + REFERENCE.encode())
    assert flow.sha256 == flow_from(REFERENCE).sha256


def test_steps_and_options_know_their_lines_and_columns() -> None:
    flow = flow_from(EVERY_VERB)
    navigate, typed = flow.steps[:2]
    assert (navigate.position.line, navigate.position.column, navigate.position.end_line) == (14, 5, 17)
    assert (typed.option_positions["selector"].line, typed.option_positions["selector"].column) == (18, 23)
    assert flow.steps[-1].position.end_line == len(EVERY_VERB.splitlines())


def test_a_file_that_is_not_there_is_one_sentence_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FlowError) as refused:
        load(tmp_path / "gone.yaml", STEPS)
    assert refused.value.code == "flow.unreadable"
    assert refused.value.sentence.startswith(f"{tmp_path / 'gone.yaml'}:1:1:")
    assert refused.value.__cause__ is None
