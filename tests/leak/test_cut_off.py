"""Runs that are cut off: by Ctrl-C in mid-fill, by a crashing page, by SIGABRT, and by SIGKILL at fault points."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.leak.canary import Canaries
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import BLOCKS, passing
from tests.leak.held import STOP_AT_POINT, held
from tests.leak.opened import bundles_of
from tests.leak.search import process_tree

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7"),
]


@pytest.mark.parametrize("group", [True, False], ids=["whole group", "pytest alone"])
def test_a_ctrl_c_in_mid_fill_ends_the_run_in_good_order_and_shows_nothing(
    site: ExampleSite, planted: Canaries, tmp_path: Path, group: bool
) -> None:
    with held(tmp_path, site, planted, BLOCKS) as child:
        child.interrupt(group=group)
        assert child.finish() == pytest.ExitCode.INTERRUPTED, child.terminal
        assert child.watch.wait_until_all_ended() == []
        assert list(child.project.temporary.iterdir()) == []
        (record,) = child.project.evidence(BLOCKS.name)
        assert record["status"] == "interrupted"
        assert len(bundles_of(child.project)) == 1
        for results in ("project/reports/*/allure-results", "out/allure"):
            (result,) = child.project.root.glob(f"{results}/*-result.json")
            assert json.loads(result.read_bytes())["steps"][2]["status"] == "broken"
        assert child.hits(planted) == []


def test_a_ctrl_c_that_reaches_two_workers_in_mid_fill_shows_nothing(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    with held(tmp_path, site, planted, BLOCKS, "-n", "2") as child:
        child.interrupt(group=True)
        assert child.finish() == pytest.ExitCode.INTERRUPTED, child.terminal
        assert child.watch.wait_until_all_ended() == []
        assert child.hits(planted) == []


def test_a_page_that_crashes_in_mid_fill_fails_the_step_and_shows_nothing(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    with held(tmp_path, site, planted, BLOCKS) as child:
        for member in process_tree(child.process.pid):
            if b"--type=renderer" in Path(f"/proc/{member}/cmdline").read_bytes():
                os.kill(member, signal.SIGSEGV)
        assert child.finish() == pytest.ExitCode.TESTS_FAILED, child.terminal
        (record,) = child.project.evidence(BLOCKS.name)
        assert record["failure"]["code"] == "browser.crashed"
        assert not list(child.project.root.rglob("core*"))
        assert child.hits(planted) == []


@pytest.mark.parametrize("point", ["read", "sealed", "put"])
def test_a_killed_run_leaves_no_secret_in_clear(
    site: ExampleSite, planted: Canaries, tmp_path: Path, point: str
) -> None:
    with held(tmp_path, site, planted, passing(), conftest=STOP_AT_POINT.replace("POINT", point)) as child:
        child.process.kill()
        assert child.finish() == -signal.SIGKILL
        assert child.watch.wait_until_all_ended() == []
        assert child.hits(planted) == []


def test_a_run_that_aborts_with_a_token_in_memory_leaves_no_core(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    with held(tmp_path, site, planted, passing(), conftest=STOP_AT_POINT.replace("POINT", "read")) as child:
        limits = [Path(f"/proc/{member}/limits").read_text() for member in process_tree(child.process.pid)]
        child.process.send_signal(signal.SIGABRT)
        assert child.finish() == -signal.SIGABRT
        assert child.watch.wait_until_all_ended() == []
        assert not list(child.project.root.rglob("core*"))
        assert child.hits(planted) == []
    core = {
        tuple(line.split()[4:6])
        for text in limits
        for line in text.splitlines()
        if line.startswith("Max core file")
    }
    assert core == {("0", "0")}
