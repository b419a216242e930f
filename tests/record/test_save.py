"""A recorded flow is written whole or not at all."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tokenbroker.errors import UsageError
from tokenbroker.record import save as module
from tokenbroker.record.save import require_writable, save

pytestmark = pytest.mark.req("REC-1")


def everything(folder: Path) -> dict[str, str]:
    found = sorted(folder.rglob("*"))
    return {str(each.relative_to(folder)): each.read_text() if each.is_file() else "/" for each in found}


def refusal(act: Callable[[], None]) -> str:
    with pytest.raises(UsageError) as refused:
        act()
    return refused.value.code


def test_files_come_with_their_folders_and_the_usual_modes(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    files = {tmp_path / "a/b/one": "1\n", tmp_path / "c/two": "zwölf\n"}
    save(files, may_replace=False)
    assert everything(tmp_path) == {
        "a": "/", "a/b": "/", "a/b/one": "1\n", "c": "/", "c/two": "zwölf\n", "usual": "",
    }  # fmt: skip
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {
        stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    }


@pytest.mark.parametrize("may_replace", [False, True])
def test_where_one_can_not_be_written_all_is_as_it_was(tmp_path: Path, may_replace: bool) -> None:
    (tmp_path / "a").mkdir()
    if may_replace:
        (tmp_path / "a/one").write_text("before")
    (tmp_path / "file").write_text("no folder")
    before = everything(tmp_path)
    files = {tmp_path / "a/one": "1", tmp_path / "new/folder/two": "2", tmp_path / "file/three": "3"}
    assert refusal(lambda: save(files, may_replace=may_replace)) == "record.not_written"
    assert everything(tmp_path) == before


def test_a_replaced_file_comes_back_where_the_next_one_fails_at_the_last_moment(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("before")
    two.mkdir()
    before = everything(tmp_path)
    assert refusal(lambda: save({one: "1", two: "2"}, may_replace=True)) == "record.not_written"
    assert everything(tmp_path) == before


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_comes_at_the_last_moment_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    link = module.os.link

    def link_late(fresh: Path, path: Path) -> None:
        if path == two:
            two.write_text("theirs")
            link(fresh, path)
        elif not has_links:
            raise PermissionError
        else:
            link(fresh, path)

    monkeypatch.setattr(module.os, "link", link_late)
    assert refusal(lambda: save({one: "1", two: "2"}, may_replace=False)) == "record.file_exists"
    assert everything(tmp_path) == {"two": "theirs"}


def test_what_could_not_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    require_writable([tmp_path / "a/b/c", tmp_path / "file"])
    for path in (tmp_path / "file/two", tmp_path / "folder"):
        assert refusal(lambda path=path: require_writable([path])) == "record.not_written"  # type: ignore[misc]
