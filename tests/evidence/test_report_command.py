"""``tokenbroker report`` as a person types it."""

import os
from pathlib import Path

import pytest

from tests.evidence.results import a_result, a_step
from tests.project import Project
from tests.project_fixtures import new_project, project
from tokenbroker.evidence.collect import Evidence
from tokenbroker.evidence.report.generator import Generator
from tokenbroker.evidence.report.html import read_results, write_page
from tokenbroker.evidence.report.page import ReportUnavailable
from tokenbroker.redact import Redactor

__all__ = ["new_project", "project"]  # fixtures

pytestmark = pytest.mark.req("AUDIT-2")


def leave_runs(project: Project, *names: str) -> None:
    """Put the evidence of runs into the project's reports."""
    for name in names:
        evidence = Evidence(project.folder / "reports" / name, Redactor())
        evidence.finish(a_result(a_step(1), run_id=name))


def test_all_runs_are_on_one_page_whose_path_is_printed(project: Project, generator: Generator) -> None:
    leave_runs(project, "run-1", "run-2")
    (project.folder / "reports" / "other").mkdir()
    ended = project.tokenbroker("report")
    assert (ended.code, ended.out) == (0, "reports/allure.html\n"), ended.text
    html = (project.folder / "reports" / "allure.html").read_text(encoding="utf-8")
    assert "googletagmanager" not in html
    assert "Content-Security-Policy" in html


def test_runs_can_be_named_and_the_page_put_elsewhere(project: Project, generator: Generator) -> None:
    leave_runs(project, "run-1", "run-2")
    ended = project.tokenbroker(
        "report", "run-2", "reports/run-1", "--out", "pages/two.html", "--earlier", "0"
    )
    assert (ended.code, ended.out) == (0, "pages/two.html\n"), ended.text
    assert (project.folder / "pages" / "two.html").is_file()
    assert not (project.folder / "reports" / "allure.html").exists()


@pytest.mark.parametrize("arguments", [(), ("no-such-run",), ("--earlier", "-1")])
def test_what_can_not_be_shown_is_a_usage_error(project: Project, arguments: tuple[str, ...]) -> None:
    ended = project.tokenbroker("report", *arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.text


def into_a_link(file: Path, elsewhere: Path) -> None:
    file.unlink()
    file.symlink_to(elsewhere)


def into_a_pipe(file: Path, elsewhere: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def into_a_folder(file: Path, elsewhere: Path) -> None:
    file.unlink()
    file.mkdir()


def into_a_link_of_its_folder(file: Path, elsewhere: Path) -> None:
    moved = file.parent.rename(elsewhere.with_name("moved"))
    file.parent.symlink_to(moved)


def into_another_shape(file: Path, elsewhere: Path) -> None:
    file.write_text('{"historyId": "0", "start": 1}')


@pytest.mark.parametrize(
    "change", [into_a_link, into_a_pipe, into_a_folder, into_a_link_of_its_folder, into_another_shape]
)
def test_results_that_lead_elsewhere_are_refused(tmp_path: Path, change) -> None:
    runs = []
    for name in ("run-1", "run-2"):  # equal starts: one of them is written anew
        evidence = Evidence(tmp_path / name, Redactor())
        evidence.finish(a_result(a_step(1), run_id=name))
        runs.append(read_results(evidence.folder))
    (file,) = (tmp_path / "run-2" / "allure-results").glob("*-result.json")
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_bytes(file.read_bytes())
    change(file, elsewhere)
    never = Generator(node=tmp_path / "node", script=tmp_path / "script")
    with pytest.raises(ReportUnavailable) as refused:
        write_page([run for run in runs if run], tmp_path / "page.html", never, title="x")
    assert refused.value.code == "report.not_made"
    if change is not into_another_shape:
        assert "run-2" in refused.value.sentence
    if change in (into_a_link, into_a_pipe):
        with pytest.raises(ReportUnavailable):
            read_results(tmp_path / "run-2")


def test_without_node_and_network_the_results_stay_and_the_reason_is_plain(project: Project) -> None:
    leave_runs(project, "run-1")
    before = sorted(path.name for path in (project.folder / "reports").rglob("*"))
    ended = project.tokenbroker(
        "report",
        PATH=str(project.folder),
        XDG_CACHE_HOME=str(project.folder / "cache"),
        PIP_NO_INDEX="1",
        PIP_CONFIG_FILE=os.devnull,
    )
    assert (ended.code, ended.refusal() or ended.err) == (2, "report.no_node")
    assert sorted(path.name for path in (project.folder / "reports").rglob("*")) == before
    assert list((project.folder / "cache" / "tokenbroker").iterdir()) == []
