"""What is to change in a flow's text, and what is left: whatever a record says, asked again (RESIL-3)."""

import json
from typing import Any

import pytest

from tests.evidence.healing.records import TARGET, TEXT, document_of, flow_in, record
from tokenbroker.errors import UsageError
from tokenbroker.evidence.healing.draft import Draft, draft_of
from tokenbroker.evidence.healing.record import RunRecord
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("RESIL-3")
MENDED = (
    TEXT.replace("name: Create }", "name: Add key }")
    .replace("          - xpath: //form/button\n", "")
    .replace('console.example.com/a"', 'console.example.com/b"')
    .replace("419d", "0001")
)


def drafted(text: str = TEXT, said: dict[str, Any] | None = None, **target: Any) -> Draft:
    run = RunRecord.model_validate_json(json.dumps(said or record(text, **target)))
    return draft_of(flow_in(text), document_of(text), run, STEPS)


def proposing(*proposals: dict[str, Any], **target: Any) -> dict[str, Any]:
    return {"mend": {"by_hand": "", "proposals": [*proposals]}, **target}


def replacing(number: int, family: str, **fresh: str) -> dict[str, Any]:
    return {"number": number, "family": family, "act": "replace", "with": fresh}


def test_what_a_run_proposes_is_made_a_patch_of_the_text() -> None:
    draft = drafted()
    assert draft.text == MENDED
    (step,) = draft.steps
    assert [(each.was.told, each.becomes and each.becomes.told) for each in step.changes] == [
        ('role: button "Create"', 'role: button "Add key"'),
        ("xpath: //form/button", None),
    ]
    assert (step.changed_fields, step.left) == (("name", "form"), ())


def test_a_form_of_another_origin_is_never_taken_over() -> None:
    for form in ("https://console.example.org/b", "http://console.example.com/b", "//x"):
        draft = drafted(fingerprint={**TARGET["fingerprint"], "form": form})
        assert draft.text == MENDED.replace('com/b"', 'com/a"')
        assert [each.what for each in draft.steps[0].left] == ["fingerprint: form"]


@pytest.mark.parametrize("number", [3, 4])
def test_a_secrets_field_and_what_the_page_has_to_say_are_never_mended_whatever_the_record_says(
    number: int,
) -> None:
    said = record()
    families = {3: ["label", "css", "test_id"], 4: ["text", "css"]}[number]
    fresh = replacing(0, families[0], **{families[0]: "Other"})
    said["steps"][number - 1]["target"] = {
        **TARGET,
        "agreed": families[1:],
        "failed": families[:1],
        "differs": [],
        **proposing(fresh),
    }
    said["steps"][1]["target"] = None
    draft = drafted(said=said)
    assert draft.text == TEXT
    assert not draft.changes_something
    assert [each.what for each in draft.steps[0].left] == ["the set"]


@pytest.mark.parametrize("by_hand", ["frame", "key", "origin", "restless"])
def test_what_is_to_be_mended_by_hand_is_told_and_not_patched(by_hand: str) -> None:
    draft = drafted(mend={"by_hand": by_hand, "proposals": []})
    assert draft.text == TEXT
    assert draft.steps[0].left[0].why


def test_what_moved_into_another_frame_and_what_an_older_release_left_is_not_patched() -> None:
    for target in ({"in_other_frame": True}, {"mend": None}):
        draft = drafted(**target)
        assert (draft.text, len(draft.steps[0].left)) == (TEXT, 1)


def test_what_has_to_stay_is_told() -> None:
    keep = {"number": 2, "family": "xpath", "act": "keep", "with": None}
    draft = drafted(**proposing(keep, differs=[]))
    assert draft.text == TEXT
    assert [each.what for each in draft.steps[0].left] == ["xpath: //form/button"]


def test_an_alias_is_left_and_the_rest_is_mended() -> None:
    text = TEXT.replace('css: "#create"', "css: &c '#create'").replace('{ css: "#pin" }', "{ css: *c }")
    draft = drafted(
        text, **proposing(replacing(0, "role", role="button", name="Add key"), replacing(1, "css", css="#make")),
        agreed=["xpath"], failed=["role", "css"], differs=[],
    )  # fmt: skip
    assert draft.text == text.replace("name: Create }", "name: Add key }")
    assert [each.what for each in draft.steps[0].left] == ["css: #create"]
    assert len(draft.steps[0].changes) == 1


def test_what_would_be_no_flow_or_a_worse_one_is_left() -> None:
    twice = replacing(0, "role", css="#other")  # a second one of that family
    draft = drafted(**proposing(twice, differs=[]))
    assert draft.text == TEXT
    assert [each.what for each in draft.steps[0].left] == ["the set"]
    assert draft.steps[0].changes == ()


@pytest.mark.parametrize(
    "proposals",
    [
        [replacing(0, "role", css="*")],
        [replacing(0, "role", role="button", name="Key 4711")],
        [replacing(0, "role", role="button")],
        [replacing(0, "role", text="A", label="B")],
        [replacing(0, "role", text="«secret:a»")],
        [replacing(0, "role")],
        [replacing(0, "css", css="#a")],
        [replacing(1, "css", css="#a")],  # which did not fail
        [replacing(4, "role", text="A")],
        [replacing(0, "role", text="A"), replacing(0, "role", text="B")],
        [{"number": 0, "family": "role", "act": "drop", "with": {"text": "A"}}],
        [{"number": 0, "family": "role", "act": "replace", "with": None}],
        [{"number": n, "family": f, "act": "drop", "with": None} for n, f in ((0, "role"), (2, "xpath"))],
    ],
)
def test_what_no_run_proposes_is_refused_with_one_error(proposals: list[dict[str, Any]]) -> None:
    with pytest.raises(UsageError) as refused:
        drafted(**proposing(*proposals))
    assert refused.value.code == "heal.bad_record"


@pytest.mark.parametrize(
    "target", [{"failed": ["role"]}, {"agreed": ["css", "label"]}, {"failed": ["role", "xpath", "xpath"]}]
)
def test_a_set_that_is_another_one_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        drafted(**target)
    assert refused.value.code == "heal.bad_record"


@pytest.mark.parametrize("step", [{"number": 9}, {"number": 1}, {"verb": "press"}])
def test_a_step_that_is_another_one_is_refused(step: dict[str, Any]) -> None:
    said = record()
    said["steps"][1].update(step)
    with pytest.raises(UsageError) as refused:
        drafted(said=said)
    assert refused.value.code == "heal.bad_record"
