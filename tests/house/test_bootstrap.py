"""Setting a checkout up: what a person reads when it can't be done, and that it is done once only."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest


@pytest.fixture
def checkout(tmp_path, script):
    """A folder that looks like a checkout, with nothing installed."""
    installation = script(".ci/installation.py")
    checkout = installation.Checkout(root=tmp_path)
    for environment in (checkout.own, checkout.peers):
        declared = tmp_path / environment.declared_in
        declared.parent.mkdir(parents=True, exist_ok=True)
        declared.write_text("[project]\nname = 'demo-only'\n", encoding="utf-8")
    return checkout


@pytest.fixture(params=["own", "peers"])
def environment(checkout, request):
    """Either environment of the checkout: all that is said of one holds for both."""
    return getattr(checkout, request.param)


def _set_up_by_stub(installation, monkeypatch, *, works=True):
    """Replace what takes minutes (venv and pip from the index) by files; answers the list of calls."""
    calls = []

    def logged(checkout, command, _lock):
        calls.append(command)
        if "venv" in command:
            bin_folder = Path(command[-1]) / "bin"
            bin_folder.mkdir(parents=True)
            (bin_folder / "python").symlink_to(sys.executable)
            return True
        installation._log_path(checkout).write_text("demo-only last words of pip\n", encoding="utf-8")
        return works

    monkeypatch.setattr(installation, "logged", logged)
    return calls


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10)])
def test_an_old_python_gets_one_sentence(script, version):
    complaint = script(".ci/bootstrap.py").python_complaint(version)
    assert "3.11" in complaint
    assert f"{version[0]}.{version[1]}" in complaint
    assert "\n" not in complaint


@pytest.mark.parametrize("version", [(3, 11), (3, 13), (4, 0)])
def test_a_new_python_gets_none(script, version):
    assert script(".ci/bootstrap.py").python_complaint(version) == ""


def test_the_entry_point_has_no_syntax_that_old_pythons_cannot_read(root):
    import ast

    ast.parse((root / ".ci/bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_gets_one_sentence_that_names_the_package(script, missing):
    complaint = script(".ci/installation.py").venv_complaint(
        lambda name: None if name == missing else object()
    )
    assert "python3-venv" in complaint
    assert "\n" not in complaint


def test_nothing_is_made_where_venv_is_missing(environment, script, monkeypatch):
    installation = sys.modules["installation"]
    monkeypatch.setattr(installation, "venv_complaint", lambda: "demo-only: no venv")
    with pytest.raises(installation.SetupError, match="no venv"):
        installation.ensure(environment)
    assert not environment.folder.exists()


def test_a_second_call_installs_nothing(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    installation.ensure(environment)
    first = len(calls)
    installation.ensure(environment)
    assert first > 0
    assert len(calls) == first


def test_another_declaration_installs_again(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    installation.ensure(environment)
    first = len(calls)
    (environment.checkout.root / environment.declared_in).write_text(
        "[project]\nname = 'demo-only-2'\n", encoding="utf-8"
    )
    installation.ensure(environment)
    assert len(calls) > first


def test_an_installation_that_was_cut_short_is_made_anew(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    installation.ensure(environment)
    environment.setup_state.write_text("building", encoding="utf-8")
    leftover = environment.folder / "half-installed"
    leftover.touch()
    calls.clear()
    installation.ensure(environment)
    assert not leftover.exists()
    assert "venv" in calls[0]


def test_a_venv_whose_python_is_gone_is_made_anew(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    installation.ensure(environment)
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python")
    calls.clear()
    installation.ensure(environment)
    assert "venv" in calls[0]


def test_a_venv_that_was_copied_from_elsewhere_is_made_anew(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    environment.bin.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    (environment.folder / "bin/pip").write_text("#!/nowhere/.venv/bin/python\n", encoding="utf-8")
    installation.ensure(environment)
    assert "venv" in calls[0]


def test_a_venv_made_by_hand_is_adopted(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    environment.bin.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    (environment.folder / "bin/pip").write_text(f"#!{environment.python}\n", encoding="utf-8")
    installation.ensure(environment)
    assert calls
    assert not any("venv" in call for call in calls)


def test_a_failing_pip_is_told_with_its_last_words_and_tried_again_next_time(environment, monkeypatch):
    installation = sys.modules["installation"]
    _set_up_by_stub(installation, monkeypatch, works=False)
    with pytest.raises(installation.SetupError, match="last words of pip"):
        installation.ensure(environment)
    assert not installation._is_ready(environment, installation.digest(environment))


def test_two_set_ups_at_once_install_once(environment, monkeypatch):
    installation = sys.modules["installation"]
    calls = _set_up_by_stub(installation, monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(installation.ensure, environment) for _ in range(2)]:
            done.result(timeout=30)
    assert sum("venv" in call for call in calls) == 1


def test_a_set_up_under_way_is_waited_for(environment, monkeypatch, capfd):
    installation = sys.modules["installation"]
    _set_up_by_stub(installation, monkeypatch)
    environment.checkout.state.mkdir()
    with (environment.checkout.state / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(installation.ensure, environment)
            told = ""
            while "waiting" not in told and not waiting.done():
                told += capfd.readouterr().err
            assert not environment.folder.exists()
            fcntl.flock(lock, fcntl.LOCK_UN)
            waiting.result(timeout=30)
    assert environment.folder.exists()


def test_a_child_that_outlives_a_killed_set_up_keeps_the_next_one_waiting(checkout, script):
    installation = sys.modules["installation"]
    with installation.one_at_a_time(checkout) as lock:
        orphan = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=(lock,))
    with (checkout.state / "setup.lock").open("w") as next_one:
        with pytest.raises(BlockingIOError):
            fcntl.flock(next_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        orphan.communicate()
        fcntl.flock(next_one, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_recorded_browser_is_not_looked_for_again(checkout, monkeypatch):
    installation = sys.modules["installation"]
    checkout.state.mkdir()
    (checkout.state / "browser").write_text(sys.executable, encoding="utf-8")
    # No `.venv` is there: had it looked, this would fail.
    installation.ensure_browser(checkout, {})


def test_children_keep_none_of_the_persons_own_settings(checkout, script):
    targets = script(".ci/targets.py")
    persons = {"PATH": "/bin", "TOKENBROKER_KEY": "demo-only-key", "TOKENBROKER_BROWSER": "/bin/true"}
    env = targets.environment(checkout, "flows", persons)
    assert env == {
        "PATH": "/bin",
        "TOKENBROKER_BROWSER": "/bin/true",
        "TOKENBROKER_HOME": str(checkout.root / ".tokenbroker/flows"),
    }


def test_the_makefile_offers_what_the_bootstrap_does(root, script):
    targets = script(".ci/targets.py").TARGETS
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(targets) <= set(phony[1].split())


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    "target", ["setup", "flows", "test", "test-peers", "lint", "bench", "docs", "soak", "doctor"]
)
def test_make_passes_target_and_arguments_on(root, target):
    told = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target, "ARGS=-k one"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert told.stdout.split() == ["python3", ".ci/bootstrap.py", target, "-k", "one"]


def test_an_unknown_target_gets_the_list_of_targets(root):
    told = subprocess.run(
        [sys.executable, ".ci/bootstrap.py", "flowz"], cwd=root, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "flows" in told.stderr
    assert "Traceback" not in told.stderr
