"""`tokenbroker validate`: flows checked without a run (LINT-1: places, formats and exit codes)."""

import json

import pytest

from tests.project import Project

pytestmark = pytest.mark.req("LINT-1")
BROKEN = (
    "version: 1\nsite: a\nflow: b\nallowed_automation: semi_auto\nsteps:\n  - clik: '#go'\n  - press: ''\n"
)


def test_good_flows_are_counted_and_nothing_else_is_said(project: Project) -> None:
    project.flow("one")
    project.flow("two")
    ended = project.tokenbroker("validate", "flows")
    assert (ended.code, ended.out) == (0, "2 files checked: 0 mistakes\n")
    assert not project.home.exists()


def test_each_mistake_has_its_place_its_line_and_its_code_and_other_files_are_checked(
    project: Project,
) -> None:
    project.flow("good")
    project.write("flows/broken.yaml", BROKEN)
    project.write("flows/.hidden/broken.yaml", BROKEN)
    project.write("flows/empty.yml", "")
    ended = project.tokenbroker("validate", "flows")
    assert ended.code == 1
    assert "flows/broken.yaml:6:5: unknown step 'clik'; did you mean 'click'?" in ended.out
    assert "     6 |   - clik: '#go'\n       |     ^\n       flow.unknown_key" in ended.out
    assert "flows/broken.yaml:7:12: this must be a key such as Enter or Control+A" in ended.out
    assert "flows/empty.yml:1:1: the file is empty" in ended.out
    assert ended.out.endswith("3 files checked: 3 mistakes in 2\n")


def test_as_json_a_program_reads_the_same(project: Project) -> None:
    project.write("flows/broken.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows/broken.yaml", "--format", "json")
    told = json.loads(ended.out)
    assert (ended.code, told["files"]) == (1, 1)
    assert told["mistakes"][0] == {
        "file": "flows/broken.yaml",
        "line": 6,
        "column": 5,
        "code": "flow.unknown_key",
        "message": "unknown step 'clik'; did you mean 'click'?",
    }


def test_annotations_stand_in_one_line_whatever_the_file_is_called(project: Project) -> None:
    project.write("flows/a,b:c%.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows", "--format", "github")
    assert ended.out.splitlines()[0] == (
        "::error file=flows/a%2Cb%3Ac%25.yaml,line=6,col=5,title=flow.unknown_key::"
        "unknown step 'clik'; did you mean 'click'?"
    )
    assert len(ended.out.splitlines()) == 2


@pytest.mark.parametrize("path", ["none.yaml", "."])
def test_where_nothing_can_be_checked_it_ends_with_2(project: Project, path: str) -> None:
    ended = project.tokenbroker("validate", path)
    assert ended.code == 2
    assert "Traceback" not in ended.text
