"""Sealing: everything in one file that age opens, whole or not there at all."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.evidence.bundle.conftest import home_with
from tests.evidence.bundle.run_folders import (
    FLOW,
    VERSIONS,
    a_bundle,
    a_folder,
    a_recipient,
    files_in,
    x25519_decrypt,
)
from tokenbroker.evidence.bundle.check import check
from tokenbroker.evidence.bundle.failure import BundleError
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.place import signature_of
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.sinks.local import LocalSink

pytestmark = pytest.mark.req("AUDIT-2", "AUDIT-4")

KILLED = """
import os, signal, sys
from pathlib import Path
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.settings import AuditSettings
from tokenbroker.sinks.local import open_local

root, calls = Path(sys.argv[1]), int(sys.argv[2])
local = open_local(root / "home", default_home=False)
home = HomeBundles(store=local.store, master_key=local.custody.master_key,
                   settings=AuditSettings(), reports=root / "reports")
home.require(["http://127.0.0.1"])

def count_down(name, act):
    def counted(*args, **kwargs):
        global calls
        calls -= 1
        if calls < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)
    return counted

os.fsync = count_down("fsync", os.fsync)
Path.rename = count_down("rename", Path.rename)
home.seal(root / "reports" / "run-1")
"""
"""Seals, and dies before one of the acts that make the bundle durable: two fsyncs, two renames, one of the folder."""


def test_a_bundle_holds_everything_that_an_auditor_needs(home: HomeBundles, sealed: Sealed) -> None:
    files = files_in(sealed.path, home)
    pictures = {f"{step.number:02d}-{step.verb}.png" for step in FLOW.steps}
    assert set(files) == pictures | {
        "START-HERE.html",
        "SHA256SUMS",
        "SHA256SUMS.sig",
        "allure-results/0-result.json",
        "checkpoints.json",
        "decision.json",
        "flow.yaml",
        "junit.xml",
        "run.json",
        "versions.json",
    }
    assert hashlib.sha256(files["flow.yaml"]).hexdigest() == FLOW.sha256
    assert json.loads(files["decision.json"])["decision"]["code"] == "policy.rule.allow.automation.permitted"
    assert json.loads(files["checkpoints.json"])[0]["who"] == "dana@example.com"
    assert json.loads(files["versions.json"]) == VERSIONS
    assert len(ElementTree.fromstring(files["junit.xml"]).findall(".//testcase")) == 1
    assert sealed.sha256 == hashlib.sha256(sealed.path.read_bytes()).hexdigest()


def test_the_same_run_gives_the_same_archive_and_each_time_another_encryption(
    home: HomeBundles, sealed: Sealed
) -> None:
    first = sealed.path.read_bytes()
    home.seal(home.reports / "run-1")
    second = sealed.path.read_bytes()
    assert first != second
    assert x25519_decrypt(first, home) == x25519_decrypt(second, home)


def test_bundle_and_signature_are_for_their_owner_and_nothing_else_is_left(
    home: HomeBundles, sealed: Sealed
) -> None:
    places = {path.name: path.stat().st_mode & 0o777 for path in home.reports.iterdir()}
    assert places == {"run-1": 0o755 & ~_umask(), "run-1.bundle.age": 0o600, "run-1.bundle.age.sig": 0o600}


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


def test_what_can_not_be_sealed_leaves_the_folder_and_no_bundle(home: HomeBundles) -> None:
    folder = a_folder(home.reports)
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(BundleError) as refused:
        home.seal(folder)
    assert refused.value.code == "bundle.unsafe"
    assert [path.name for path in home.reports.iterdir()] == ["run-1"]


def test_a_disk_that_refuses_leaves_the_bundle_that_was_there(
    home: HomeBundles, sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sealed.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        home.seal(home.reports / "run-1")
    assert sealed.path.read_bytes() == before
    assert len(list(home.reports.iterdir())) == 3
    assert check(sealed.path, trusted=[home.signer], identities=[]).findings == ()


@pytest.mark.parametrize("calls", range(5))
def test_a_process_that_is_killed_while_it_seals_leaves_no_half_bundle(
    home: HomeBundles, tmp_path: Path, calls: int
) -> None:
    folder = a_folder(home.reports)
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, str(calls)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    bundle = home.reports / "run-1.bundle.age"
    if bundle.exists():
        assert check(bundle, trusted=[home.signer], identities=home.identities).findings == ()
    sealed = home.seal(folder)
    assert check(sealed.path, trusted=[home.signer], identities=home.identities).findings == ()
    assert {path.name for path in home.reports.iterdir()} == {"run-1", bundle.name, signature_of(bundle).name}


@pytest.mark.skipif(
    not shutil.which("age"), reason="age is not here; pyrage opens the bundles of the other tests"
)
def test_age_opens_it_with_its_own_key_and_with_an_ssh_key(local: LocalSink, tmp_path: Path) -> None:
    public, private = a_recipient()
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "ssh"],
        check=True,
        capture_output=True,
        timeout=30,
    )
    (tmp_path / "age.key").write_text(private)
    home = home_with(local, tmp_path, public, (tmp_path / "ssh.pub").read_text().strip())
    sealed = a_bundle(home)
    opened = [
        subprocess.run(
            ["age", "-d", "-i", tmp_path / key, sealed.path], check=True, capture_output=True, timeout=30
        ).stdout
        for key in ("age.key", "ssh")
    ]
    assert opened[0] == opened[1]
    assert b"START-HERE.html" in opened[0]
