"""Runs that wait in the middle, so that a test can look at them, or end them, just then."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.leak.canary import Canaries
from tests.leak.child import HELD_S, Child, started
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import Written
from tests.leak.project import make_project

STOP_AT_POINT = '''

@pytest.fixture(scope="session", autouse=True)
def stop_at_the_point():
    """Wait, at one point of the run, for what the test does then."""
    from urllib.request import urlopen

    from tokenbroker.run import fault_points

    def listener(name):
        if name == "POINT":
            urlopen(SITE["url"] + "/trap/hold", timeout=100).close()

    with fault_points.listening(listener):
        yield
'''
"""For a project's conftest; ``POINT`` stands for one of `tokenbroker.run.fault_points`."""


@contextmanager
def held(
    root: Path, site: ExampleSite, canaries: Canaries, flow: Written, *arguments: str, conftest: str = ""
) -> Iterator[Child]:
    """A run that waits at ``/trap/hold``, where its pages or its project have brought it."""
    project = make_project(root, site, [flow], canaries=canaries, conftest=conftest)
    with started(project, site, *arguments) as child:
        try:
            assert site.held.wait(HELD_S), child.terminal
            child.look()
            yield child
        finally:
            site.let_go()
