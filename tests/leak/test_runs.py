"""Runs that pass and runs that fail, at every step and on hostile pages, leave no secret anywhere."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from tests.leak.canary import Canaries
from tests.leak.child import Child, started
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import STEPS, TRAPS, FlowText, failing_at, passing
from tests.leak.opened import HEADERS, bundles_of, embedded, members
from tests.leak.project import make_project
from tests.leak.report_page import make_page
from tests.leak.search import search_parts

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7"),
]
FAILING = (*(failing_at(number) for number in range(1, len(STEPS) + 1)), *TRAPS)
FLOWS = (passing(), *FAILING)


def run(
    root: Path,
    site: ExampleSite,
    canaries: Canaries,
    flows: tuple[FlowText, ...],
    *arguments: str,
    auditor: x25519.Identity | None = None,
) -> Iterator[Child]:
    project = make_project(root, site, flows, canaries=canaries, auditor=auditor)
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
    """Two workers, whose bundles are for a named auditor."""
    flows = (passing(), passing("passes_too"), failing_at(4), failing_at(11), *TRAPS[:1], *TRAPS[5:8])
    root = tmp_path_factory.mktemp("two")
    yield from run(root, site, planted, flows, "-n", "2", auditor=x25519.Identity.generate())


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_run_ends_where_it_is_meant_to(child: Child, flow: FlowText) -> None:
    (record,) = child.project.evidence(flow.name)
    failure = record["failure"]
    assert (failure["code"] if failure else "") == flow.code
    assert record["steps"][-1]["number"] == flow.ends_at


def test_what_passing_and_failing_runs_leave_holds_no_secret(child: Child, planted: Canaries) -> None:
    assert child.hits(planted) == []


@pytest.mark.soak
def test_what_two_workers_leave_holds_no_secret(two_workers: Child, planted: Canaries) -> None:
    assert two_workers.hits(planted) == []


def test_a_bundle_of_each_run_was_opened_and_searched_whole(child: Child, two_workers: Child) -> None:
    for each, runs in ((child, len(FLOWS)), (two_workers, 8)):
        identity = each.project.auditor or each.project.keys().identity
        bundles = bundles_of(each.project)
        assert len(bundles) == runs
        for bundle in bundles:
            folder = bundle.with_name(bundle.name.removesuffix(".bundle.age"))
            held = dict(members(bundle, identity))
            beside = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
            assert beside | {"SHA256SUMS", "SHA256SUMS.sig", HEADERS} == held.keys()
            assert {"START-HERE.html", "junit.xml", "run.json", "flow.yaml"} <= beside


def test_a_bundle_for_an_auditor_is_not_for_its_home(two_workers: Child) -> None:
    identity = two_workers.project.keys().identity
    with pytest.raises(pyrage.DecryptError):
        list(members(bundles_of(two_workers.project)[0], identity))


def test_the_page_of_these_runs_holds_no_secret(child: Child, planted: Canaries, tmp_path: Path) -> None:
    page = make_page(child.project, tmp_path / "allure.html")
    held = list(embedded(page))
    assert sum(b"capture_token" in data for _, data in held) > 1
    assert sum(data.startswith(b"<svg") or data.startswith(b"\x89PNG") for _, data in held) > 3 * len(FLOWS)
    wanted = (*planted, *child.project.keys().canaries)
    assert search_parts(wanted, held, where="the page") == []


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_words_on_pictures_stand_in_the_flow(child: Child, flow: FlowText) -> None:
    drawings = [*child.project.folder.glob(f"reports/*-{flow.name}-????????/allure-results/*.svg")]
    assert drawings or flow.ends_at < 3  # where nothing was acted on, nothing is to be said
    for drawing in drawings:
        words = [text.text or "" for text in ET.parse(drawing).iter("{http://www.w3.org/2000/svg}text")]
        assert [word for word in words if word not in flow.text] == []


def test_every_kind_of_process_was_watched(child: Child) -> None:
    programs = child.watch.programs()
    assert any("python" in name or "pytest" in name for name in programs)
    assert any("node" in name for name in programs)
    assert any("chrom" in name or "headless" in name for name in programs)


def test_no_process_and_no_temporary_file_outlives_its_run(child: Child, two_workers: Child) -> None:
    for each in (child, two_workers):
        assert each.watch.wait_until_all_ended() == []
        assert list(each.project.temporary.iterdir()) == []
