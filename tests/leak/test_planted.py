"""Proof that the harness can fail: a leak planted in each channel of a real run is found there."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.leak import plants
from tests.leak.canary import Canaries
from tests.leak.child import HELD_S, Child, started
from tests.leak.clipboard import CLIPBOARD
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import passing
from tests.leak.project import Project, make_project
from tests.leak.search import Hit, search_tree

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7"),
]
KINDS = {"email", "password", "otp", "token"}
CARELESS = """
import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

import allure

VALUES = json.loads(Path("VALUES_FILE").read_text())
ALL = " ".join(VALUES)
WAIT = [sys.executable, "-c", "import sys; sys.stdin.read()"]


def test_prints():
    print(ALL)
    raise AssertionError("a message without a value")


def test_raises_with_locals():
    value = ALL
    raise AssertionError("what is in a local")


def test_writes(record_property, request, tmp_path):
    record_property("careless", ALL)
    allure.attach(ALL, "careless")
    request.config.cache.set("careless", VALUES)
    (tmp_path / "note").write_text(ALL)
    Path(tempfile.mkdtemp(), "left-over").write_text(ALL)
    Path.home().joinpath(".history").write_text(ALL)


def test_copies(flow_page):
    flow_page.fill("textarea", ALL)
    flow_page.press("textarea", "ControlOrMeta+A")
    flow_page.press("textarea", "ControlOrMeta+C")


def test_starts_processes():
    own = {**os.environ, "CARELESS": ALL}
    by_argument = subprocess.Popen([*WAIT, ALL], stdin=subprocess.PIPE)
    by_environment = subprocess.Popen(WAIT, stdin=subprocess.PIPE, env=own)
    urlopen(json.loads(Path("site.json").read_text())["url"] + "/trap/hold", timeout=100).close()
    for process in (by_argument, by_environment):
        process.communicate()
"""


@pytest.fixture(scope="module")
def careless(
    site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Child]:
    """A run of a good flow in a careless project; the values come from a file outside of what is searched."""
    values = tmp_path_factory.mktemp("private") / "values.json"
    values.write_text(json.dumps([canary.value for canary in planted]))
    root = tmp_path_factory.mktemp("careless")
    project = make_project(root, site, [passing()], canaries=planted, conftest=CLIPBOARD)
    (project.folder / "flows" / "test_careless.py").write_text(CARELESS.replace("VALUES_FILE", str(values)))
    with started(project, site) as child:
        assert site.held.wait(HELD_S), child.terminal
        child.look()
        site.let_go()
        assert child.finish() == pytest.ExitCode.TESTS_FAILED
        yield child


@pytest.fixture(scope="module")
def places(careless: Child, planted: Canaries) -> set[str]:
    """Where the search of the whole run has found something."""
    return {hit.where for hit in careless.hits(planted)}


@pytest.mark.parametrize(
    "channel",
    [
        "out/terminal.txt",
        "out/junit.xml",
        "out/allure/*-attachment*",
        "out/basetemp/*/note",
        "out/clipboard/test_copies*",
        "project/.pytest_cache/v/careless",
        "tmp/*/left-over",
        "user/.history",
    ],
)
def test_a_leak_into_a_file_of_the_run_is_found(
    careless: Child, places: set[str], planted: Canaries, channel: str
) -> None:
    files = list(careless.project.root.glob(channel))
    assert files
    assert kinds(search_tree(planted, *files)) == KINDS
    assert places & {str(file) for file in files}


@pytest.mark.parametrize("name", ["cmdline", "environ"])
def test_a_leak_into_a_process_is_found(careless: Child, planted: Canaries, name: str) -> None:
    hits = careless.watch.hits(planted)
    assert kinds([hit for hit in hits if hit.where.startswith(f"{name} of ")]) == KINDS


@pytest.mark.parametrize(
    "plant",
    [
        plants.into_record,
        plants.into_picture,
        plants.into_labelled_picture,
        plants.into_step_title,
        plants.into_step_title_of_alluredir,
        plants.into_store,
        plants.into_spool,
        plants.into_core,
    ],
)
def test_a_leak_into_what_a_run_leaves_is_found(
    careless: Child, planted: Canaries, plant: Callable[[Project, str], Path]
) -> None:
    project = careless.project
    clean = [project.folder / "reports", project.home]
    before = {hit.where for hit in search_tree(planted, *clean)}
    file = plant(project, " ".join(canary.value for canary in planted))
    assert str(file) not in before
    assert kinds(search_tree(planted, file)) == KINDS


def kinds(hits: list[Hit]) -> set[str]:
    return {hit.kind for hit in hits}
