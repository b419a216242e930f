"""The flow folders are those that pytest itself would take."""

from pathlib import Path

import pytest

from tokenbroker import pytest_plugin
from tokenbroker.errors import UsageError
from tokenbroker.flow.folders import DEFAULT_FOLDERS, FLOW_ENDINGS, configured_folders

OTHER = "[pytest]\ntokenbroker_flows = other\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\ntokenbroker_flows = one two\n"),
        (".pytest.ini", "[pytest]\ntokenbroker_flows =\n  one\n  two\n"),
        ("pytest.ini", "[pytest]\ntokenbroker_flows = 'one' \"two\"\n"),
        ("tox.ini", "[pytest]\ntokenbroker_flows = one two\n"),
        ("setup.cfg", "[tool:pytest]\ntokenbroker_flows = one two\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\ntokenbroker_flows = ["one", "two"]\n'),
        ("pyproject.toml", '[tool.pytest]\ntokenbroker_flows = ["one", "two"]\n'),
        ("pytest.toml", '[pytest]\ntokenbroker_flows = ["one", "two"]\n'),
    ],
)
@pytest.mark.req("MCP-1")
def test_each_of_pytests_files_can_name_them(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert configured_folders(tmp_path) == (tmp_path / "one", tmp_path / "two")


def test_a_name_with_a_space_is_quoted_as_for_pytest(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ntokenbroker_flows = 'my flows' more\\ flows\n")
    assert configured_folders(tmp_path) == (tmp_path / "my flows", tmp_path / "more flows")


def test_a_quote_that_is_not_closed_is_said(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ntokenbroker_flows = 'one two\n")
    with pytest.raises(UsageError) as raised:
        configured_folders(tmp_path)
    assert raised.value.code == "usage"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\n"),
        ("pytest.ini", "no section\n"),
        ("pyproject.toml", "[project]\nname = 'x'\n"),
        ("pyproject.toml", "not toml"),
        ("README", ""),
    ],
)
def test_without_a_word_of_it_they_are_the_default(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert configured_folders(tmp_path) == (tmp_path / "flows",)


def test_the_first_file_with_a_section_counts(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(OTHER.replace("[pytest]", "[tool:pytest]"))
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert configured_folders(tmp_path) == (tmp_path / "other",)
    (tmp_path / "tox.ini").write_text("[pytest]\n")
    assert configured_folders(tmp_path) == (tmp_path / "flows",)


def test_the_plugin_which_imports_nothing_of_ours_has_the_same_words() -> None:
    assert (pytest_plugin.FLOW_ENDINGS, pytest_plugin.DEFAULT_FOLDERS) == (FLOW_ENDINGS, DEFAULT_FOLDERS)
