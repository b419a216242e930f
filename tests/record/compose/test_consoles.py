"""The flow that comes of a sitting at each of the demo's consoles (REC-1, REC-4)."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.record.compose.make_snapshots import FOLDER, draft_of
from tests.record.compose.sittings import CONSOLES, way
from tokenbroker.flow.document import parse_document
from tokenbroker.flow.lint import lint_document
from tokenbroker.flow.load import flow_of
from tokenbroker.flow.model import Flow
from tokenbroker.flow.selector import SelectorSet
from tokenbroker.record.compose import compose
from tokenbroker.record.compose.targets import spelled_exactly
from tokenbroker.record.emit.yaml import emit_yaml
from tokenbroker.run.creation import creations
from tokenbroker.run.intent import UNKNOWN
from tokenbroker.run.outline import outline_of
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("REC-1", "REC-4")
CONSOLE = "https://console.example.com"
ROOT = Path(__file__).parents[3]
REVOKE = 'role=button[name="Revoke token"]'
SIGN_IN = ["type", "type", "click", "wait_for", "wait_human"]


@pytest.fixture(params=CONSOLES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def flow_of_sitting(name: str) -> Flow:
    text = emit_yaml(draft_of(name))
    return flow_of(parse_document(text.encode(), Path(f"{name}.yaml")), STEPS)


def verbs(name: str) -> list[str]:
    return [step.verb for step in flow_of_sitting(name).steps]


def test_the_flow_is_as_it_was_read_by_a_person(name):
    assert emit_yaml(draft_of(name)) == (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def test_the_flow_validates_clean(name):
    document = parse_document(emit_yaml(draft_of(name)).encode(), Path(f"{name}.yaml"))
    assert lint_document(document, STEPS) == []


def test_the_engine_agrees_on_what_makes_the_key_and_where_it_goes(name):
    flow = flow_of_sitting(name)
    (creation,) = creations(flow)
    assert "creates" in flow.steps[creation.step - 1].options
    assert creation.revoke.startswith(CONSOLE)
    assert creation.targets == (f"bitwarden:examplecloud/{name}",)
    outline = outline_of(flow)
    assert [made.is_said for made in outline.made] == [True]
    assert {typed.reference for typed in outline.typed} == {
        "secrets:example.email",
        "secrets:example.password",
    }


@pytest.mark.req("FLOW-3")
def test_before_a_key_is_made_the_alternatives_must_agree_with_what_the_button_was(name):
    flow = flow_of_sitting(name)
    (creation,) = creations(flow)
    selector = flow.steps[creation.step - 1].selector
    assert isinstance(selector, SelectorSet)
    assert selector.fingerprint is not None


def test_the_shape_of_the_token_is_known_to_who_looks_from_outside(name):
    (capture,) = (step for step in draft_of(name).steps if step.verb == "capture_token")
    assert capture.shape


def test_a_person_is_told_that_nobody_has_read_the_terms(name):
    assert any("terms_of_service" in note for note in draft_of(name).notes)


def test_the_reference_journey_has_the_steps_of_the_reference_flow():
    reference = (ROOT / "flows/examplecloud/create_api_key.yaml").read_bytes()
    written = flow_of(parse_document(reference, Path("create_api_key.yaml")), STEPS)
    assert verbs("reference") == [step.verb for step in written.steps]


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("modal", ["navigate", "click", "type", "click", "capture_token", "click"]),
        ("embedded", ["navigate", "click", "click", "type", "check", "click", "capture_token", "click"]),
        (
            "shadow",
            ["navigate", "click", "click", "type", "click", "check", "click", "capture_token", "click"],
        ),
        ("wizard", ["navigate", "click", "click", "type", "click", "wait_for", "click", "capture_token"]),
        ("popup", ["navigate", "click", "click", "type", "check", "click", "capture_token", "click"]),
        ("sentence", ["navigate", "click", "type", "click", "capture_token"]),
        ("wrapped", ["navigate", "click", "type", "select", "click", "capture_token"]),
        ("clipboard", ["navigate", "click", "click", "type", "click", "capture_token"]),
        ("device", ["navigate", "click", "type", "click", "wait_for", "wait_human", "capture_token"]),
        ("captcha", ["navigate", "click", "type", "wait_human", "click", "capture_token"]),
        ("one_key", ["navigate", "click", "click", "click", "capture_token"]),
        ("slow", ["navigate", "wait_for", "click", "type", "click", "capture_token"]),
        ("strict", ["navigate", "click", "click", "type", "check", "click", "capture_token"]),
        ("input_key", ["navigate", "click", "click", "type", "select", "click", "capture_token"]),
    ],
)
def test_nothing_is_there_that_a_reviewer_would_delete(name, then):
    assert verbs(name) == ["navigate", *SIGN_IN, *then]


def test_an_address_that_the_sign_in_has_forgotten_is_asked_for_again():
    began, thrown, *_, landed, again, _type, _click, _capture = flow_of_sitting("deep_link").steps
    assert began.options == again.options == {"url": f"{CONSOLE}/projects/alpha/keys/new"}
    assert thrown.options == {"url": f"{CONSOLE}/login"}
    assert landed.options == {"url": f"{CONSOLE}/products"}


@pytest.mark.parametrize(
    ("name", "key_name", "page"),
    [
        ("reference", "OpenDiscourse Agent", "/api-keys"),
        ("modal", UNKNOWN, "/console"),
        ("embedded", "Billing service", "/payments"),
        ("popup", "CI images", "/registry"),
        ("deep_link", "Crawler", "/projects"),
        ("one_key", UNKNOWN, "/notebooks/settings"),
        ("input_key", "Order receipts", "/mail"),
    ],
)
def test_the_key_has_its_name_and_the_page_that_lists_it(name, key_name, page):
    (creation,) = creations(flow_of_sitting(name))
    assert (creation.name, creation.revoke) == (key_name, f"{CONSOLE}{page}")


def test_what_was_typed_as_a_parameter_is_one():
    (param,) = flow_of_sitting("modal").params
    assert (param.name, param.required, param.personal) == ("key_name", True, False)


def test_origins_are_written_out_where_there_is_more_than_one():
    assert flow_of_sitting("embedded").origins == (CONSOLE, "https://keys.example.com")
    assert flow_of_sitting("modal").origins == ()


def test_a_press_that_only_an_earlier_run_makes_necessary_has_a_condition():
    (revoke,) = (step for step in flow_of_sitting("one_key").steps if step.when)
    assert (revoke.when, revoke.options["dialog"]) == (REVOKE, "accept")


def test_it_has_one_too_where_the_press_led_on_to_the_page_that_makes_keys():
    recording = CONSOLES["one_key"]().recording()
    events = [
        replace(each, page_url=f"{CONSOLE}/notebooks", led_to=f"{CONSOLE}/notebooks/settings")
        if each.dialog
        else each
        for each in recording.events
    ]
    draft = compose(replace(recording, events=tuple(events)), site="example", flow="one_key")
    assert [step.when for step in draft.steps if step.options.get("dialog")] == [REVOKE]


def test_a_person_is_asked_whether_a_press_that_revokes_is_wanted_at_every_run():
    draft = draft_of("one_key")
    (number,) = (number for number, step in enumerate(draft.steps, 1) if step.when)
    asked = (
        f"Step {number} deletes or revokes something at every run where the page offers it: is that wanted?"
    )
    assert asked in draft.notes


@pytest.mark.parametrize(
    ("said", "role", "text"),
    [
        (way("role", "button", 'Revoke "a"'), "button", 'role=button[name="Revoke \\"a\\""]'),
        (way("text", "Revoke"), "link", 'role=link[name="Revoke"]'),
        (way("text", "Revoke"), "", 'text="Revoke"'),
        (way("test_id", "revoke"), "button", "[data-testid=revoke]"),
    ],
)
def test_the_condition_of_a_press_that_revokes_matches_no_longer_text(said, role, text):
    assert spelled_exactly(said, role=role) == text


def test_what_copies_the_token_is_pressed_by_the_capture_alone():
    capture = flow_of_sitting("clipboard").steps[-1]
    assert capture.options["from"] == "clipboard"
    assert verbs("clipboard").count("click") == 4
