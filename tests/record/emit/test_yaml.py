"""The YAML that a draft is written as (REC-1)."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenbroker.flow.document import parse_document
from tokenbroker.flow.load import flow_of
from tokenbroker.record.draft import Draft, DraftParam, DraftStep
from tokenbroker.record.emit.yaml import MAX_COLUMNS, emit_yaml
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("REC-1")

_ODD = [
    *[
        "no",
        "null",
        "~",
        "1e3",
        "0x1f",
        "on",
        "2026-11-01",
        "y",
        "=",
        "<<",
        "?",
        "---",
        "...",
        "",
        " ",
        " a ",
    ],
    *[
        "a: b",
        "a #b",
        "- a",
        "{a}",
        "[a]",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        '"',
        "'",
        "\\",
        '\\"',
        "'\\\"",
        ": ",
        "#",
    ],
    *["\u2028", "\ufeff", "\x00", "tab\tthere", "\x85", "🗝️", "\U000e0041", "ß“”…", "a\nb", 'text="a"'],
]
HOSTILE = st.one_of(
    st.sampled_from(_ODD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text("ab :#'\"\\{}[],&*!|>%@`-?\t", max_size=20),
)
WORDS = HOSTILE.filter(bool)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
ALTERNATIVES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"role": WORDS, "name": WORDS}),
        *(st.fixed_dictionaries({family: WORDS}) for family in ("test_id", "label", "css", "xpath", "text")),
    ),
    min_size=2,
    max_size=4,
    unique_by=lambda each: next(iter(each)),
)
FINGERPRINT = st.fixed_dictionaries(
    {"role": WORDS, "form": WORDS, "name": st.from_regex(r"[0-9a-f]{4}", fullmatch=True)},
    optional={
        "near": st.lists(st.from_regex(r"[0-9a-f]{4}", fullmatch=True), max_size=12),
        "alike": st.integers(min_value=1, max_value=99),
    },
)
SELECTORS = st.one_of(
    WORDS, ALTERNATIVES, st.fixed_dictionaries({"any": ALTERNATIVES, "fingerprint": FINGERPRINT})
)
FRAMES = st.one_of(
    st.fixed_dictionaries({"name": WORDS}),
    st.lists(st.fixed_dictionaries({"selector": WORDS}), min_size=1, max_size=3),
)
STEP = st.builds(
    DraftStep,
    verb=st.sampled_from(["click", "check", "type"]),
    options=st.fixed_dictionaries(
        {"selector": SELECTORS},
        optional={
            "value": HOSTILE,
            "frame": FRAMES,
            "page": NAMES,
            "dialog": st.just("accept"),
            "checked": st.booleans(),
            "creates": st.fixed_dictionaries({"name": HOSTILE, "revoke": HOSTILE}),
        },
    ),
    when=st.none() | SELECTORS,
    comment=HOSTILE,
)
DRAFT = st.builds(
    Draft,
    site=NAMES,
    flow=NAMES,
    description=HOSTILE,
    steps=st.lists(STEP, max_size=4).map(tuple),
    params=st.lists(
        st.builds(
            DraftParam,
            name=NAMES,
            required=st.booleans(),
            personal=st.booleans(),
            default=st.none() | HOSTILE,
            pattern=HOSTILE,
            label=HOSTILE,
        ),
        max_size=3,
        unique_by=lambda each: each.name,
    ).map(tuple),
    tags=st.lists(NAMES, max_size=2).map(tuple),
    origins=st.lists(WORDS, max_size=2).map(tuple),
    policy=st.just({}) | st.fixed_dictionaries({"note": WORDS}),
)


def draft(*steps: DraftStep, **more) -> Draft:
    return Draft(site="example", flow="sample", description="", steps=steps, **more)


def step(verb: str, **options) -> DraftStep:
    return DraftStep(verb=verb, options=options)


def lines_of(*steps: DraftStep) -> list[str]:
    text = emit_yaml(draft(*steps))
    return text.partition("steps:\n")[2].splitlines()


@settings(max_examples=150, deadline=None)
@given(DRAFT)
def test_whatever_a_draft_says_is_what_is_read_back(drafted):
    text = emit_yaml(drafted)
    document = parse_document(text.encode(), Path("f.yaml"))
    for data in (document.data, yaml.safe_load(text)):
        assert (data["site"], data["flow"]) == (drafted.site, drafted.flow)
        assert data.get("description", "") == drafted.description
        assert [each[one.verb] for each, one in zip(data["steps"], drafted.steps, strict=True)] == [
            one.options for one in drafted.steps
        ]
        assert [each.get("when") for each in data["steps"]] == [one.when for one in drafted.steps]
        assert data.get("origins", []) == [*drafted.origins]
        assert data.get("policy", {}) == drafted.policy
        assert data.get("tags", []) == [*drafted.tags]
        assert [*data.get("params", {})] == [each.name for each in drafted.params]
        for param in drafted.params:
            said = data["params"][param.name]
            assert said.get("default") == param.default
            assert said.get("required", param.default is None) == param.required
            assert said.get("personal", False) == param.personal
            assert (said.get("pattern", ""), said.get("description", "")) == (param.pattern, param.label)


def test_the_options_are_those_that_the_loader_reads():
    steps = (
        step("navigate", url="https://console.example.com/login"),
        step("type", selector="#email", value_ref="secrets:example.email"),
        step("press", key="Enter", selector="#email"),
        step("wait_human", reason="Enter the code", kind="otp"),
    )
    flow = flow_of(parse_document(emit_yaml(draft(*steps)).encode(), Path("f.yaml")), STEPS)
    assert [(each.verb, each.options) for each in flow.steps] == [(each.verb, each.options) for each in steps]


def test_a_step_is_one_line_while_it_fits():
    assert lines_of(
        step("navigate", url="https://console.example.com/login"),
        step("type", selector="#email", value_ref="secrets:example.email"),
        step("press", key="Enter"),
    ) == [
        '  - navigate: "https://console.example.com/login"',
        '  - type: { selector: "#email", value_ref: "secrets:example.email" }',
        "  - press: { key: Enter }",
    ]


def test_what_is_longer_is_a_block_whose_leaves_are_lines():
    ways = [
        {"role": "button", "name": "Create a new key for this program"},
        {"css": "form.keys > div button[type=submit]"},
    ]
    lines = lines_of(
        step("click", selector=ways, creates={"name": "agent", "revoke": "https://console.example.com/keys"})
    )
    assert lines == [
        "  - click:",
        "      selector:",
        '        - { role: button, name: "Create a new key for this program" }',
        '        - { css: "form.keys > div button[type=submit]" }',
        '      creates: { name: "agent", revoke: "https://console.example.com/keys" }',
    ]
    assert max(map(len, lines)) <= MAX_COLUMNS


def test_a_comment_stands_above_its_step_and_its_condition_below():
    said = DraftStep(
        verb="click", options={"selector": "text=Retry"}, when="text=Retry", comment="Only\nwhere needed."
    )
    assert lines_of(said) == [
        "  # Only",
        "  # where needed.",
        '  - click: { selector: "text=Retry" }',
        '    when: "text=Retry"',
    ]


def test_a_regular_expression_is_not_escaped_a_second_time():
    (line,) = lines_of(step("capture_token", selector=".a", pattern=r"is (\S+)\.", secret_ref="local:a/b"))
    assert r"pattern: 'is (\S+)\.'" in line


def test_the_head_is_in_the_order_in_which_people_write_it():
    text = emit_yaml(
        draft(
            step("press", key="Enter"),
            tags=("demo",),
            params=(
                DraftParam(name="key_name", label="Key name"),
                DraftParam(name="team", default="a", required=False),
            ),
            origins=("https://a.example", "https://b.example"),
            policy={"note": "Made from a recording."},
        ),
    )
    assert text.splitlines()[:14] == [
        "version: 1",
        "site: example",
        "flow: sample",
        "allowed_automation: guided|semi_auto",
        "tags: [demo]",
        "params:",
        '  key_name: { description: "Key name" }',
        '  team: { default: "a" }',
        "origins:",
        '  - "https://a.example"',
        '  - "https://b.example"',
        'policy: { note: "Made from a recording." }',
        "steps:",
        "  - press: { key: Enter }",
    ]


def test_half_a_character_ends_in_no_file():
    assert "\ufffd" in emit_yaml(draft(step("type", selector="#a", value="a\ud800b")))
