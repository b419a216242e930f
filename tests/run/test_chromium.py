"""Finding and installing a browser, with programs of our own in place of browsers and package tools."""

import time
from pathlib import Path

import pytest

from tokenbroker.errors import BrowserUnavailable
from tokenbroker.run import chromium, chromium_install
from tokenbroker.run.chromium import Machine, find_browser
from tokenbroker.run.chromium_install import ensure_browser


def _program(path: Path, script: str = "echo Chromium 1.2.3.4") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path):
    """Makes a machine on which only what stands in `bin` and `usual` of the test's folder is installed."""

    def made(*, may_install=False, **environ):
        return Machine(
            environ={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home"), **environ},
            places=(str(tmp_path / "usual"),),
            may_install=may_install,
        )

    return made


@pytest.fixture
def no_download(tmp_path, monkeypatch):
    """Playwright's download fails at once: its Python is one that answers so."""
    refusing = _program(tmp_path / "refusing-python", "echo 'Error: demo-only no route'; exit 1")
    monkeypatch.setattr(chromium_install.sys, "executable", str(refusing))


def _playwright_browser(tmp_path, name):
    import json

    import playwright

    listed = json.loads((Path(playwright.__file__).parent / "driver/package/browsers.json").read_text())
    revision = next(b["revision"] for b in listed["browsers"] if b["name"] == name)
    folder = tmp_path / f"registry/{name.replace('-', '_')}-{revision}"
    program = "chrome-headless-shell" if "headless" in name else "chrome"
    found = _program(folder / "chrome-linux64" / program)
    (folder / "INSTALLATION_COMPLETE").touch()
    return found


def test_headless_shell_is_preferred_to_chromium_and_chromium_to_chrome(machine, tmp_path):
    for name, kind in (
        ("google-chrome", "chrome"),
        ("chromium", "chromium"),
        ("chromium-headless-shell", "headless-shell"),
    ):
        path = _program(tmp_path / "bin" / name)
        browser = find_browser(machine=machine())
        assert (browser.path, browser.kind) == (path, kind)


def test_a_headed_run_passes_over_headless_shell(machine, tmp_path):
    _program(tmp_path / "bin/chromium-headless-shell")
    with pytest.raises(BrowserUnavailable):
        find_browser(headed=True, machine=machine())
    chromium_path = _program(tmp_path / "usual/chromium")
    assert find_browser(headed=True, machine=machine()).path == chromium_path


def test_what_the_settings_name_comes_before_the_variable_and_both_before_what_is_found(machine, tmp_path):
    _program(tmp_path / "bin/chromium-headless-shell")
    by_variable, by_setting = _program(tmp_path / "a/chromium"), _program(tmp_path / "b/chrome")
    here = machine(TOKENBROKER_BROWSER=str(by_variable))
    assert find_browser(machine=here).path == by_variable
    assert find_browser(by_setting, machine=here).path == by_setting


def test_a_bare_name_is_looked_up_on_path(machine, tmp_path):
    path = _program(tmp_path / "bin/my-chromium")
    assert find_browser(machine=machine(TOKENBROKER_BROWSER="my-chromium")).path == path


@pytest.mark.parametrize("wrong", ["missing", "folder", "not-executable"])
def test_a_wrong_browser_that_was_named_is_an_error_and_never_skipped(machine, tmp_path, wrong):
    _program(tmp_path / "bin/chromium-headless-shell")
    (tmp_path / "folder").mkdir()
    (tmp_path / "not-executable").write_text("no program", encoding="utf-8")
    named = tmp_path / wrong
    for find in (find_browser, ensure_browser):
        with pytest.raises(BrowserUnavailable) as raised:
            find(machine=machine(TOKENBROKER_BROWSER=str(named), may_install=True))
        assert "TOKENBROKER_BROWSER" in raised.value.sentence


def test_a_headless_shell_that_was_named_is_an_error_for_a_headed_run(machine, tmp_path):
    named = _program(tmp_path / "bin/chromium-headless-shell")
    with pytest.raises(BrowserUnavailable):
        find_browser(named, headed=True, machine=machine())


def test_no_browser_at_all_is_an_error_with_a_next_step(machine):
    with pytest.raises(BrowserUnavailable) as raised:
        find_browser(machine=machine())
    assert raised.value.code == "browser.unavailable"
    assert raised.value.next_step


def test_the_snap_and_the_script_in_its_place_are_passed_over(machine, tmp_path):
    _program(tmp_path / "bin/chromium-browser", "exec /snap/bin/chromium")
    with pytest.raises(BrowserUnavailable):
        find_browser(machine=machine())


@pytest.mark.parametrize(
    ("name", "kind"), [("chromium-headless-shell", "headless-shell"), ("chromium", "chromium")]
)
def test_playwrights_own_download_is_found_when_it_is_complete(machine, tmp_path, name, kind):
    path = _playwright_browser(tmp_path, name)
    here = machine(PLAYWRIGHT_BROWSERS_PATH=str(tmp_path / "registry"))
    browser = find_browser(machine=here)
    assert (browser.path, browser.kind) == (path, kind)
    next((tmp_path / "registry").rglob("INSTALLATION_COMPLETE")).unlink()
    with pytest.raises(BrowserUnavailable):
        find_browser(machine=here)


def test_the_version_is_asked_of_the_browser_only_when_wanted(machine, tmp_path):
    path = _program(
        tmp_path / "bin/chromium", f"touch {tmp_path}/asked; echo Chromium 159.0.8154.6 demo-only"
    )
    browser = find_browser(machine=machine())
    assert browser.path == path
    assert not (tmp_path / "asked").exists()
    assert browser.version() == "159.0.8154.6"


def test_a_browser_that_does_not_start_says_why(machine, tmp_path):
    _program(
        tmp_path / "bin/chromium", "echo 'error while loading shared libraries: libdemo.so' >&2; exit 127"
    )
    with pytest.raises(BrowserUnavailable) as raised:
        find_browser(machine=machine()).version()
    assert "libdemo.so" in raised.value.sentence


def test_ensure_tries_nothing_when_a_browser_is_there(machine, tmp_path):
    path = _program(tmp_path / "bin/chromium")
    said = []
    assert ensure_browser(machine=machine(may_install=True), say=said.append).path == path
    assert said == []


@pytest.mark.usefixtures("no_download")
def test_without_a_download_root_gets_the_distributions_package(machine, tmp_path):
    path = tmp_path / "bin/chromium"
    installs = f"/bin/printf '#!/bin/sh\\necho Chromium 1.2.3\\n' > {path}; /bin/chmod 755 {path}"
    _program(
        tmp_path / "bin/apt-get", f'case "$*" in *headless-shell) exit 100;; *" chromium") {installs};; esac'
    )
    said = []
    assert ensure_browser(machine=machine(may_install=True), say=said.append).path == path
    assert len(said) == 4  # the download, the refresh, two packages


@pytest.mark.usefixtures("no_download")
def test_nobody_but_root_runs_a_package_tool(machine, tmp_path):
    _program(tmp_path / "bin/apt-get", f"/bin/touch {tmp_path}/called")
    with pytest.raises(BrowserUnavailable) as raised:
        ensure_browser(machine=machine())
    assert not (tmp_path / "called").exists()
    assert "no route" in raised.value.sentence
    assert raised.value.next_step


@pytest.mark.usefixtures("no_download")
def test_package_tools_see_no_secret_of_the_environment(machine, tmp_path):
    _program(tmp_path / "bin/apt-get", f"/usr/bin/env >> {tmp_path}/seen; exit 1")
    with pytest.raises(BrowserUnavailable):
        ensure_browser(machine=machine(may_install=True, OP_SERVICE_ACCOUNT_TOKEN="demo-only-token"))
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "DEBIAN_FRONTEND=noninteractive" in seen
    assert "demo-only-token" not in seen


def _ends(pid, within_s=10.0):
    """Whether a process that was sent a signal is gone: one that was killed may still be seen running for an instant."""
    stat, until = Path(f"/proc/{pid}/stat"), time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_a_download_that_hangs_is_ended_with_all_that_it_started(machine, tmp_path, monkeypatch):
    hanging = _program(tmp_path / "hanging-python", f"/bin/sleep 600 & echo $! > {tmp_path}/child; wait")
    monkeypatch.setattr(chromium_install.sys, "executable", str(hanging))
    monkeypatch.setattr(chromium_install, "_DOWNLOAD_TIMEOUT_S", 1.0)
    with pytest.raises(BrowserUnavailable) as raised:
        ensure_browser(machine=machine())
    assert "not done within" in raised.value.sentence
    assert _ends((tmp_path / "child").read_text().strip())


def test_the_command_prints_the_path_and_answers_the_exit_code(tmp_path, monkeypatch, capsys):
    named = _program(tmp_path / "bin/chromium")
    monkeypatch.setenv("TOKENBROKER_BROWSER", str(named))
    assert chromium.main(["--ensure"]) == 0
    assert capsys.readouterr().out == f"{named}\n"
    named.unlink()
    assert chromium.main([]) == 2
    assert "browser.unavailable" in capsys.readouterr().err
