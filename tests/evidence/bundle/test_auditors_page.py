"""The commands of ``docs/auditors.md``, run as they stand there, without us."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.evidence.bundle.conftest import home_with
from tests.evidence.bundle.run_folders import a_bundle
from tokenbroker.evidence.bundle.handing_over import copy_bundle
from tokenbroker.evidence.bundle.place import signature_of
from tokenbroker.evidence.bundle.signers import allowed_signers_line
from tokenbroker.sinks.local import LocalSink, open_local

pytestmark = [
    pytest.mark.req("AUDIT-2"),
    pytest.mark.skipif(
        not all(map(shutil.which, ("age", "ssh-keygen", "bash"))), reason="age or ssh-keygen is not here"
    ),
]
PAGE = (Path(__file__).parents[3] / "docs/auditors.md").read_text(encoding="utf-8")
KEY_PAIR, THREE, AGAIN = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def in_shell(folder: Path, commands: str, run: str = "run-1") -> "subprocess.CompletedProcess[str]":
    text = re.sub(r"\bRUN\b", run, commands)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def desk(local: LocalSink, tmp_path: Path) -> Path:
    """An auditor's folder: their key, the line that came apart, and what was exported for them."""
    folder = tmp_path / "desk"
    folder.mkdir()
    made = in_shell(folder, KEY_PAIR)
    public = re.search(r"age1\w+", made.stderr + made.stdout)
    assert public is not None
    home = home_with(local, tmp_path, public[0])
    copy_bundle(a_bundle(home).path, folder)
    (folder / "allowed_signers").write_text(allowed_signers_line(home.signer) + "\n")
    return folder


def test_the_three_commands_open_and_check_a_bundle(desk: Path) -> None:
    done = in_shell(desk, THREE)
    assert done.returncode == 0, done.stderr
    assert 'Good "tokenbroker-bundle" signature for tokenbroker' in done.stdout
    assert (desk / "run-1" / "START-HERE.html").is_file()
    assert in_shell(desk, AGAIN).returncode == 0


def test_they_refuse_a_changed_bundle(desk: Path) -> None:
    bundle = desk / "run-1.bundle.age"
    data = bundle.read_bytes()
    for position in (0, len(data) // 2, len(data) - 1):
        bundle.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        assert in_shell(desk, THREE).returncode != 0
        assert not (desk / "run-1").exists()


def test_they_refuse_a_changed_signature(desk: Path) -> None:
    place = signature_of(desk / "run-1.bundle.age")
    text = place.read_text()
    place.write_text(text[:150] + ("A" if text[150] != "A" else "B") + text[151:])
    assert in_shell(desk, THREE).returncode != 0


def test_they_refuse_another_signer(desk: Path, tmp_path: Path) -> None:
    with open_local(tmp_path / "other", default_home=False) as other:
        line = allowed_signers_line(home_with(other, tmp_path).signer)
    (desk / "allowed_signers").write_text(line + "\n")
    assert in_shell(desk, THREE).returncode != 0


def test_they_refuse_who_has_no_key(desk: Path) -> None:
    (desk / "auditor.key").unlink()
    in_shell(desk, KEY_PAIR)
    done = in_shell(desk, THREE)
    assert done.returncode != 0
    assert "no identity matched" in done.stderr


def test_the_last_one_refuses_a_file_that_was_changed_after_opening(desk: Path) -> None:
    assert in_shell(desk, THREE).returncode == 0
    (desk / "run-1" / "flow.yaml").write_text("version: 1\n")
    check = THREE.splitlines()[-1]
    assert in_shell(desk, check).returncode != 0
