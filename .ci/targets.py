"""What each target of the Makefile does, once the checkout is set up."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import installation
import node_packages
import stages
from installation import Checkout

ROOT = Path(__file__).resolve().parent.parent

_KEPT_SETTINGS = ("TOKENBROKER_BROWSER", "TOKENBROKER_TEST_")


@dataclass(frozen=True, kw_only=True)
class Target:
    """One word of the command line: what it is for, what it needs, what it does.

    Attributes:
        needs_clients: vendors' programs that tests of sinks drive.
    """

    purpose: str
    needs_browser: bool
    act: Callable[[Checkout, Sequence[str]], int]
    needs_peers: bool = False
    needs_clients: bool = False


def environment(checkout: Checkout, home: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """`inherited` for a child that must never touch the person's own tokenbroker.

    The person's `TOKENBROKER_*` settings are left out, but for the browser and what the tests ask for;
    the home is a folder inside the checkout.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("TOKENBROKER_") or name.startswith(_KEPT_SETTINGS)
    }
    kept["TOKENBROKER_HOME"] = str(checkout.state / home)
    return kept


def _become(checkout: Checkout, home: str, *command: str) -> NoReturn:
    # exec, not a child: signals, the terminal and the exit code are then the command's own.
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(checkout.root)
    os.execve(
        checkout.own.python, [str(checkout.own.python), *command], environment(checkout, home, os.environ)
    )


def _setup(checkout: Checkout, _arguments: Sequence[str]) -> int:
    sys.stdout.write(f"set up: {checkout.own.name} and a browser are ready\n")
    return 0


def _flows(checkout: Checkout, arguments: Sequence[str]) -> int:
    env = environment(checkout, "flows", os.environ)
    before = _runs(checkout)
    code = stages.run([str(checkout.own.python), "-m", "pytest", "flows/", *arguments], checkout, env)
    made = sorted(_runs(checkout) - before)
    if made and code in (0, 1):  # after a Ctrl-C nobody waits for a report
        sys.stdout.write(_report(checkout, made, env) + "\n")
    return code


def _runs(checkout: Checkout) -> set[str]:
    """The runs whose evidence is there."""
    return {path.parent.name for path in checkout.root.glob("reports/*/allure-results")}


def _report(checkout: Checkout, runs: Sequence[str], env: Mapping[str, str]) -> str:
    """Make the HTML page of `runs`; answers the line that says where it is, or why there is none."""
    sys.stdout.flush()
    told = subprocess.run(
        [checkout.own.python, "-m", "tokenbroker", "report", *runs],
        cwd=checkout.root,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    last = (told.stdout if told.returncode == 0 else told.stderr).strip().splitlines() or ["no reason given"]
    return f"report: {last[-1]}" if told.returncode == 0 else f"no HTML report: {_sentence(last)}"


def _sentence(complaint: Sequence[str]) -> str:
    """What went wrong, without what was said before it and what to do after it."""
    return next((line for line in complaint if line.startswith("report.")), complaint[-1])


def _test(checkout: Checkout, arguments: Sequence[str]) -> int:
    env = environment(checkout, "test", os.environ)
    return stages.run_all((*stages.STATIC, stages.tests(arguments)), checkout, env)


def _lint(checkout: Checkout, _arguments: Sequence[str]) -> int:
    return stages.run_all(stages.STATIC, checkout, environment(checkout, "test", os.environ))


def _docs(checkout: Checkout, _arguments: Sequence[str]) -> int:
    return stages.run_all(stages.documents(checkout), checkout, environment(checkout, "test", os.environ))


def _bench(checkout: Checkout, arguments: Sequence[str]) -> int:
    _become(checkout, "bench", "-m", "benchmarks", *arguments)


def _with_peers(checkout: Checkout) -> dict[str, str]:
    # Told by a variable: without it these tests are skipped, also where the applications happen to be installed.
    return {**environment(checkout, "test", os.environ), "TOKENBROKER_TEST_PEERS": str(checkout.peers.folder)}


def _soak(checkout: Checkout, arguments: Sequence[str]) -> int:
    command = ["-m", "pytest", "tests/", "-m", "soak", "--timeout=0", *arguments]
    return stages.run([str(checkout.own.python), *command], checkout, _with_peers(checkout))


def _test_peers(checkout: Checkout, arguments: Sequence[str]) -> int:
    command = ["-m", "pytest", "tests/peers", "-m", "not soak", "--timeout=180", *arguments]
    return stages.run([str(checkout.own.python), *command], checkout, _with_peers(checkout))


def _doctor(checkout: Checkout, arguments: Sequence[str]) -> int:
    _become(checkout, "flows", "-m", "tokenbroker", "doctor", *arguments)


TARGETS: Mapping[str, Target] = {
    "setup": Target(
        purpose="install everything into .venv, and a browser",
        needs_browser=True,
        needs_clients=True,
        act=_setup,
    ),
    "flows": Target(
        purpose="run the flows against the demo site, and make their report", needs_browser=True, act=_flows
    ),
    "test": Target(
        purpose="every check and test that CI runs", needs_browser=True, needs_clients=True, act=_test
    ),
    "test-peers": Target(
        purpose="run flows against real third-party applications (in .venv-peers)",
        needs_browser=True,
        needs_peers=True,
        act=_test_peers,
    ),
    "lint": Target(purpose="the checks without the tests", needs_browser=False, act=_lint),
    "docs": Target(purpose="write the generated pages of docs/", needs_browser=False, act=_docs),
    "bench": Target(purpose="measure, and write reports/bench.json", needs_browser=True, act=_bench),
    "soak": Target(
        purpose="the long versions of the tests, with the applications of test-peers",
        needs_browser=True,
        needs_peers=True,
        needs_clients=True,
        act=_soak,
    ),
    "doctor": Target(purpose="tell what this machine has and lacks", needs_browser=False, act=_doctor),
}


def _usage() -> str:
    width = max(map(len, TARGETS))
    lines = [f"  {name:{width}}  {target.purpose}" for name, target in TARGETS.items()]
    return "\n".join(["usage: python3 .ci/bootstrap.py TARGET [arguments]", *lines, ""])


def run(arguments: Sequence[str]) -> int:
    """Set the checkout up as far as the target needs it, and run the target."""
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(_usage())
        return 0
    if not arguments or arguments[0] not in TARGETS:
        sys.stderr.write(_usage())
        return 2
    target = TARGETS[arguments[0]]
    checkout = Checkout(root=ROOT)
    try:
        installation.ensure(checkout.own)
        if target.needs_peers:
            installation.ensure(checkout.peers)
            node_packages.ensure(node_packages.playwright_test(checkout))
        if target.needs_clients:
            node_packages.ensure(node_packages.bitwarden_cli(checkout))
        if target.needs_browser:
            installation.ensure_browser(checkout, os.environ)
    except installation.SetupError as failure:
        sys.stderr.write(f"set-up failed: {failure}\n")
        return 2
    return target.act(checkout, arguments[1:])
