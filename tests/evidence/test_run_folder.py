"""A file of a run's folder: private, whole, and where its name says."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenbroker.evidence.run_folder import write_private

pytestmark = pytest.mark.req("SECRET-7")

FULL_AT_BYTES = 4096


@pytest.fixture
def full_disk() -> Iterator[None]:
    """A file can't grow beyond `FULL_AT_BYTES`; Python ignores the signal, so that the write fails as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AT_BYTES, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_file_is_its_owners_alone_and_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    write_private(file, b"the first")
    write_private(file, b"second")
    assert file.read_bytes() == b"second"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("full_disk")
def test_half_a_file_does_not_stay(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="large"):
        write_private(tmp_path / "run.json", bytes(2 * FULL_AT_BYTES))
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"as it was")
    (tmp_path / "run.json").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic"):
        write_private(tmp_path / "run.json", b"not there")
    assert elsewhere.read_bytes() == b"as it was"
