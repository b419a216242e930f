"""The tar: equal for equal files, readable by tar, and harmless where somebody hostile made it."""

import io
import os
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tokenbroker.evidence.bundle import archive
from tokenbroker.evidence.bundle.archive import pack, read_bounded, read_folder, unpack, write_folder
from tokenbroker.evidence.bundle.failure import BundleError

pytestmark = pytest.mark.req("AUDIT-2")

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FILES = {"run.json": b"{}", "allure-results/0-result.json": b"x" * 600, "empty.txt": b""}


def refusal(tar: bytes) -> str:
    with pytest.raises(BundleError) as refused:
        unpack(tar)
    return refused.value.code


def hostile(
    *members: tuple[str, Callable[[tarfile.TarInfo], None]], kind: int = tarfile.USTAR_FORMAT
) -> bytes:
    """A tar of empty members, each changed in its own way."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as tar:
        for name, change in members:
            member = tarfile.TarInfo(name)
            change(member)
            tar.addfile(member)
    return out.getvalue()


def kind_of(letter: bytes, target: str = "") -> Callable[[tarfile.TarInfo], None]:
    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname = letter, target

    return change


def plain(member: tarfile.TarInfo) -> None:
    """As it is."""


def test_what_was_packed_comes_back_and_equal_files_give_equal_bytes() -> None:
    tar = pack(FILES, at=AT)
    assert unpack(tar) == FILES
    assert pack(dict(reversed(FILES.items())), at=AT) == tar


def test_tar_reads_it(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(FILES, at=AT))) as tar:
        assert tar.getnames() == sorted(FILES)
        assert {member.mode for member in tar} == {0o600}
        tar.extractall(tmp_path, filter="data")
    assert read_folder(tmp_path) == FILES


@given(
    st.dictionaries(
        st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,90}(/[a-z0-9]{1,20})?\Z"),
        st.binary(max_size=2000),
        max_size=5,
    )
)
def test_any_plain_files_survive(files: dict[str, bytes]) -> None:
    folded = [name.casefold() for name in files]
    assume(len(set(folded)) == len(folded))
    assume(not any(a.startswith(f"{b}/") for a in folded for b in folded))
    assert unpack(pack(files, at=AT)) == files


@pytest.mark.parametrize(
    "name",
    [
        "../out",
        "/etc/passwd",
        "a/../../b",
        "./a",
        "a//b",
        ".hidden",
        "-rf",
        "a\\b",
        "a b",
        "a\nb",
        "a/b/c/d/e",
        "x" * 60 + "/" + "y" * 95,
        "a/",
        "tür",
    ],
)
def test_a_name_that_leads_elsewhere_or_is_not_plain_is_refused(name: str) -> None:
    assert refusal(hostile((name, plain))) in ("bundle.unsafe", "bundle.unreadable")


@pytest.mark.parametrize(
    ("letter", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "run.json"),
        (tarfile.DIRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (tarfile.CHRTYPE, ""),
        (tarfile.CONTTYPE, ""),
        (tarfile.GNUTYPE_SPARSE, ""),
        (tarfile.GNUTYPE_LONGNAME, ""),
        (tarfile.XHDTYPE, ""),
        (tarfile.XGLTYPE, ""),
        (b"9", ""),
    ],
)
def test_what_is_no_plain_file_is_refused(letter: bytes, target: str) -> None:
    assert refusal(hostile(("a", kind_of(letter, target)))) == "bundle.unsafe"


@pytest.mark.parametrize(
    "names", [("a", "a"), ("a.txt", "A.TXT"), ("a", "a/b"), ("a/b", "a"), ("a/b", "A/B")]
)
def test_two_files_in_one_place_are_refused(names: tuple[str, str]) -> None:
    assert refusal(hostile(*((name, plain) for name in names))) == "bundle.unsafe"


def test_a_chain_of_extension_headers_is_refused_at_once() -> None:
    header = tarfile.TarInfo("a")
    header.type = tarfile.XHDTYPE
    assert refusal(header.tobuf(tarfile.USTAR_FORMAT) * 5000) == "bundle.unsafe"


def test_a_size_beyond_the_archive_is_refused() -> None:
    for size in (1, 512 * 4, 8**11 - 1):
        header = tarfile.TarInfo("a")
        header.size = size
        assert refusal(header.tobuf(tarfile.USTAR_FORMAT)) == "bundle.unreadable"


def test_a_cut_off_or_prolonged_archive_is_refused() -> None:
    tar = pack(FILES, at=AT)
    assert refusal(tar[:700]) == "bundle.unreadable"
    assert refusal(b"") == "bundle.unreadable"
    assert refusal(tar + pack({"late": b""}, at=AT)) == "bundle.unsafe"
    assert refusal(os.urandom(4096)) == "bundle.unreadable"


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    assert refusal(pack(FILES, at=AT)) == "bundle.too_large"


def test_a_folder_with_more_than_fits_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 10)
    (tmp_path / "a").write_bytes(b"x" * 6)
    assert read_folder(tmp_path) == {"a": b"x" * 6}
    (tmp_path / "b").write_bytes(b"x" * 6)
    for read in (lambda: read_folder(tmp_path), lambda: read_bounded(tmp_path / "big")):
        (tmp_path / "big").write_bytes(b"x" * 11)
        with pytest.raises(BundleError) as refused:
            read()
        assert refused.value.code == "bundle.too_large"


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: (folder / "link").symlink_to("/etc/hostname"),
        lambda folder: (folder / "folder").symlink_to("/etc"),
        lambda folder: os.mkfifo(folder / "pipe"),
        lambda folder: (folder / "a name with spaces").touch(),
    ],
)
def test_a_folder_is_sealed_only_with_plain_files(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path)
    with pytest.raises(BundleError) as refused:
        read_folder(tmp_path)
    assert refused.value.code == "bundle.unsafe"


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_folder(FILES, tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}
    assert (tmp_path / "allure-results").stat().st_mode & 0o777 == 0o700
