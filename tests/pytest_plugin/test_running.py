"""Flows run as tests do: beside others, spread, repeated, reported (RUN-1)."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.project import LOOK, Project

pytestmark = [pytest.mark.req("RUN-1"), pytest.mark.browser]

MISSING = LOOK + '  - click: { selector: "#no-such-button" }\n    timeout: 300ms\n'
ASYNCIO_TEST = """\
import asyncio

import pytest


@pytest.mark.asyncio
async def test_async():
    await asyncio.sleep(0)
"""


def test_workers_share_the_flows_and_junit_names_each(demo_project: Project) -> None:
    for name in ("one", "two", "three"):
        demo_project.flow(name)
    ended = demo_project.pytest("-n", "2", "--junitxml=junit.xml", "--no-pictures")
    assert (ended.code, ended.outcomes()) == (0, {"passed": 3}), ended.text
    cases = ElementTree.parse(demo_project.folder / "junit.xml").iter("testcase")
    assert sorted(case.attrib["name"] for case in cases) == ["one", "three", "two"]


def test_the_last_failed_alone_run_again_and_x_stops_at_the_first(demo_project: Project) -> None:
    demo_project.flow("a_good")
    bad = demo_project.flow("b_bad", MISSING)
    demo_project.flow("c_never")
    first = demo_project.pytest("-x", "--no-pictures")
    assert (first.code, first.outcomes()) == (1, {"passed": 1, "failed": 1}), first.text
    again = demo_project.pytest("--lf", "--collect-only", "-q")
    assert [line for line in again.out.splitlines() if "::" in line] == [f"{bad}::b_bad"]
    demo_project.flow("b_bad")
    mended = demo_project.pytest("--lf", "--no-pictures")
    assert (mended.code, mended.outcomes()) == (0, {"passed": 1}), mended.text


def test_asyncio_tests_run_beside_flows_in_one_session(demo_project: Project) -> None:
    demo_project.flow("one")
    for name in ("test_a.py", "zz/test_z.py"):
        demo_project.write(name, ASYNCIO_TEST)
    ended = demo_project.pytest("flows", ".", "--no-pictures")
    assert (ended.code, ended.outcomes()) == (0, {"passed": 3}), ended.text


@pytest.mark.req("FLOW-6")
def test_the_summary_tells_mode_references_and_evidence(attended: Project) -> None:
    path = attended.folder / "flows/create.yaml"
    path.parent.mkdir()
    path.write_text(reference_flow(), encoding="utf-8")
    ended = attended.pytest("--no-pictures")
    assert (ended.code, ended.outcomes()) == (0, {"passed": 1}), ended.text
    assert "semi_auto: the flow allows both" in ended.out
    assert "bitwarden:example/opendiscourse@1" in ended.out
    (evidence,) = (path for path in (attended.folder / "reports").iterdir() if path.is_dir())
    assert str(evidence.relative_to(attended.folder)) in ended.out
    assert (evidence / "run.json").is_file()


def reference_flow() -> str:
    from importlib import resources

    return resources.files("tokenbroker.scaffold").joinpath("project/reference.flow.yaml").read_text("utf-8")


LATE = """
import logging

def pytest_sessionfinish(session):
    # As asyncio tells of a call that a Ctrl-C left half done, once that is collected.
    error = RuntimeError('TargetClosedError: Call log: - fill("demo-only-typed-a1b2c3")')
    logging.getLogger("asyncio").error("Future exception was never retrieved", exc_info=error)
"""


@pytest.mark.req("SECRET-7")
def test_what_asyncio_says_after_the_run_holds_no_secret(project: Project) -> None:
    project.write("conftest.py", LATE)
    project.flow("typed", LOOK + '  - type: { selector: "#pin", value_ref: "env:DEMO_PIN" }\n')
    project.variables["DEMO_PIN"] = "demo-only-typed-a1b2c3"
    ended = project.pytest("-o", "log_cli=true")
    assert "Future exception was never retrieved" in ended.text
    assert "Call log" in ended.text
    assert "demo-only-typed-a1b2c3" not in ended.text
