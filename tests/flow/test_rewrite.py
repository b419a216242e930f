"""A flow's file gets another text whole, or stays as it is (RESIL-3)."""

import os
import stat
from pathlib import Path

import pytest

from tokenbroker.errors import UsageError
from tokenbroker.flow import rewrite as module
from tokenbroker.flow.rewrite import rewrite

pytestmark = pytest.mark.req("RESIL-3")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flow.yaml"
    path.write_bytes(b"before\r\n")
    return path


def test_the_file_holds_the_new_text_and_keeps_its_mode(file: Path) -> None:
    file.chmod(0o640)
    rewrite(file, before=b"before\r\n", after=b"after\r\n")
    assert file.read_bytes() == b"after\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_file_keeps_its_owner(file: Path) -> None:
    os.chown(file, 12345, 23456)
    rewrite(file, before=b"before\r\n", after=b"after")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_a_link_stays_a_link_and_what_it_leads_to_is_changed(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link.yaml"
    link.symlink_to(file)
    rewrite(link, before=b"before\r\n", after=b"after")
    assert link.is_symlink()
    assert file.read_bytes() == b"after"
    assert [*folder.iterdir()] == [link]


def test_what_was_changed_meanwhile_is_left_as_it_is(file: Path) -> None:
    file.write_bytes(b"mine")
    with pytest.raises(UsageError) as refused:
        rewrite(file, before=b"before\r\n", after=b"after")
    assert refused.value.code == "heal.changed_meanwhile"
    assert file.read_bytes() == b"mine"
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_what_can_not_be_written_whole_is_left_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, call, refuse)
    with pytest.raises(UsageError) as refused:
        rewrite(file, before=b"before\r\n", after=b"after")
    assert refused.value.code == "heal.not_written"
    assert file.read_bytes() == b"before\r\n"
    assert [*file.parent.iterdir()] == [file]
