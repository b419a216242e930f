"""`make test-peers` names what it has installed; the pins and the page say the same; other targets skip these tests."""

import os
import re
import subprocess
import sys

import pytest

PROGRAM = """\
#!/bin/sh
echo "$@" > asked
echo "$TOKENBROKER_TEST_PEERS" >> asked
exit 3
"""


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))


@pytest.fixture
def asked_for(root):
    return pins((root / "tests/peers/requirements.in").read_text(encoding="utf-8"))


def test_the_tests_are_told_where_the_applications_are_and_pytests_exit_code_stays(script, tmp_path):
    targets = script(".ci/targets.py")
    checkout = targets.Checkout(root=tmp_path)
    checkout.own.bin.mkdir(parents=True)
    checkout.own.python.write_text(PROGRAM, encoding="utf-8")
    checkout.own.python.chmod(0o755)
    assert targets.TARGETS["test-peers"].act(checkout, ["-k", "one"]) == 3
    command, place = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert command.startswith("-m pytest tests/peers ")
    assert command.endswith(" -k one")
    assert place == str(tmp_path / ".venv-peers")


def test_only_these_targets_need_the_applications(script):
    targets = script(".ci/targets.py").TARGETS
    assert [name for name, target in targets.items() if target.needs_peers] == ["test-peers", "soak"]


def test_without_the_applications_their_tests_are_skipped_with_the_reason(root):
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/peers", "-rs", "-p", "no:cacheprovider"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("TOKENBROKER_TEST_")},
    )
    assert told.returncode == 0, told.stdout
    assert re.search(r"SKIPPED .*`make test-peers` installs them", told.stdout)
    assert re.search(r"=+ \d+ skipped in ", told.stdout)


def test_every_package_is_pinned_as_it_was_asked_for(root, asked_for):
    text = (root / "tests/peers/requirements.txt").read_text(encoding="utf-8")
    named = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(pins(text)) == len(named)
    assert asked_for.items() <= pins(text).items()


def test_the_page_tells_the_versions_that_are_tested(root, asked_for):
    page = (root / "docs/running.md").read_text(encoding="utf-8")
    section = page.partition("## Applications of others")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|", section, re.MULTILINE)
    assert {name.lower(): version for name, version in rows} == asked_for
