"""The browser as a run needs it: our arguments proven, and each context closed in behind a gate.

This is the only place that opens contexts.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.errors import BrowserUnavailable
from tokenbroker.run import egress
from tokenbroker.run.egress import Gate
from tokenbroker.run.pictures import block_font
from tokenbroker.run.pictures.proof import prove_block_font

VIEWPORT = {"width": 1280, "height": 800}
# Lets `prove_arguments` ask the browser for its own command line.
_ASKABLE = "--enable-automation"
_INHERITED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH",
)  # fmt: skip

_SANDBOX_FAILED = "Chromium sandboxing failed!"
"""What Playwright makes of the browser's own complaint."""
_ALLOW_SANDBOX = (
    "this machine forbids Chromium's sandbox: allow unprivileged user namespaces (in a container: its seccomp "
    'profile), or go without by a fixture `browser_type_launch_args` that adds "chromium_sandbox": False'
)


def launch_options(
    executable: Path,
    *,
    headed: bool,
    folder: Path,
    environ: Mapping[str, str],
    given: Mapping[str, Any],
    is_gated: bool = True,
) -> dict[str, Any]:
    """What Playwright's `launch` is to be given; `given` holds the project's own launch options.

    The browser's environment holds what a browser needs and nothing else: no secret of the person's shell
    reaches it. `folder` takes the font configuration of a headless browser. One that is not gated looks up names
    itself: it is a person's, and goes where they go.
    """
    environment = {name: environ[name] for name in _INHERITED if name in environ}
    if not headed and block_font.works_here():
        environment |= block_font.write_fontconfig(folder)
    # The project's own arguments come first: of two equal switches Chromium takes the last.
    gate = egress.CHROMIUM_ARGUMENTS if is_gated else ()
    arguments = [*given.get("args", ()), *gate, *block_font.CHROMIUM_ARGUMENTS, _ASKABLE]
    return {
        **given,
        "executable_path": str(executable),
        "headless": not headed,
        "args": arguments,
        "env": environment,
        # Playwright's own default is off. Chromium's sandbox can't work for root.
        "chromium_sandbox": given.get("chromium_sandbox", os.geteuid() != 0),
        # Ctrl-C reaches Playwright's driver too. Only one may close the browser, or its profile is left behind.
        "handle_sigint": False,
    }


@contextmanager
def started(launch: Callable[[], Browser], executable: Path) -> Iterator[Browser]:
    """The browser that `launch` starts, closed at the end.

    Raises:
        BrowserUnavailable: `browser.not_started`.
    """
    browser = None
    next_step = "`tokenbroker doctor` tells what is missing"
    try:
        browser = launch()
    except PlaywrightError as error:  # its message holds the command line and the browser's own log
        if _SANDBOX_FAILED in error.message:
            next_step = _ALLOW_SANDBOX
    if browser is None:
        raise BrowserUnavailable(
            f"{executable} did not start", next_step=next_step, code="browser.not_started"
        )
    try:
        yield browser
    finally:
        with suppress(PlaywrightError):
            browser.close()


def require_display(
    environ: Mapping[str, str], *, what: str = "--headed", instead: str = "leave --headed away, or "
) -> None:
    """Stop `what`, which needs a window, where none can be shown; `instead` begins what to do about it.

    Raises:
        BrowserUnavailable: `browser.no_display`.
    """
    if sys.platform == "linux" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        raise BrowserUnavailable(
            f"{what} needs a screen, and this session has none (DISPLAY is not set)",
            next_step=f"{instead}start it from a desktop session (or under xvfb-run)",
            code="browser.no_display",
        )


def prove_arguments(browser: Browser) -> None:
    """Ask the browser for its command line, and stop the run where our arguments are missing.

    Raises:
        BrowserUnavailable: `browser.unprotected`; another fixture or wrapper has dropped them.
    """
    needed = (*egress.CHROMIUM_ARGUMENTS, *block_font.CHROMIUM_ARGUMENTS)
    try:
        session = browser.new_browser_cdp_session()
        present = session.send("Browser.getBrowserCommandLine")["arguments"]
        session.detach()
    except PlaywrightError:
        present = []
    missing = [argument for argument in needed if argument not in present]
    if missing:
        raise BrowserUnavailable(
            f"the browser runs without {missing[0]}, so traffic could leave it beside the allow-list",
            next_step="let your fixture pass on the launch options that tokenbroker's `flow_browser` makes",
            code="browser.unprotected",
        )


@contextmanager
def gated_context(browser: Browser, gate: Gate) -> Iterator[BrowserContext]:
    """A fresh context behind `gate`, closed at the end: no profile, downloads, permissions or service workers."""
    context = browser.new_context(
        proxy={"server": gate.proxy_url, "bypass": "<-loopback>"},
        service_workers="block",
        accept_downloads=False,
        permissions=[],
        viewport=VIEWPORT,  # type: ignore[arg-type]  # ViewportSize is a TypedDict of the same keys
    )
    try:
        yield context
    finally:
        _close(context)


@contextmanager
def recorded_context(browser: Browser, *, headed: bool = True) -> Iterator[BrowserContext]:
    """A fresh context that a person uses by hand, closed at the end: no profile, downloads or service workers.

    It is not gated: a person sees where they are. In a window of its own the page has the window's size.
    """
    size: dict[str, Any] = {"no_viewport": True} if headed else {"viewport": VIEWPORT}
    context = browser.new_context(service_workers="block", accept_downloads=False, permissions=[], **size)
    try:
        yield context
    finally:
        _close(context)


@contextmanager
def scratch_page(browser: Browser) -> Iterator[Page]:
    """An empty page of ours, in a context of its own without any network, closed at the end."""
    context = browser.new_context(
        offline=True, service_workers="block", accept_downloads=False, permissions=[]
    )
    try:
        yield context.new_page()
    finally:
        _close(context)


def draws_blocks(browser: Browser) -> bool:
    """Whether this browser is proven to draw every character alike; asked once for each browser process."""
    context = browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]  # as in `gated_context`
    try:
        return prove_block_font(context)
    finally:
        _close(context)


def _close(context: BrowserContext) -> None:
    try:
        context.close()
    except PlaywrightError:
        return  # the browser is gone, and the context with it
