"""A Chromium to run flows in: found on this machine, or installed.

``python -m tokenbroker.run.chromium`` prints the path of the browser found; with ``--ensure`` one is
installed when there is none that starts (:mod:`tokenbroker.run.chromium_install`).
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tokenbroker.errors import BrokerError, BrowserUnavailable

VARIABLE = "TOKENBROKER_BROWSER"
Kind = Literal["headless-shell", "chromium", "chrome"]

_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "headless-shell": ("chromium-headless-shell", "chrome-headless-shell", "headless_shell"),
    "chromium": ("chromium", "chromium-browser", "Chromium"),
    "chrome": ("google-chrome", "google-chrome-stable", "chrome", "Google Chrome"),
}
_PLACES = (
    "/usr/bin",
    "/usr/local/bin",
    "/usr/lib/chromium",
    "/usr/lib64/chromium-browser",
    "/opt/google/chrome",
    "/opt/homebrew/bin",
    "/Applications/Chromium.app/Contents/MacOS",
    "/Applications/Google Chrome.app/Contents/MacOS",
)
_VERSION_TIMEOUT_S = 30.0
HOW_TO_GET_ONE = (
    "install Chromium (Debian: apt-get install chromium-headless-shell), or let Playwright download its own "
    f"(playwright install chromium-headless-shell), or name one in {VARIABLE}"
)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What finding and installing depend on."""

    environ: Mapping[str, str]
    places: tuple[str, ...] = _PLACES
    may_install: bool = False

    @classmethod
    def this(cls) -> "Machine":
        """The machine this runs on; packages may be installed by root only."""
        return cls(environ=os.environ, may_install=os.geteuid() == 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Browser:
    """A browser of the Chromium family.

    Attributes:
        path: the file to start.
        kind: headless-shell can't show a window; chromium and chrome can.
        source: how it was found, a sentence for a person.
    """

    path: Path
    kind: Kind
    source: str

    def version(self) -> str:
        """The version it tells, such as ``159.0.8154.6``; starts the browser's file (about 0.1 s).

        Raises:
            BrowserUnavailable: it does not start.
        """
        try:
            told = subprocess.run(
                [self.path, "--version"],
                env={name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_VERSION_TIMEOUT_S,
                check=False,
            )
            output, code = told.stdout + told.stderr, told.returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            output, code = type(error).__name__, 1
        found = re.search(r"\d+(?:\.\d+)+", output)
        if code != 0 or found is None:
            raise BrowserUnavailable(
                f"{self.path} does not start ({last_line(output)})", next_step=HOW_TO_GET_ONE
            )
        return found[0]


def find_browser(
    configured: Path | None = None, *, headed: bool = False, machine: Machine | None = None
) -> Browser:
    """The browser to use: `configured`, else ``$TOKENBROKER_BROWSER``, else an installed one or Playwright's.

    Nothing is started: this takes about a millisecond. With `headed` a browser that has no windows
    (headless-shell) is passed over.

    Raises:
        BrowserUnavailable: there is none, or the one named is no browser that could be used.
    """
    machine = machine or Machine.this()
    if configured is not None:
        return _named(str(configured), "the settings name it", headed, machine)
    if name := machine.environ.get(VARIABLE):
        return _named(name, f"{VARIABLE} names it", headed, machine)
    for browser in (*_installed(machine), *playwright_browsers(machine)):
        if not (headed and browser.kind == "headless-shell"):
            return browser
    what = "with a window (chromium or chrome) " if headed else ""
    raise BrowserUnavailable(
        f"no browser {what}was found on PATH, in the usual places, or among Playwright's own downloads",
        next_step=HOW_TO_GET_ONE.replace("-headless-shell", "") if headed else HOW_TO_GET_ONE,
    )


def _named(name: str, source: str, headed: bool, machine: Machine) -> Browser:
    path = shutil.which(name, path=machine.environ.get("PATH", ""))
    if path is None or not Path(path).is_file():
        raise BrowserUnavailable(
            f"{source}, but {name} is not a program that can be started",
            next_step=f"correct it, or leave {VARIABLE} and the setting out to let one be found",
        )
    browser = Browser(path=Path(path).absolute(), kind=_kind(Path(path)), source=source)
    if headed and browser.kind == "headless-shell":
        raise BrowserUnavailable(
            f"{source}, but {name} can't show a window",
            next_step="name a full chromium or chrome, or run without --headed",
        )
    return browser


def _kind(path: Path) -> Kind:
    name = path.resolve().name if path.is_symlink() else path.name
    if "headless" in name:
        return "headless-shell"
    return "chrome" if "chrom" in name.lower() and "chromium" not in name.lower() else "chromium"


def _installed(machine: Machine) -> Iterator[Browser]:
    on_path = machine.environ.get("PATH", "")
    for kind, names in _NAMES.items():
        for where, source in (
            (on_path, "found on PATH"),
            (os.pathsep.join(machine.places), "found in its usual place"),
        ):
            for name in names:
                found = shutil.which(name, path=where) if where else None
                if found is not None and not _is_snap(Path(found)):
                    yield Browser(path=Path(found).absolute(), kind=kind, source=source)


def _is_snap(path: Path) -> bool:
    """Whether it is Ubuntu's snap, or the script in its place: confined, it can't use a profile in /tmp."""
    if path.resolve().is_relative_to("/snap") or path.resolve().name == "snap":
        return True
    with path.open("rb") as file:
        start = file.read(2048)
    return start.startswith(b"#!") and b"snap" in start


def playwright_browsers(machine: Machine) -> Iterator[Browser]:
    """Playwright's own browsers, of the very revision that the installed Playwright wants."""
    spec = find_spec("playwright")
    listed = Path(spec.origin).parent / "driver/package/browsers.json" if spec and spec.origin else None
    if listed is None or not listed.is_file():
        return
    revisions = {b["name"]: b["revision"] for b in json.loads(listed.read_text(encoding="utf-8"))["browsers"]}
    registry = _playwright_registry(machine)
    kinds: tuple[tuple[Kind, str], ...] = (
        ("headless-shell", "chromium-headless-shell"),
        ("chromium", "chromium"),
    )
    for kind, name in kinds:
        folder = registry / f"{name.replace('-', '_')}-{revisions.get(name)}"
        if (folder / "INSTALLATION_COMPLETE").is_file():
            for program in ("*/chrome-headless-shell", "*/chrome", "*/*.app/Contents/MacOS/*"):
                for path in sorted(folder.glob(program)):
                    yield Browser(path=path, kind=kind, source="Playwright's own download")


def _playwright_registry(machine: Machine) -> Path:
    chosen = machine.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if chosen and chosen != "0":
        return Path(chosen)
    home = Path(machine.environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library/Caches/ms-playwright"
    return Path(machine.environ.get("XDG_CACHE_HOME") or home / ".cache") / "ms-playwright"


def last_line(output: str) -> str:
    """The last thing that a program said, for a sentence on how it failed."""
    # Playwright's stack frames tell a person nothing.
    lines = [
        line.strip() for line in output.splitlines() if line.strip() and not line.lstrip().startswith("at ")
    ]
    return lines[-1][:200] if lines else "it said nothing"


def main(arguments: Sequence[str]) -> int:
    """Print the path of the browser; answers the exit code for the shell."""
    parser = argparse.ArgumentParser(
        prog="python -m tokenbroker.run.chromium", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--ensure", action="store_true", help="install one when there is none that starts")
    wanted = parser.parse_args(arguments)
    try:
        if wanted.ensure:
            from tokenbroker.run.chromium_install import ensure_browser  # it imports this module

            browser = ensure_browser(say=lambda sentence: print(f"browser: {sentence}", file=sys.stderr))  # noqa: T201
        else:
            browser = find_browser()
    except BrokerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    print(browser.path)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
