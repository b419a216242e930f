"""Runs that pass and runs that fail, at every step and on hostile pages, leave no secret anywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leak.child import Child, started
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import STEPS, TRAPS, FlowText, failing_at, passing
from tests.leak.project import make_project
from tests.leak.search import Canaries

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7"),
]
FAILING = (*(failing_at(number) for number in range(1, len(STEPS) + 1)), *TRAPS)
FLOWS = (passing(), *FAILING)


def run(
    root: Path, site: ExampleSite, canaries: Canaries, flows: tuple[FlowText, ...], *arguments: str
) -> Iterator[Child]:
    project = make_project(root, site, flows, canaries=canaries)
    with started(project, site, *arguments) as child:
        assert child.finish() == 1, "some flows fail, and no more than that happens"
        yield child


@pytest.fixture(scope="module")
def child(site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    yield from run(tmp_path_factory.mktemp("one"), site, planted, FLOWS)


@pytest.fixture(scope="module")
def two_workers(
    site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Child]:
    flows = (passing(), passing("passes_too"), failing_at(4), failing_at(11), *TRAPS[:1], *TRAPS[5:8])
    yield from run(tmp_path_factory.mktemp("two"), site, planted, flows, "-n", "2")


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_run_ends_where_it_is_meant_to(child: Child, flow: FlowText) -> None:
    (record,) = child.project.evidence(flow.name)
    failure = record["failure"]
    assert (failure["code"] if failure else "") == flow.code
    assert record["steps"][-1]["number"] == flow.ends_at


def test_what_passing_and_failing_runs_leave_holds_no_secret(child: Child, planted: Canaries) -> None:
    assert child.hits(planted) == []


def test_what_two_workers_leave_holds_no_secret(two_workers: Child, planted: Canaries) -> None:
    assert two_workers.hits(planted) == []


def test_every_kind_of_process_was_watched(child: Child) -> None:
    programs = child.watch.programs()
    assert any("python" in name or "pytest" in name for name in programs)
    assert any("node" in name for name in programs)
    assert any("chrom" in name or "headless" in name for name in programs)


def test_no_process_and_no_temporary_file_outlives_its_run(child: Child, two_workers: Child) -> None:
    for each in (child, two_workers):
        assert each.watch.wait_until_all_ended() == []
        assert list(each.project.temporary.iterdir()) == []
