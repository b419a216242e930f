"""Runs with planted values, and the page generator, for the reports made of them."""

import os
from collections.abc import Iterator

import platformdirs
import pytest

from tests.leak.child import Child, started
from tests.leak.example_site import example_site
from tests.leak.flow_texts import failing_at, passing
from tests.leak.project import make_project
from tests.leak.search import Canaries, generate_canaries
from tokenbroker.evidence.report.generator import Generator, find_generator
from tokenbroker.evidence.report.page import ReportUnavailable


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    """Values that may stand in no result and on no page."""
    return generate_canaries()


@pytest.fixture(scope="session")
def reported(canaries: Canaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """Two workers that have run three flows of which one fails, with ``--alluredir``."""
    root = tmp_path_factory.mktemp("reported")
    flows = (passing(), passing("passes_too"), failing_at(8))
    with example_site(canaries, tmp_path_factory.mktemp("site") / "site.sqlite") as site:
        project = make_project(root, site, flows, canaries=canaries)
        with started(project, site, "-n", "2") as child:
            assert child.finish() == 1, child.terminal
            yield child


@pytest.fixture(scope="session")
def generator() -> Generator:
    """Allure's generator, from the user's cache folder or installed into it."""
    try:
        return find_generator(platformdirs.user_cache_path("tokenbroker"), os.environ, say=print)
    except ReportUnavailable as missing:
        reason = missing.sentence
    pytest.skip(f"no page generator: {reason}")
