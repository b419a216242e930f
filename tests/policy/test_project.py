"""The project's ``policies`` folder: read whole, or nothing runs (POLICY-1)."""

from datetime import timedelta
from pathlib import Path

import pytest

from tokenbroker.errors import SettingsError
from tokenbroker.flow.model import Mode
from tokenbroker.policy.check import AllOf
from tokenbroker.policy.conditions import (
    ApprovalNeeded,
    AuthAge,
    Automation,
    Origins,
    RequiredScope,
    Review,
    RunsPerDay,
)
from tokenbroker.policy.project import load_project_policy

pytestmark = pytest.mark.req("POLICY-1")


def loaded(folder: Path, text: str, name: str = "site.yaml"):
    (folder / name).write_text(text)
    return load_project_policy(folder)


def test_no_folder_and_an_empty_one_add_nothing(tmp_path):
    assert load_project_policy(tmp_path / "none") == ()
    assert load_project_policy(tmp_path) == ()


def test_the_conditions_of_all_files_count_in_the_order_of_their_names(tmp_path):
    loaded(tmp_path, "version: 1\nall_of: [{ review: required }]\n", "b.yml")
    found = loaded(
        tmp_path,
        "version: 1\nall_of:\n  - automation: [guided]\n  - origins: ['https://a.example.com']\n  - runs_per_day: 3\n",
        "a.yaml",
    )
    assert found == (
        AllOf(
            [
                Automation((Mode.GUIDED,), by="a.yaml"),
                Origins(("https://a.example.com",), by="a.yaml"),
                RunsPerDay(3, by="a.yaml"),
            ]
        ),
        AllOf([Review(is_required=True, by="b.yml")]),
    )


def test_approval_scope_and_sign_in_can_be_wanted_of_all_flows(tmp_path):
    found = loaded(
        tmp_path,
        "version: 1\nall_of: [{ approval: required }, { required_scope: 'keys:create' }, { max_auth_age: 12h }]\n",
    )
    assert found == (
        AllOf(
            [
                ApprovalNeeded(is_required=True, by="site.yaml"),
                RequiredScope("keys:create", by="site.yaml"),
                AuthAge(timedelta(hours=12), by="site.yaml"),
            ]
        ),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 1\nall_of: []\n", "2:9: there are 0 here: an empty all_of permits nothing"),
        (
            "version: 1\nall_of: [{ runs_pre_day: 3 }]\n",
            "2:12: unknown key 'runs_pre_day'; did you mean 'runs_per_day'?",
        ),
        ("version: 1\nall_of: [{ runs_per_day: -1 }]\n", "2:26: this must be 0 at least"),
        (
            "version: 1\nall_of: [{ review: required, runs_per_day: 1 }]\n",
            "2:10: this must have no more keys than 1",
        ),
        ("version: 2\nall_of: [{ review: required }]\n", "1:10: this must be 1"),
        ("version: 1\nall_of: [{ origins: ['a b'] }]\n", "2:22: this must be an origin such as"),
        ("all_of: [\n", "not valid YAML"),
        ("- a\n", "1:1: this must be a mapping"),
        ("", "the file is empty"),
    ],
)
def test_a_policy_that_is_not_right_stops_everything_with_its_place(tmp_path, text, told):
    with pytest.raises(SettingsError) as stopped:
        loaded(tmp_path, text)
    assert stopped.value.code == "settings.bad_policy"
    assert str(tmp_path / "site.yaml") in stopped.value.sentence
    assert told in stopped.value.sentence


@pytest.mark.parametrize("name", ["site.YAML", "notes.txt", "prod/site.yaml"])
def test_what_would_be_passed_over_stops_everything(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("version: 1\nall_of: [{ review: required }]\n")
    with pytest.raises(SettingsError, match=r"only files that end with \.yaml or \.yml"):
        load_project_policy(tmp_path)


@pytest.mark.parametrize(
    "make", [lambda place: place.symlink_to("nowhere"), lambda place: place.write_text("x")]
)
def test_a_folder_that_can_not_be_listed_stops_everything(tmp_path, make):
    make(tmp_path / "policies")
    with pytest.raises(SettingsError, match="can't read the folder") as stopped:
        load_project_policy(tmp_path / "policies")
    assert stopped.value.code == "settings.bad_policy"


@pytest.mark.req("SECRET-7")
def test_no_line_of_a_policy_is_told(tmp_path):
    with pytest.raises(SettingsError) as stopped:
        loaded(tmp_path, "password: demo-only-hunter2\n")
    assert "hunter2" not in str(stopped.value)


def test_a_file_that_can_not_be_read_stops_everything(tmp_path):
    (tmp_path / "site.yaml").mkdir()
    with pytest.raises(SettingsError, match="only files that end with"):
        load_project_policy(tmp_path)
