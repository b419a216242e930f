"""Tokens in attributes, sentences, frames, windows, shadow roots and on the clipboard: read or missed, never left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leak.canary import Canaries
from tests.leak.child import Child, started
from tests.leak.clipboard import CLIPBOARD, clipboards
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import CAPTURES, COPIES, MISSED, FlowText, Written
from tests.leak.held import STOP_AT_POINT, held
from tests.leak.project import make_project
from tests.leak.search import search_tree

pytestmark = [pytest.mark.leak, pytest.mark.browser, pytest.mark.req("SECRET-7", "FLOW-2")]
FLOWS: tuple[Written, ...] = (*CAPTURES, *MISSED)


@pytest.fixture(scope="module")
def captured(
    site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Child]:
    """A run of two workers; beside what it leaves, it has looked at its clipboard after each flow."""
    root = tmp_path_factory.mktemp("captured")
    project = make_project(root, site, FLOWS, canaries=planted, conftest=CLIPBOARD)
    with started(project, site, "-n", "2") as child:
        assert child.finish() == pytest.ExitCode.TESTS_FAILED, child.terminal
        yield child


@pytest.mark.parametrize("flow", CAPTURES, ids=lambda flow: flow.name)
def test_a_token_in_each_kind_of_place_is_stored(captured: Child, flow: Written, planted: Canaries) -> None:
    (record,) = captured.project.evidence(flow.name)
    assert record["status"] == "passed", record["failure"]
    with captured.project.broker() as broker:
        (stored,) = record["stored"]
        token = broker.sink("bitwarden").get(stored["path"], actor="harness").reveal()
    assert token.startswith(planted.token.value)


@pytest.mark.parametrize("flow", MISSED, ids=lambda flow: flow.name)
def test_a_token_that_is_shown_and_not_read_stops_the_flow(captured: Child, flow: FlowText) -> None:
    (record,) = captured.project.evidence(flow.name)
    assert record["failure"]["code"] == flow.code
    assert record["steps"][-1]["number"] == flow.ends_at
    assert record["stored"] == []


def test_what_these_runs_leave_holds_no_secret(captured: Child, planted: Canaries) -> None:
    assert captured.hits(planted) == []


def test_the_clipboard_is_empty_after_each_flow(captured: Child) -> None:
    assert clipboards(captured.project) == {flow.name: "" for flow in FLOWS}


def test_a_browser_that_has_copied_a_token_has_it_in_no_file(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    """Its profile and all temporary folders, while it still runs; the token is in the spool by then."""
    with held(tmp_path, site, planted, COPIES, conftest=STOP_AT_POINT.replace("POINT", "put")) as child:
        assert len([path for path in child.project.temporary.rglob("*") if path.is_file()]) > 1
        assert search_tree(planted, child.project.root) == []
        site.let_go()
        assert child.finish() == pytest.ExitCode.OK, child.terminal
        assert child.hits(planted) == []
