"""Twenty flows in one pytest run against twenty equal tests of pytest-playwright; whole processes."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Figure, alternate, ratio, spread

ROOT = Path(__file__).parent.parent
FLOWS = ROOT / "flows"
NUMBER = 20
WITH, WITHOUT, RAW = (
    "20 flows, all evidence",
    "20 flows, no pictures",
    "20 tests of pytest-playwright",
)
SETTINGS = 'home = "home"\n[sinks.bitwarden]\ntype = "local"\n'
RAW_CONFTEST = """
import pytest
from demo_site.launch import generate_account, start
from tokenbroker.run.chromium import find_browser

@pytest.fixture(scope="session")
def account():
    return generate_account()

@pytest.fixture(scope="session")
def site(tmp_path_factory, account):
    with start(database=tmp_path_factory.mktemp("demo") / "site.sqlite", accounts=[account]) as site:
        yield site

@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": str(find_browser().path)}
"""
RAW_TESTS = f"""
import pytest

@pytest.mark.parametrize("number", range({NUMBER}))
def test_create_api_key(page, browser, site, account, number):
    page.goto(f"{{site.url}}/login", wait_until="domcontentloaded")
    page.fill("#email", account.email)
    page.fill("#password", account.password)
    page.click("button[type=submit]")
    page.wait_for_selector("text=Security code")
    phone = browser.new_page()
    phone.goto(site.phones[account.email], wait_until="domcontentloaded")
    code = phone.locator("[data-latest-code]").inner_text().strip()
    phone.context.close()
    page.fill("#code", code)
    page.press("#code", "Enter")
    page.wait_for_url("**/api-keys", wait_until="domcontentloaded")
    page.goto(f"{{site.url}}/api-keys", wait_until="domcontentloaded")
    page.get_by_role("link", name="Create API Key", exact=True).or_(
        page.get_by_role("button", name="Create API Key", exact=True)).click()
    page.fill("#name", "OpenDiscourse Agent")
    page.get_by_role("button", name="Create", exact=True).click()
    assert len(page.locator(".token").inner_text()) > 16
"""


def measure(rounds: int) -> list[Figure]:
    """Without pictures ≤ 1.10 of the tests, which take none either; with all evidence for comparison."""
    with tempfile.TemporaryDirectory(prefix="tokenbroker-bench-") as scratch:
        flows, raw = Path(scratch) / "flows-project", Path(scratch) / "raw-project"
        _write_flows(flows)
        raw.mkdir()
        (raw / "conftest.py").write_text(RAW_CONFTEST)
        (raw / "test_raw.py").write_text(RAW_TESTS)
        seconds = alternate(
            {
                WITHOUT: _session(flows, "--no-pictures"),
                RAW: _session(raw),
                WITH: _session(flows),
            },
            rounds=rounds,
            warm_up=1,
        )
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    return [
        ratio("20 flows in one session, no pictures", seconds, WITHOUT, RAW, target=1.10),
        ratio("20 flows in one session, all evidence", seconds, WITH, RAW, target=None),
    ]


def _write_flows(folder: Path) -> None:
    text = (FLOWS / "examplecloud" / "create_api_key.yaml").read_text(encoding="utf-8")
    (folder / "flows").mkdir(parents=True)
    shutil.copy(FLOWS / "conftest.py", folder / "conftest.py")
    (folder / "tokenbroker.toml").write_text(SETTINGS)
    for number in range(NUMBER):
        (folder / "flows" / f"create_{number}.yaml").write_text(
            text.replace("flow: create_api_key", f"flow: create_{number}").replace(
                "example/opendiscourse", f"example/opendiscourse-{number}"
            )
        )


def _session(folder: Path, *options: str) -> Callable[[], None]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    command += ["--rootdir", str(folder), "-o", "asyncio_default_fixture_loop_scope=function"]

    def run() -> None:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        if done.returncode != 0 or f"{NUMBER} passed" not in done.stdout:
            raise SystemExit(f"not everything passed: {done.stdout[-2000:]}{done.stderr[-500:]}")

    return run
