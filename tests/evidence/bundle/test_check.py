"""Checking: whatever was changed, added, removed, swapped or signed by another is found, with its code."""

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.bundle.conftest import home_with
from tests.evidence.bundle.run_folders import a_bundle, files_in, reseal
from tokenbroker.evidence.bundle.check import check
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.keys import bundle_keys
from tokenbroker.evidence.bundle.manifest import manifest_of
from tokenbroker.evidence.bundle.place import signature_of
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.evidence.bundle.signers import NAMESPACE
from tokenbroker.evidence.bundle.sshsig import public_key, sign
from tokenbroker.sinks.local import LocalSink, open_local

pytestmark = pytest.mark.req("AUDIT-2")

STRANGER = Ed25519PrivateKey.generate()


def codes(bundle: Path, home: HomeBundles, recorded: str | None = None) -> set[str]:
    verdict = check(bundle, trusted=[home.signer], identities=home.identities, recorded_sha256=recorded)
    return {finding.code.value for finding in verdict.findings}


@pytest.fixture
def signing(local: LocalSink) -> Ed25519PrivateKey:
    """The home's own key: for what only its holder could do."""
    return bundle_keys(local.store, local.custody.master_key).signing


def test_a_good_bundle_has_no_findings(home: HomeBundles, sealed: Sealed) -> None:
    verdict = check(
        sealed.path, trusted=[home.signer], identities=home.identities, recorded_sha256=sealed.sha256
    )
    assert (verdict.findings, verdict.signer, verdict.closed) == ((), home.signer, "")
    assert verdict.files == files_in(sealed.path, home)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_one_changed_byte_anywhere_is_found(home: HomeBundles, data: st.DataObject) -> None:
    bundle = home.reports / "run-1.bundle.age"
    if not bundle.exists():
        a_bundle(home)
    for place in (bundle, signature_of(bundle)):
        before = place.read_bytes()
        position = data.draw(st.integers(0, len(before) - 1))
        changed = bytes([before[position] ^ data.draw(st.integers(1, 255))])
        place.write_bytes(before[:position] + changed + before[position + 1 :])
        assert codes(bundle, home)
        assert check(bundle, trusted=[home.signer], identities=[]).findings  # also for who can't open it
        place.write_bytes(before)
    assert codes(bundle, home) == set()


def test_a_cut_off_prolonged_or_empty_bundle_is_found(home: HomeBundles, sealed: Sealed) -> None:
    before = sealed.path.read_bytes()
    for changed in (before[:-1], before + b"\0", b"", before[1:]):
        sealed.path.write_bytes(changed)
        assert "bundle.changed" in codes(sealed.path, home)


def test_a_missing_or_foreign_signature_is_found(home: HomeBundles, sealed: Sealed) -> None:
    place, data = signature_of(sealed.path), sealed.path.read_bytes()
    place.unlink()
    assert codes(sealed.path, home) == {"bundle.signature_missing"}
    place.write_text(sign(STRANGER, data, namespace=NAMESPACE))
    assert "bundle.other_signer" in codes(sealed.path, home)
    place.write_text(sign(STRANGER, data, namespace="file"))
    assert codes(sealed.path, home) == {"bundle.signature_invalid"}
    place.write_text("nonsense")
    assert codes(sealed.path, home) == {"bundle.signature_invalid"}
    place.write_bytes(b"\xff" * 100_000)
    assert codes(sealed.path, home) == {"bundle.signature_invalid"}


def added(files: dict[str, bytes]) -> None:
    files["99-more.png"] = b"x"


def removed(files: dict[str, bytes]) -> None:
    del files["decision.json"]


def changed(files: dict[str, bytes]) -> None:
    files["flow.yaml"] += b"\n"


def renamed(files: dict[str, bytes]) -> None:
    files["02-type.svg"] = files.pop("02-type.png")


def swapped(files: dict[str, bytes]) -> None:
    files["run.json"], files["versions.json"] = files["versions.json"], files["run.json"]


def without_manifest(files: dict[str, bytes]) -> None:
    del files["SHA256SUMS"]


def with_its_digest(files: dict[str, bytes]) -> None:
    files["flow.yaml"] += b"\n"
    rest = {name: data for name, data in files.items() if not name.startswith("SHA256SUMS")}
    files["SHA256SUMS"] = manifest_of(rest).encode()


def without_inner_signature(files: dict[str, bytes]) -> None:
    del files["SHA256SUMS.sig"]


def damaged_manifest(files: dict[str, bytes]) -> None:
    files["SHA256SUMS"] = files["SHA256SUMS"].replace(b"  ", b" *")


CHANGES = {
    added: {"bundle.file_added"},
    removed: {"bundle.file_missing"},
    changed: {"bundle.changed"},
    renamed: {"bundle.file_added", "bundle.file_missing"},
    swapped: {"bundle.changed", "bundle.other_run"},
    without_manifest: {"bundle.file_missing", "bundle.signature_invalid"},
    with_its_digest: {"bundle.signature_invalid"},
    without_inner_signature: {"bundle.signature_missing"},
    damaged_manifest: {"bundle.changed", "bundle.signature_invalid"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_reader_changed_inside_is_found(home: HomeBundles, sealed: Sealed, change) -> None:
    """A reader can open and encrypt again, but not sign."""
    files = files_in(sealed.path, home)
    change(files)
    reseal(sealed.path, files, home)
    assert codes(sealed.path, home, recorded=sealed.sha256) == CHANGES[change] | {
        "bundle.changed",
        "bundle.not_recorded",
    }


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_inside_is_found_under_a_good_outer_signature_too(
    home: HomeBundles, sealed: Sealed, signing: Ed25519PrivateKey, change
) -> None:
    files = files_in(sealed.path, home)
    change(files)
    reseal(sealed.path, files, home, with_key=signing)
    assert codes(sealed.path, home) == CHANGES[change]


def test_a_stranger_who_signs_all_of_it_is_found(home: HomeBundles, sealed: Sealed) -> None:
    files = files_in(sealed.path, home)
    changed(files)
    rest = {name: data for name, data in files.items() if not name.startswith("SHA256SUMS")}
    files["SHA256SUMS"] = manifest_of(rest).encode()
    files["SHA256SUMS.sig"] = sign(STRANGER, files["SHA256SUMS"], namespace=NAMESPACE).encode()
    reseal(sealed.path, files, home, with_key=STRANGER)
    assert codes(sealed.path, home) == {"bundle.other_signer"}
    anyone = check(sealed.path, trusted=None, identities=home.identities)
    assert (anyone.findings, anyone.signer) == ((), public_key(STRANGER))


def test_inside_and_outside_must_have_one_signer(
    home: HomeBundles, sealed: Sealed, signing: Ed25519PrivateKey
) -> None:
    files = files_in(sealed.path, home)
    files["SHA256SUMS.sig"] = sign(STRANGER, files["SHA256SUMS"], namespace=NAMESPACE).encode()
    reseal(sealed.path, files, home, with_key=signing)
    assert codes(sealed.path, home) == {"bundle.other_signer"}


def test_a_bundle_in_the_place_of_another_is_found(home: HomeBundles, sealed: Sealed) -> None:
    other = a_bundle(home, "run-2")
    for source, target in ((other.path, sealed.path), (signature_of(other.path), signature_of(sealed.path))):
        shutil.copyfile(source, target)
    assert codes(sealed.path, home) == {"bundle.other_run"}
    assert "bundle.not_recorded" in codes(sealed.path, home, recorded=sealed.sha256)
    renamed = sealed.path.rename(sealed.path.with_name("from-a-mail"))
    signature_of(sealed.path).rename(signature_of(renamed))
    assert codes(renamed, home) == set()


def test_a_file_of_another_bundle_is_found(
    home: HomeBundles, sealed: Sealed, signing: Ed25519PrivateKey
) -> None:
    other = files_in(a_bundle(home, "run-2", actor="somebody@example.com").path, home)
    files = files_in(sealed.path, home)
    for name in ("SHA256SUMS", "SHA256SUMS.sig"):
        files[name] = other[name]
    reseal(sealed.path, files, home, with_key=signing)
    assert codes(sealed.path, home) == {"bundle.changed"}


def test_a_bundle_of_another_home_is_found(home: HomeBundles, tmp_path: Path) -> None:
    with open_local(tmp_path / "other", default_home=False) as local:
        other = home_with(local, tmp_path / "elsewhere")
        sealed = a_bundle(other)
        assert codes(sealed.path, other) == set()
        assert codes(sealed.path, home) == {"bundle.other_signer"}


def test_what_is_no_archive_is_found_under_a_good_signature_too(
    home: HomeBundles, sealed: Sealed, signing: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.evidence.bundle.run_folders.pack", lambda files, at: b"no tar")
    reseal(sealed.path, {}, home, with_key=signing)
    assert codes(sealed.path, home) == {"bundle.unreadable"}


def test_what_a_stranger_wrote_does_not_steer_the_terminal(
    home: HomeBundles, sealed: Sealed, signing: Ed25519PrivateKey
) -> None:
    files = files_in(sealed.path, home)
    steering = "\x1b]0;owned\x07\x9b2J\u202e"
    record = json.loads(files["run.json"])
    files["run.json"] = json.dumps({**record, "run": f"{steering}\r\n{'x' * 10_000}"}).encode()
    files["SHA256SUMS"] += f"{'0' * 64}  zz\x1b[2K\x1b[1Afile\n".encode()
    reseal(sealed.path, files, home, with_key=signing)
    found = check(sealed.path, trusted=[home.signer], identities=home.identities).findings
    assert {finding.code.value for finding in found} >= {"bundle.other_run", "bundle.file_missing"}
    assert [str(finding) for finding in found if not str(finding).isprintable()] == []
    assert max(len(str(finding)) for finding in found) < 500


def test_a_hostile_record_is_only_another_run(
    home: HomeBundles, sealed: Sealed, signing: Ed25519PrivateKey
) -> None:
    files = files_in(sealed.path, home)
    files["run.json"] = b"[" * 200_000
    reseal(sealed.path, files, home, with_key=signing)
    assert codes(sealed.path, home) == {"bundle.changed", "bundle.other_run"}
