"""A person at a real terminal: the code that is typed there is not shown, nor is one left by a Ctrl-C."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.leak.child import RUN_TIMEOUT_S, Watch, environment, hits_of, pytest_command
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import passing
from tests.leak.project import Project, make_project
from tests.leak.search import Canaries

pytestmark = [
    pytest.mark.leak,
    pytest.mark.browser,
    pytest.mark.req("SECRET-7", "HUMAN-2"),
]


@contextmanager
def asked(
    root: Path, site: ExampleSite, canaries: Canaries, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[Project, Watch, "pexpect.spawn[bytes]"]]:
    """A run at a terminal of its own, which asks for the code."""
    project = make_project(root, site, [passing()], canaries=canaries, person="", variables=variables)
    watch = Watch()
    command, *arguments = pytest_command(project)
    with (project.out / "terminal.txt").open("wb") as terminal, closing(watch):
        run = pexpect.spawn(
            command, arguments, cwd=project.folder, env=environment(project), timeout=RUN_TIMEOUT_S
        )
        run.logfile_read = terminal
        with closing(run), site.heard_by(lambda: watch.look(run.pid)):
            run.expect(b"Type the code")
            yield project, watch, run


def ended(run: "pexpect.spawn[bytes]") -> int | None:
    run.expect(pexpect.EOF)
    run.wait()
    status: int | None = run.exitstatus
    return status


def test_a_code_typed_at_the_terminal_is_shown_and_kept_nowhere(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    with asked(tmp_path, site, planted) as (project, watch, run):
        run.sendline(planted.otp.value)
        assert ended(run) == pytest.ExitCode.OK
        assert watch.wait_until_all_ended() == []
        assert hits_of(project, watch, planted) == []


def test_a_ctrl_c_at_the_question_for_the_code_ends_the_run_in_good_order(
    site: ExampleSite, planted: Canaries, tmp_path: Path
) -> None:
    with asked(tmp_path, site, planted) as (project, watch, run):
        run.send(planted.otp.value)  # typed, but not confirmed
        run.sendintr()
        assert ended(run) == pytest.ExitCode.INTERRUPTED
        assert watch.wait_until_all_ended() == []
        assert list(project.temporary.iterdir()) == []
        (record,) = project.evidence("passes")
        assert record["status"] == "interrupted"
        assert hits_of(project, watch, planted) == []
