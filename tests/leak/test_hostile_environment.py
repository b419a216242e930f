"""Debug switches, a chatty project, unsafe options, and secrets that came by environment."""

from pathlib import Path

import pytest

from tests.leak.child import started
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import STEPS, TRAPS, FlowText, failing_at, passing
from tests.leak.project import make_project
from tests.leak.search import Canaries

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7"),
]
CHATTY = '''

@pytest.fixture(scope="session")
def flow_browser(flow_browser, pytestconfig):
    """A project that logs its traffic."""
    import logging

    log, open_context = logging.getLogger("project"), flow_browser.new_context

    def new_context(**options):
        context = open_context(**options)
        context.on("request", lambda r: log.debug("%s %s %s %r", r.method, r.url, r.headers, r.post_data))
        context.on("response", lambda r: log.debug("%s %s", r.url, r.headers))
        context.on("console", lambda message: log.debug(message.text))
        return context

    flow_browser.new_context = new_context
    return flow_browser
'''
DRIVER_FIRST = """
def test_that_uses_playwright_before_any_flow_does(playwright):
    assert playwright.chromium
"""


def test_debug_switches_and_a_project_that_logs_its_traffic_show_nothing(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    flows = (passing(), failing_at(10), TRAPS[5])
    project = make_project(tmp_path, site, flows, canaries=planted, conftest=CHATTY)
    debug = {"DEBUG": "pw:*,pw:protocol *,pw:api", "DEBUGP": "1", "PWDEBUG": "console"}
    logs = ("-o", "log_cli=true", "--log-level=DEBUG", f"--log-file={project.out}/log.txt")
    with started(project, site, *logs, environ=debug) as child:
        assert child.finish() == pytest.ExitCode.TESTS_FAILED
        assert "POST" in (project.out / "log.txt").read_text(), "the project did log its traffic"
        assert child.hits(planted) == []


@pytest.mark.parametrize("option", ["--tracing", "--video", "--screenshot"])
def test_an_option_that_writes_typed_values_is_refused_before_anything_is_written(
    site: ExampleSite, planted: Canaries, tmp_path: Path, option: str
) -> None:
    project = make_project(tmp_path, site, [passing()], canaries=planted)
    with started(project, site, option, "on") as child:
        assert child.finish() == pytest.ExitCode.TESTS_FAILED
        assert "run.unsafe_option" in child.terminal
        assert not list((project.folder / "test-results").rglob("*"))
        assert not list((project.folder / "reports").rglob("*"))
        assert child.hits(planted) == []


def test_secrets_given_by_environment_stay_in_the_process_that_was_given_them(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    given = {
        "CANARY_EMAIL": planted.email.value,
        "TOKENBROKER_SECRET_EXAMPLE_PASSWORD": planted.password.value,
    }
    steps = (STEPS[0], STEPS[1].replace("secrets:example.email", "env:CANARY_EMAIL"), *STEPS[2:])
    flow = FlowText(name="by_environment", steps=steps, ends_at=len(steps))
    settings = '[inputs]\nsink = "env"\n'
    project = make_project(tmp_path, site, [flow], canaries=None, settings=settings)
    (project.folder / "flows" / "test_driver.py").write_text(DRIVER_FIRST)
    with started(project, site, environ=given) as child:
        assert child.finish() == pytest.ExitCode.OK, child.terminal
        hits = child.hits(planted)
        person_gave_it_to = f"({child.process.pid})"
        assert {hit.kind for hit in hits if hit.where.endswith(person_gave_it_to)} == {"email", "password"}
        assert [hit for hit in hits if not hit.where.endswith(person_gave_it_to)] == []
        assert any("node" in program for program in child.watch.programs())
