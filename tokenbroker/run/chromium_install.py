"""Have a browser that starts: found, else Playwright's own download, else the distribution's package."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tokenbroker.errors import BrowserUnavailable
from tokenbroker.run.chromium import (
    HOW_TO_GET_ONE,
    VARIABLE,
    Browser,
    Machine,
    find_browser,
    last_line,
    playwright_browsers,
)

# What installers may know of this process's environment: it may hold secrets, and they run as root.
_INSTALLER_VARIABLES = re.compile(
    r"PATH|HOME|LANG|TMPDIR|(?i:https?_proxy|no_proxy)|SSL_CERT_.*|NODE_.*|PLAYWRIGHT_.*"
)
_DOWNLOAD_TIMEOUT_S = 180.0
_PACKAGE_TIMEOUT_S = 600.0


def ensure_browser(
    configured: Path | None = None,
    *,
    machine: Machine | None = None,
    say: Callable[[str], None] = lambda _sentence: None,
) -> Browser:
    """A browser that starts: one found, else Playwright's own download, else the distribution's package.

    A browser that the settings or the variable name is never replaced by another. `say` is told what is being
    tried, in sentences. Takes up to three minutes for a download, ten for a package.

    Raises:
        BrowserUnavailable: none could be had; the sentence tells what was tried and how each attempt ended.
    """
    machine = machine or Machine.this()
    if configured is not None or machine.environ.get(VARIABLE):
        return _starting(find_browser(configured, machine=machine))
    tried: list[str] = []
    for attempt in (_as_it_is, _download, _system_libraries, _package):
        trouble = attempt(machine, say)
        if trouble:
            tried.append(trouble)
        try:
            return _starting(find_browser(machine=machine))
        except BrowserUnavailable as error:
            last = error.sentence
    raise BrowserUnavailable("; ".join([last, *tried]), next_step=HOW_TO_GET_ONE)


def _starting(browser: Browser) -> Browser:
    browser.version()
    return browser


def _as_it_is(_machine: Machine, _say: Callable[[str], None]) -> str:
    return ""


def _download(machine: Machine, say: Callable[[str], None]) -> str:
    say("no browser that starts was found; asking Playwright to download its own (about 100 MB)")
    command = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
    return _attempt("Playwright's download", command, machine, _DOWNLOAD_TIMEOUT_S)


def _system_libraries(machine: Machine, say: Callable[[str], None]) -> str:
    if not machine.may_install or not any(playwright_browsers(machine)):
        return ""
    say("Playwright's browser lacks libraries of the system; installing them")
    command = [sys.executable, "-m", "playwright", "install-deps", "chromium-headless-shell"]
    return _attempt("the libraries it needs", command, machine, _PACKAGE_TIMEOUT_S)


def _package(machine: Machine, say: Callable[[str], None]) -> str:
    if not machine.may_install:
        return "the system's package was not tried (that needs root)"
    for tool, refresh, install, packages in (
        (
            "apt-get",
            ["update"],
            ["install", "-y", "--no-install-recommends"],
            ["chromium-headless-shell", "chromium"],
        ),
        ("dnf", [], ["install", "-y"], ["chromium-headless", "chromium"]),
        ("apk", [], ["add"], ["chromium"]),
    ):
        program = shutil.which(tool, path=machine.environ.get("PATH", ""))
        if program is None:
            continue
        if refresh:
            say(f"{tool} {' '.join(refresh)}")
            # A failing refresh (one stale source among several) need not keep the package from being there.
            _attempt(tool, [program, *refresh], machine, _PACKAGE_TIMEOUT_S)
        trouble = ""
        for package in packages:
            say(f"{tool} {' '.join(install)} {package}")
            trouble = _attempt(
                f"{tool} {install[0]} {package}", [program, *install, package], machine, _PACKAGE_TIMEOUT_S
            )
            if not trouble:
                return ""
        return trouble
    return "no package tool that is known here (apt-get, dnf, apk)"


def _attempt(what: str, command: Sequence[str], machine: Machine, timeout_s: float) -> str:
    """Run `command`; answers "" or a sentence on how it failed."""
    env = {name: value for name, value in machine.environ.items() if _INSTALLER_VARIABLES.fullmatch(name)}
    process = subprocess.Popen(
        command,
        env={**env, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # so that what it starts ends with it
    )
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"{what}: not done within {timeout_s:.0f} s"
    except BaseException:
        _end(process)
        raise
    return "" if process.returncode == 0 else f"{what}: {last_line(output)}"


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):  # a package tool gets the time to leave things whole
        try:
            os.killpg(process.pid, number)
            process.communicate(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
