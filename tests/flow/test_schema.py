"""The published schema: it is the loader's own, and an editor that uses it says what the loader says."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.flow.make_schema import COMMAND, schema_text
from tests.flow.texts import EVERY_VERB, REFERENCE, SETS_AND_RETRIES, flow_from, flow_text
from tokenbroker.errors import FlowError
from tokenbroker.flow.document import parse_document
from tokenbroker.flow.model import Flow, Position
from tokenbroker.flow.schema import DURATION, build_schema, published_schema
from tokenbroker.flow.schema.validator import FlowValidator
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("FLOW-9")

SCHEMA = build_schema(STEPS)
EDITOR = FlowValidator(SCHEMA)
# What no JSON Schema can say; here, and only here, the loader refuses more.
BEYOND_SCHEMA = {
    "flow.duplicate_id", "flow.unknown_param", "flow.unknown_page", "flow.bad_pattern", "flow.bad_address",
    "flow.bad_retry", "flow.bad_date", "flow.one_evidence", "flow.not_captured",
}  # fmt: skip
STEP = "- click: '#go'"


def refusal(text: str) -> str | None:
    """The loader's code for `text`, None if it is a flow."""
    try:
        flow_from(text)
    except FlowError as error:
        return error.code
    return None


def editor_accepts(text: str) -> bool:
    return EDITOR.is_valid(parse_document(text.encode(), flow_from(REFERENCE).path).data)


def test_the_published_schema_is_that_of_the_step_types() -> None:
    assert published_schema() == schema_text(), f"write it anew with: {COMMAND}"


def test_the_published_schema_is_a_valid_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]


def test_every_key_and_option_is_described_for_an_editor() -> None:
    silent = [f"{verb}.{name}" for verb, kind in STEPS.items() for name, option in kind.options["properties"].items()
              if not option.get("description")]  # fmt: skip
    silent += [name for name, part in SCHEMA["properties"].items() if not part.get("description")]
    assert silent in ([], ["steps"])


@pytest.mark.req("FLOW-2")
def test_every_pattern_is_said_in_words_too() -> None:
    def silent(part: Any) -> list[str]:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        found = [each for one in inner for each in silent(one)]
        is_silent = isinstance(part, dict) and isinstance(part.get("pattern"), str) and "$comment" not in part
        return [*found, *([part["pattern"]] if is_silent else [])]

    assert silent(SCHEMA) == []


@pytest.mark.parametrize(
    "text",
    [
        REFERENCE,
        EVERY_VERB,
        SETS_AND_RETRIES,
        flow_text(),
        *(flow_text(automation=modes) for modes in ("guided", "semi_auto|guided", "[guided]")),
        flow_text(STEP, "  timeout: 0.001"),
        flow_text(STEP, "  timeout: 99999999ms"),
        flow_text(STEP).replace("version: 1", "version: 1.0"),
        flow_text(STEP, head="params: {}"),
        flow_text(STEP, head="description: ''"),
        flow_text(STEP, head="policy: { reviewed: 2026-01-01, review_expires: 2026-12-31, runs_per_day: 3 }"),
        flow_text("- click: [{ css: '#go' }, { text: Go }]"),
        flow_text(*[STEP] * 500),
    ],
)
def test_a_good_flow_is_accepted_by_both(text: str) -> None:
    assert refusal(text) is None
    assert editor_accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        flow_text(STEP).replace("version: 1", "version: '1'"),
        flow_text(STEP).replace("version: 1", "version: true"),
        flow_text(STEP).replace("site: example", 'site: "example\\n"'),
        flow_text(STEP).replace("site: example", "site: 7"),
        flow_text(STEP, head="secret: x"),
        flow_text(STEP, head="tags: demo"),
        flow_text(STEP, head="tags: [demo, demo]"),
        flow_text(STEP, head="tags: ['not a mark']"),
        flow_text(STEP, head="origins: []"),
        flow_text(STEP, head="origins: ['https://a.example/path']"),
        flow_text(STEP, head="params: { 'a b': {} }"),
        flow_text(STEP, head="params: { a: { default: 1 } }"),
        flow_text(STEP, head="expect_outcome: { status: passed }"),
        flow_text(STEP, head="expect_outcome: {}"),
        flow_text(STEP, head="expect_outcome: { status: failed, odd: ~ }"),
        flow_text("- {}"),
        flow_text("- ~"),
        flow_text("- click"),
        flow_text("- click: ~"),
        flow_text("- click: 7"),
        flow_text("- click: { selector: a, text: b }"),
        flow_text(STEP, "  press: Enter"),
        flow_text(STEP, "  retry: 0"),
        flow_text(STEP, "  retry: { times: 2 }"),
        flow_text(STEP, "  when: { a: ~ }"),
        flow_text(STEP, "  when: { any: [{ css: a }, { text: b }], b: c }"),
        flow_text(STEP, "  id: ''"),
        flow_text(STEP, "  name: ''"),
        flow_text(STEP, '  timeout: "10s\\n"'),
        flow_text(STEP, "  timeout: 0s"),
        flow_text("- press: 'Enter Enter'"),
        flow_text("- type: { selector: a }"),
        flow_text("- type: { selector: a, value: b, value_ref: 'env:C' }"),
        flow_text("- wait_for: { selector: a, url: 'https://a.example/' }"),
        flow_text("- wait_human: { reason: abc, kind: captcha }"),
        flow_text("- navigate: 'file:///etc/passwd'"),
        flow_text("- click: { selector: a, frame: main }"),
        flow_text("- click: { selector: a, frame: {} }"),
        flow_text("- click: { selector: a, frame: [] }"),
        flow_text("- click: { selector: a, frame: { nam: b } }"),
        flow_text("- click: { selector: a, frame: { name: b, selector: c } }"),
        flow_text("- click: { selector: a, frame: { url: '/keys' } }"),
        flow_text("- click: { selector: a, frame: [{ name: a }, b] }"),
        flow_text("- press: { key: Enter, frame: { name: b } }"),
        flow_text("- wait_for: { url: 'https://a.example/', frame: { name: b } }"),
        flow_text("- navigate: { url: 'https://a.example/', opens: keys }"),
        flow_text("- type: { selector: a, value: b, dialog: accept }"),
        flow_text("- click: { selector: a, dialog: ignore }"),
        flow_text("- click: { selector: a, opens: 'a b' }"),
        flow_text("- capture_token: { selector: a, secret_ref: 'a:b', from: qr }"),
        flow_text("- capture_token: { selector: a, secret_ref: 'a:b', from: attribute }"),
        flow_text("- capture_token: { selector: a, secret_ref: 'a:b', attribute: data-key }"),
        flow_text("- capture_token: { selector: a, secret_ref: 'a:b', from: attribute, attribute: 'a b' }"),
        flow_text("- capture_token: { selector: a, secret_ref: 'a:b', pattern: '' }"),
        flow_text(f"- capture_token: {{ selector: a, secret_ref: 'a:b', pattern: '({'x' * 500})' }}"),
        flow_text("- capture_token: { selector: a, secret_ref: 'a:b', unwrap: yes please }"),
        *(
            flow_text(f'- navigate: "https://a.example/{odd}"')
            for odd in ("\\n", "\\x1c", "\\x85", "\\uFEFF", "\\u3000")
        ),
        flow_text(*[STEP] * 501),
    ],
)
def test_a_bad_flow_is_refused_by_both(text: str) -> None:
    code = refusal(text)
    assert code is not None
    assert code not in BEYOND_SCHEMA
    assert not editor_accepts(text)


def test_the_forms_of_durations_are_the_same_in_python_and_in_an_editor() -> None:
    # `$` is the end of the text for an editor, and may stand before a line feed in Python.
    assert not FlowValidator(DURATION).is_valid("10s\n")
    assert FlowValidator(DURATION).is_valid("10s")


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10**6)
    | st.floats(-1e6, 1e6)
    | st.sampled_from(
        [
            "",
            "a",
            "#go",
            "guided",
            "demo",
            "10s",
            "0s",
            "https://a.example/",
            "secrets:a",
            "env:B",
            "local:a/b",
            "a b",
        ]
    )
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=4,
)
_KEYS = sorted(
    {*STEPS, *SCHEMA["properties"], "id", "name", "timeout", "when", "unless", "odd"}
    | {name for kind in STEPS.values() for name in kind.options["properties"]}
)


def _nodes(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(node for key, value in inner for node in _nodes(value, (*path, key)))]


@st.composite
def mutated_flows(draw: st.DrawFn) -> str:
    """A good flow in which one to three nodes were replaced, removed or added."""
    text = draw(st.sampled_from([REFERENCE, EVERY_VERB, SETS_AND_RETRIES]))
    data: Any = yaml.safe_load(text)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(_nodes(data)[1:] or [()]))
        if not path:
            break
        parent = data
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[path[-1]] = draw(_JSON)
            case "remove":
                del parent[path[-1]]
            case _ if isinstance(parent, list):
                parent.insert(0, draw(_JSON))
            case _:
                parent[draw(st.sampled_from(_KEYS))] = draw(_JSON)
    return yaml.safe_dump(data, sort_keys=False)


@settings(max_examples=200, deadline=None, database=None)
@given(mutated_flows())
def test_of_any_changed_flow_loader_and_editor_say_the_same(text: str) -> None:
    code = refusal(text)
    assert editor_accepts(text) == (code is None or code in BEYOND_SCHEMA)


def meaning_of(flow: Flow) -> Flow:
    """`flow` without its text and its places."""
    nowhere = Position(line=0, column=0, end_line=0)
    steps = tuple(replace(step, position=nowhere, option_positions={}) for step in flow.steps)
    return replace(flow, text="", sha256="", steps=steps)


@pytest.mark.req("FLOW-2")
@settings(max_examples=200, deadline=None, database=None)
@given(st.sampled_from([REFERENCE, EVERY_VERB, SETS_AND_RETRIES]) | mutated_flows())
def test_a_flow_that_is_written_anew_from_its_data_is_the_same_flow(text: str) -> None:
    if refusal(text) is not None:
        return
    data = parse_document(text.encode(), Path("flow.yaml")).data
    assert meaning_of(flow_from(yaml.safe_dump(data, sort_keys=False))) == meaning_of(flow_from(text))


def test_every_example_in_the_schema_of_an_option_is_one() -> None:
    given = [(option, example) for kind in STEPS.values() for option in kind.options["properties"].values()
             for example in option.get("examples", ())]  # fmt: skip
    assert len(given) > 10
    assert [example for option, example in given if not FlowValidator(option).is_valid(example)] == []


def test_no_step_schema_is_open() -> None:
    def closed(schema: Mapping[str, Any]) -> bool:
        return schema.get("type") != "object" or schema.get("additionalProperties") is False

    assert all(closed(kind.options) for kind in STEPS.values())
    assert all(closed(part) for name, part in SCHEMA["$defs"].items() if name != "step")
