"""The HTML page of runs: complete, and it asks nobody (AUDIT-2)."""

import base64
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.leak.child import Child
from tests.leak.search import Canaries, find
from tests.run.pictures import browsers
from tokenbroker.evidence.report.generator import Generator
from tokenbroker.evidence.report.html import RunResults, newest, read_results, write_page
from tokenbroker.evidence.report.page import POLICY, ReportUnavailable

pytestmark = [pytest.mark.req("AUDIT-2"), pytest.mark.browser]


@pytest.fixture(scope="session")
def runs(reported: Child) -> list[RunResults]:
    folders = sorted((reported.project.folder / "reports").iterdir())
    return [found for folder in folders if (found := read_results(folder))]


@pytest.fixture(scope="session")
def page_file(runs: list[RunResults], generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "reports" / "allure.html"
    write_page(runs, out, generator, title="runs of this test")
    return out


@pytest.fixture(scope="session")
def browser_of_pages(playwright: Playwright) -> Iterator[Browser]:
    with browsers.plain_browser(playwright) as browser:
        yield browser


class Reader:
    """A person who opens the page without a network, and what the page then asks for or complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(error.message))

    def outside(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


@pytest.fixture
def reader(browser_of_pages: Browser) -> Iterator[Reader]:
    context = browser_of_pages.new_context(offline=True)
    yield Reader(context.new_page())
    context.close()


def test_the_page_shows_suites_steps_pictures_and_failures_and_asks_nobody(page_file, reader):
    page = reader.page
    page.goto(page_file.as_uri())
    page.get_by_text("examplecloud", exact=True).first.wait_for()
    if not page.get_by_text("passes_too", exact=True).first.is_visible():
        page.get_by_text("examplecloud", exact=True).first.click()
    page.get_by_text("passes_too", exact=True).first.click()
    page.get_by_text("capture_token .token").first.click()
    page.get_by_text("bitwarden:example/passes_too", exact=True).first.wait_for()
    page.get_by_text("11 capture_token").first.click()
    picture = page.locator("img").last
    picture.wait_for()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth === 1280", arg=picture.element_handle()
    )
    page.goto(page_file.as_uri())
    page.get_by_text("fails_at_08", exact=True).first.click()
    page.get_by_text("target.not_found: no element to act on").first.wait_for()
    assert reader.outside() == []
    assert reader.complaints == []  # the policy had nothing to forbid: nothing was tried


def test_the_policy_holds_what_the_page_would_ask_for(reader, tmp_path):
    reader.page.context.set_offline(False)
    with browsers.site() as site:
        beacon = f'<img src="{site.serve("/beacon.png", b"", "image/png")}"><script>fetch("{site.origin}/x")</script>'
        without, under = tmp_path / "without.html", tmp_path / "under.html"
        without.write_text(f"<html><head></head><body>{beacon}</body></html>")
        meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        under.write_text(f"<html><head>{meta}</head><body>{beacon}</body></html>")
        forbidden: list[str] = []
        reader.page.on("requestfailed", lambda request: forbidden.append(request.failure))
        reader.page.goto(under.as_uri())
        assert forbidden == ["csp"] * len(reader.outside())
        assert len(reader.complaints) >= 2
        forbidden.clear()
        with reader.page.expect_response(f"{site.origin}/beacon.png"):
            reader.page.goto(without.as_uri())
        assert "csp" not in forbidden


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
@pytest.mark.soak
def test_no_planted_value_is_on_the_page(page_file, canaries: Canaries):
    html = page_file.read_text(encoding="utf-8")
    held = [base64.b64decode(each) for each in re.findall(r'\bd\("[^"]+","([A-Za-z0-9+/=]+)"\)', html)]
    assert len(held) > 40
    assert any(b"capture_token" in each for each in held)
    # The generator's own script says nothing of the runs, and would take long to decode.
    rest = re.sub(r'src="data:text/javascript;base64,[^"]*"', "", html)
    assert find(canaries, rest.encode()) == []
    assert [hit for each in held for hit in find(canaries, each)] == []
    assert find(canaries, held[0] + canaries.email.value.encode()) != []


def test_the_page_is_for_its_owner_alone(page_file):
    assert page_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in page_file.parent.iterdir()] == ["allure.html"]


def test_the_newest_run_of_a_flow_stands_for_it_and_earlier_ones_are_its_retries(
    runs, generator, reader, tmp_path
):
    (passed,) = [run for run in runs if "-passes-" in run.folder.name]
    (failed,) = [run for run in runs if "-fails_at_08-" in run.folder.name]
    for number, run in enumerate((failed, passed)):
        copy = tmp_path / str(number)
        shutil.copytree(run.folder, copy)
        for file in copy.glob("*/*-result.json"):  # of one flow, and told to have begun at the same time
            text = file.read_text(encoding="utf-8").replace(run.history_id, "0" * 32)
            file.write_text(re.sub(r'"start": \d+', '"start": 1795176000000', text), encoding="utf-8")
            os.utime(file, ns=(0, number))
    two = [found for number in (0, 1) if (found := read_results(tmp_path / str(number)))]
    assert [run.folder.name for run in newest(two, earlier=0)] == ["1"]
    assert [run.folder.name for run in newest(two, earlier=3)] == ["1", "0"]
    write_page(newest(two, earlier=3), tmp_path / "allure.html", generator, title="two attempts")
    reader.page.goto((tmp_path / "allure.html").as_uri())
    reader.page.get_by_text("1 passed (100% of all tests)").first.wait_for(state="attached")


def test_a_generator_that_makes_nothing_of_the_runs_is_told(runs, generator, tmp_path):
    silent = tmp_path / "silent.js"
    silent.write_text("process.exit(0)")
    with pytest.raises(ReportUnavailable) as refused:
        write_page(runs, tmp_path / "x.html", Generator(node=generator.node, script=silent), title="x")
    assert refused.value.code == "report.not_made"
    assert not (tmp_path / "x.html").exists()


def test_the_generator_inherits_nothing_of_the_environment(runs, generator, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKENBROKER_KEY", "demo-only-key")
    monkeypatch.setenv("SOME_PASSWORD", "demo-only-password")
    told = tmp_path / "environment.json"
    script = tmp_path / "telling.js"
    script.write_text(f"require('fs').writeFileSync({str(told)!r}, JSON.stringify(process.env))")
    with pytest.raises(ReportUnavailable):
        write_page(runs, tmp_path / "x.html", Generator(node=generator.node, script=script), title="x")
    assert "demo-only" not in told.read_text()
    assert '"PATH"' in told.read_text()
