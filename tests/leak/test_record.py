"""Recordings: whatever somebody types, pastes or is shown stands nowhere, however it ends (REC-2, REC-3, SECRET-7)."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.leak.child import Watch
from tests.leak.record_site import Identity, RecordSite, generate_identity, record_site
from tests.leak.recorder import (
    CANCEL,
    RAW,
    SHARED_MEMORY,
    SIGN_IN,
    Sitting,
    finishing,
    journey,
    make_recordable,
    recording,
)
from tests.leak.search import find, search_tree
from tests.project import Project
from tests.project_fixtures import new_project, project
from tests.screen import unseen_screen

__all__ = ["new_project", "project"]
pytestmark = [pytest.mark.leak, pytest.mark.browser, pytest.mark.req("REC-2", "REC-3", "SECRET-7")]

ALL = len(journey(generate_identity()))
TOLD = {"email", "password", "name", "number"}
"""What a flow of an unsanitised recording holds at the least."""


@pytest.fixture(scope="module")
def console() -> Iterator[RecordSite]:
    """A site full of what is one identity's, which no file on earth holds."""
    with record_site(generate_identity()) as site:
        yield site


@pytest.fixture
def who(console: RecordSite) -> Identity:
    return console.identity


@pytest.fixture
def recorded(project: Project) -> Project:
    make_recordable(project)
    return project


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What the person says that they do; no part of what is searched."""
    return tmp_path / "person.log"


def everything_in(folder: Path) -> dict[str, bytes]:
    """All files and folders, with what is in them."""
    return {str(each): each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*")}


def flow_and_spec(project: Project) -> list[Path]:
    return [
        project.folder / "flows/example/create_token.yaml",
        project.folder / "specs/example/create_token.spec.ts",
    ]


def save_all(sitting: Sitting) -> int:
    """Look at both texts, save, and let the secrets be stored."""
    sitting.review("y", "t", "s")
    while sitting.terminal.wait_for_one_of("[Y/n]", "Next:") == "[Y/n]":
        sitting.look()
        sitting.terminal.type("y")
    return sitting.ended()


def test_nothing_typed_pasted_shown_or_created_stands_anywhere_once_a_recording_is_saved(
    recorded: Project, console: RecordSite, who: Identity, log: Path
) -> None:
    recorded.variables |= {"DEBUG": "pw:*,pw:protocol *,pw:api", "DEBUGP": "1", "PWDEBUG": "console"}
    recorded.variables["DEBUG_FILE"] = str(recorded.folder / "driver.log")
    with recording(recorded, console, finishing(who), log=log) as sitting:
        assert save_all(sitting) == 0, sitting.terminal.screen
        assert sitting.hits() == []
        assert sitting.looks >= 10
        arguments = [content for _, content in sitting.watch.seen]
        for kind in (b"run-driver", b"--type=renderer", b"--type=gpu-process"):
            assert any(kind in content for content in arguments), kind
    assert all(path.stat().st_size for path in flow_and_spec(recorded))
    assert not [*recorded.temporary.iterdir()]
    with recorded.broker() as broker:  # they went through the recorder, and lie in the store alone
        stored = [
            broker.sink(sink).get(path, actor="tests").reveal()
            for sink, path in (
                ("local", "example.email"),
                ("local", "example.password"),
                ("local", "example.phone"),
                ("bitwarden", "example/create_token"),
            )
        ]
    assert stored == [each.value for each in (who.email, who.password, who.phone, who.token)]


def test_a_recorder_without_its_sanitiser_is_found_out(
    recorded: Project, console: RecordSite, who: Identity, log: Path
) -> None:
    acts = finishing(who)
    with recording(recorded, console, acts, log=log, program=RAW) as sitting:
        assert save_all(sitting) == 0, sitting.terminal.screen
        hits = sitting.hits()
    flow, spec = map(str, flow_and_spec(recorded))
    assert {hit.kind for hit in hits if hit.where == flow} >= TOLD
    assert {hit.kind for hit in hits if hit.where == spec} >= TOLD
    assert {hit.kind for hit in hits if not hit.where} >= TOLD, "at the terminal"


# What ends a recording before anything is kept: what the person does, and what is then done at the terminal.


def by_the_panel(sitting: Sitting) -> int:
    return sitting.ended()


def by_discarding(sitting: Sitting) -> int:
    sitting.review("y", "d")
    return sitting.ended()


def by_ctrl_c(sitting: Sitting) -> int:
    sitting.wait_until_acted()
    sitting.look()
    sitting.terminal.press_ctrl_c()
    return sitting.ended()


def by_ctrl_c_in_the_review(sitting: Sitting) -> int:
    sitting.terminal.wait_for("> ")
    sitting.terminal.press_ctrl_c()
    return sitting.ended()


def by_many_ctrl_c(sitting: Sitting) -> int:
    sitting.wait_until_acted()
    sitting.look()
    for _ in range(5):
        sitting.terminal.press_ctrl_c()
    return sitting.ended()


def by_closing_the_terminal(sitting: Sitting) -> int:
    sitting.wait_until_acted()
    sitting.look()
    sitting.kill(signal.SIGHUP)
    return sitting.ended()


def by_a_polite_kill(sitting: Sitting) -> int:
    sitting.wait_until_acted()
    sitting.look()
    sitting.kill(signal.SIGTERM)
    return sitting.ended()


ENDINGS = [
    pytest.param(by_the_panel, SIGN_IN, "cancel", id="cancelled in the panel"),
    pytest.param(by_discarding, SIGN_IN, "finish", id="discarded", marks=pytest.mark.soak),
    pytest.param(by_ctrl_c, SIGN_IN, "", id="Ctrl-C"),
    pytest.param(by_discarding, ALL, "finish", id="discarded with a token", marks=pytest.mark.soak),
    pytest.param(by_ctrl_c, ALL, "", id="Ctrl-C with a token", marks=pytest.mark.soak),
    pytest.param(
        by_ctrl_c_in_the_review, SIGN_IN, "finish", id="Ctrl-C in the review", marks=pytest.mark.soak
    ),
    pytest.param(by_many_ctrl_c, SIGN_IN, "", id="Ctrl-C again and again", marks=pytest.mark.soak),
    pytest.param(by_closing_the_terminal, SIGN_IN, "", id="closed terminal", marks=pytest.mark.soak),
    pytest.param(by_a_polite_kill, SIGN_IN, "", id="SIGTERM", marks=pytest.mark.soak),
]


@pytest.mark.parametrize(("end", "acts", "then"), ENDINGS)
def test_a_recording_that_is_not_kept_leaves_nothing_at_all(
    recorded: Project,
    console: RecordSite,
    who: Identity,
    log: Path,
    end: Callable[[Sitting], int],
    acts: int,
    then: str,
) -> None:
    before = everything_in(recorded.folder)
    does = {"cancel": [*journey(who)[:acts], CANCEL], "finish": finishing(who, acts)}
    with recording(recorded, console, does.get(then, journey(who)[:acts]), log=log) as sitting:
        assert end(sitting) != 0
        assert everything_in(recorded.folder) == before
        assert sitting.hits() == []
        assert sitting.looks
        for word in ("Traceback", "Error", "Exception", "Task was destroyed", "never retrieved"):
            assert word not in sitting.terminal.screen


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0])
def test_a_ctrl_c_while_the_browser_starts_leaves_nothing_at_all(
    recorded: Project, console: RecordSite, who: Identity, log: Path, after_s: float
) -> None:
    before = everything_in(recorded.folder)
    with recording(recorded, console, [], log=log) as sitting:
        with pytest.raises(subprocess.TimeoutExpired):  # any moment will do: this one has no event
            subprocess.run(["/bin/sleep", "60"], timeout=after_s, check=False)
        sitting.look()
        sitting.terminal.press_ctrl_c()
        assert sitting.ended() != 0
    assert everything_in(recorded.folder) == before


KILLED_AFTER = {
    "the sign-in page": 0,
    "the e-mail address": 1,
    "the password": 2,
    "the shown password": 3,
    "the code": 5,
    "the profile": 6,
    "the pasted phone number": 7,
    "the name of the key": 10,
    "the key": 11,
    "the pointed token": ALL,
}
"""Where the recorder is killed: after so many acts."""
USUAL = ("the pointed token",)
"""So are two others of `make test`: at a question of the review, and all processes at once."""


@pytest.mark.parametrize(
    "point", [each if each in USUAL else pytest.param(each, marks=pytest.mark.soak) for each in KILLED_AFTER]
)
def test_a_killed_recorder_leaves_nothing_of_what_it_saw(
    recorded: Project, console: RecordSite, who: Identity, log: Path, point: str
) -> None:
    with recording(recorded, console, journey(who)[: KILLED_AFTER[point]], log=log) as sitting:
        sitting.terminal.wait_for("the browser is open")
        sitting.wait_until_acted()
        sitting.look()
        assert any(b"--type=renderer" in content for _, content in sitting.watch.seen)
        limits = [
            Path(f"/proc/{member}/limits").read_text() for member in sitting.watch.members if alive(member)
        ]
        sitting.kill()
        assert sitting.ended() == -signal.SIGKILL
        assert sitting.hits() == []
    assert {
        tuple(line.split()[4:6]) for text in limits for line in text.splitlines() if "core file" in line
    } == {("0", "0")}


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/limits").exists()


@pytest.mark.parametrize("question", ["store what was typed", pytest.param("review", marks=pytest.mark.soak)])
def test_a_recorder_killed_at_a_question_leaves_nothing_of_what_it_saw(
    recorded: Project, console: RecordSite, who: Identity, log: Path, question: str
) -> None:
    acts = finishing(who, SIGN_IN)
    with recording(recorded, console, acts, log=log) as sitting:
        if question == "review":
            sitting.review("y")
            sitting.terminal.wait_for("> ")
        else:
            sitting.review("s")
            sitting.terminal.wait_for("[Y/n]")
        sitting.look()
        sitting.kill()
        assert sitting.ended() == -signal.SIGKILL
        assert sitting.hits() == []


def test_what_is_left_when_all_processes_are_killed_at_once_holds_nothing_and_goes_with_the_next_recording(
    recorded: Project, console: RecordSite, who: Identity, log: Path
) -> None:
    with recording(recorded, console, journey(who)[:SIGN_IN], log=log) as sitting:
        sitting.wait_until_acted()
        sitting.look()
        sitting.kill_all()
        assert sitting.ended() == -signal.SIGKILL
        profiles = [*recorded.temporary.glob("tokenbroker-run-*/playwright_chromiumdev_profile-*")]
        assert profiles, "the browser's profile is left, and was searched"
        assert sitting.hits() == []
    with recording(recorded, console, [], log=log) as sitting:
        sitting.terminal.wait_for("the browser is open")
        sitting.terminal.press_ctrl_c()
        assert sitting.ended() != 0
    assert [*recorded.temporary.iterdir()] == []


@pytest.mark.soak
def test_a_page_that_crashes_leaves_no_core_and_the_recorder_can_be_ended(
    recorded: Project, console: RecordSite, who: Identity, log: Path
) -> None:
    before = everything_in(recorded.folder)
    with recording(recorded, console, journey(who)[:SIGN_IN], log=log) as sitting:
        sitting.wait_until_acted()
        sitting.look()
        for member in filter(alive, sitting.watch.members):
            if b"--type=renderer" in Path(f"/proc/{member}/cmdline").read_bytes():
                os.kill(member, signal.SIGSEGV)
        sitting.look()
        sitting.terminal.press_ctrl_c()
        assert sitting.ended() != 0
        assert everything_in(recorded.folder) == before
        assert sitting.hits() == []


@pytest.fixture
def short() -> Iterator[Project]:
    """A project in a folder with a short name: a browser with a window has a socket in its TMPDIR."""
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        project = Project(folder=Path(folder) / "p")
        yield project
        assert project.end_processes() == []


@pytest.mark.soak
def test_a_browser_with_a_window_writes_nothing_of_it_either(
    short: Project, console: RecordSite, who: Identity, log: Path
) -> None:
    make_recordable(short, headed=True)
    with unseen_screen() as display:
        short.variables["DISPLAY"] = display
        with recording(short, console, journey(who), log=log, headed=True) as sitting:
            sitting.wait_until_acted()
            sitting.look()
            sitting.kill_all()
            assert sitting.ended() == -signal.SIGKILL
            assert [*short.temporary.glob("tokenbroker-run-*/playwright_chromiumdev_profile-*")]
            assert sitting.hits() == []


# The search sees what it is to see.


def planted_in_a_file(project: Project, text: str) -> Path:
    file = project.temporary / "tokenbroker-run-planted" / "Login Data"
    file.parent.mkdir()
    file.write_bytes(bytes(2000) + text.encode("utf-16-le") + bytes(2000))
    return file


def planted_in_shared_memory(project: Project, text: str) -> Path:
    file = SHARED_MEMORY / f"tokenbroker-test-{os.getpid()}"
    file.write_text(text)
    return file


def planted_in_a_name(project: Project, text: str) -> Path:
    file = project.folder / "user" / text.encode().hex()
    file.write_text("")
    return file


@pytest.mark.parametrize("plant", [planted_in_a_file, planted_in_shared_memory, planted_in_a_name])
def test_each_kind_of_value_is_found_where_it_is_planted(
    recorded: Project, who: Identity, plant: Callable[[Project, str], Path]
) -> None:
    for canary in who.canaries:
        file = plant(recorded, canary.value)
        hits = search_tree((canary,), file.parent if plant is not planted_in_shared_memory else file)
        if file.parent.name.startswith("tokenbroker-run-"):
            shutil.rmtree(file.parent)
        else:
            file.unlink()
        assert hits, canary.kind


def test_each_kind_of_value_is_found_in_arguments_and_environments(who: Identity) -> None:
    for canary in who.canaries:
        watch = Watch()
        command = [sys.executable, "-c", "input()", canary.value]
        with subprocess.Popen(command, env={"SEEN": canary.value}, stdin=subprocess.PIPE) as child:
            watch.look(child.pid)
            child.kill()
        hits = watch.hits((canary,))
        watch.close()
        assert {hit.where.partition(" ")[0] for hit in hits} == {"cmdline", "environ"}


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        ("name", lambda value: value.upper()),
        ("name", lambda value: value.split()[1]),
        ("number", lambda value: "".join(filter(str.isdigit, value))),
        ("number", lambda value: " ".join(filter(str.isdigit, value))),
        ("session", lambda value: value[8:]),
    ],
)
def test_another_way_to_write_a_value_is_found_as_well(
    who: Identity, kind: str, write: Callable[[str], str]
) -> None:
    for canary in who.canaries:
        if canary.kind == kind:
            assert find((canary,), f"so: {write(canary.value)}.".encode())
