"""The flows of a project, and one of them by its id."""

from pathlib import Path

import pytest

from tests.flow.texts import flow_text
from tokenbroker.errors import UsageError
from tokenbroker.flow.catalogue import find, find_cases, flows
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow
from tokenbroker.run.steps import STEPS

STEP = "- type: { selector: '#who', value_ref: 'param:who' }"
MATRIX = "params: { who: {} }\nmatrix: { one: { who: a }, two: { who: b } }\n"


def known(folder: Path) -> list[Flow]:
    found, _ = flows([folder], lambda file: load(file, STEPS), every_yaml=[folder])
    return found


def test_a_flow_with_a_matrix_is_found_by_each_case_or_as_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(flow_text("- navigate: 'https://a.example/'", STEP, head=MATRIX))
    (tmp_path / ".hidden.yaml").write_text(flow_text("- navigate: 'https://a.example/'"))
    (tmp_path / "broken.yaml").write_text("version: 1\n")
    ids = [flow.id for flow in find_cases(known(tmp_path), "example/sample", root=tmp_path, next_step="")]
    assert ids == ["example/sample[one]", "example/sample[two]"]
    one = find(known(tmp_path), "example/sample[one]", root=tmp_path, next_step="")
    assert find_cases(known(tmp_path), one.id, root=tmp_path, next_step="") == [one]
    with pytest.raises(UsageError) as caught:
        find(known(tmp_path), "example/sample", root=tmp_path, next_step="")
    assert caught.value.code == "flow.not_found"


def test_one_id_in_two_files_is_ambiguous_and_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    text = flow_text("- navigate: 'https://a.example/'")
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(text)
    (folder / "link.yaml").symlink_to(tmp_path / "b.yaml")
    assert len(known(folder)) == 1
    (folder / "b.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        find_cases(known(folder), "example/sample", root=folder, next_step="")
    assert caught.value.code == "flow.ambiguous"
