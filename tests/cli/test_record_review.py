"""The review of a recording, with made-up recordings and a person whose answers are a list: no browser."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from tests.cli.record_desk import (
    EMAIL,
    GONE,
    KEY_NAME,
    PASSWORD,
    SECRETS,
    TOKEN,
    Scripted,
    desk_in,
    field_of,
    sitting,
    token_of,
)
from tests.project import SETTINGS, Project
from tests.record.sanitise.recordings import clicked, gone_to
from tokenbroker.cli import record_finish
from tokenbroker.errors import ExitCode, HumanDenied
from tokenbroker.record.recording import Event, Recording
from tokenbroker.secret import Secret

Review = Callable[..., tuple[int | str, Scripted]]
YAML, SPEC, SUPPORT = "flows/example/made.yaml", "specs/example/made.spec.ts", "specs/tokenbroker.ts"


@pytest.fixture
def review(project: Project, monkeypatch: pytest.MonkeyPatch) -> Review:
    """``review(recording, "k", "1", …)``: the exit code, or the code of the refusal; and what was asked."""
    monkeypatch.chdir(project.folder)

    def at(recording: Recording, *answers: object, **said: bool) -> tuple[int | str, Scripted]:
        desk, person = desk_in(project.folder, project.home, recording, *answers, **said)
        with pytest.raises((typer.Exit, HumanDenied)) as ended:
            desk.review()
        end = ended.value
        return (end.code if isinstance(end, HumanDenied) else end.exit_code), person

    return at


def files(project: Project) -> list[str]:
    """What recording has left in the project, by path."""
    kinds = ("flows", "specs")
    return sorted(
        str(path.relative_to(project.folder))
        for kind in kinds
        for path in (project.folder / kind).rglob("*")
        if path.is_file()
    )


def stored(project: Project, sink: str, path: str) -> Secret:
    with project.broker() as broker:
        return broker.sink(sink).get(path, actor="tests")


@pytest.mark.req("REC-1", "REC-2", "REC-3")
def test_enter_saves_and_what_was_typed_and_made_is_stored_where_the_flow_looks_for_it(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = review(sitting(), "", "", "")
    assert code == 0
    assert files(project) == [YAML, SPEC, SUPPORT]
    assert stored(project, "local", "example.email") == Secret(EMAIL)
    assert stored(project, "local", "example.password") == Secret(PASSWORD)
    assert stored(project, "bitwarden", "example/made") == Secret(TOKEN)
    shown = capsys.readouterr().out
    for secret in (*SECRETS, KEY_NAME):
        assert secret not in shown
        assert not any(secret in (project.folder / each).read_text() for each in files(project))
    assert shown.rstrip().splitlines()[-2:] == [
        "Next: tokenbroker run flows/example/made.yaml",
        "      with --param NAME=VALUE for name",
    ]
    assert project.tokenbroker("validate", YAML).code == 0


@pytest.mark.req("REC-1", "REC-3")
@pytest.mark.parametrize("last", ["d", GONE])
def test_discarding_leaves_nothing_and_says_that_the_key_lives_on(
    project: Project, review: Review, last: str
) -> None:
    code, _ = review(sitting(), "y", "t", last)
    assert (code, files(project), project.home.exists()) == ("record.cancelled", [], False)


@pytest.mark.req("REC-1")
def test_a_person_who_leaves_after_saving_is_told_what_is_stored(project: Project, review: Review) -> None:
    code, _ = review(sitting(), "s", "y", GONE)
    assert code == "record.cancelled"
    assert files(project) == [YAML, SPEC, SUPPORT]
    assert stored(project, "local", "example.email") == Secret(EMAIL)


@pytest.mark.req("REC-1")
def test_what_is_no_choice_is_answered_by_the_menu(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    _, person = review(sitting(), "x", "save", "?", "d")
    assert len(person.asked) == 4
    assert capsys.readouterr().out.count("  s  save it as flows/example/made.yaml") == 4


@pytest.mark.req("REC-1")
@pytest.mark.parametrize(
    ("answer", "is_kept"), [("1", True), ("", False), ("7", False), ("²", False), (GONE, False)]
)
def test_a_text_that_was_typed_may_be_kept_and_the_next_look_shows_it(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str], answer: str, is_kept: bool
) -> None:
    review(sitting(), "k", answer, "s", "n", "n")
    assert (f"“{KEY_NAME}” into “Name”" in capsys.readouterr().out) == is_kept
    assert (KEY_NAME in (project.folder / YAML).read_text()) == is_kept


@pytest.mark.req("REC-1", "REC-2")
def test_a_text_that_holds_something_personal_is_not_kept_and_not_offered_again(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    code, person = review(sitting(key_name=f"For {EMAIL}"), "k", "1", "k", "s", "n", "n")
    shown = capsys.readouterr().out
    assert (code, len(person.asked)) == (0, 6)
    assert "it can't be kept: it is, or holds, an e-mail address" in " ".join(shown.split())
    assert EMAIL not in shown + (project.folder / YAML).read_text()


@pytest.mark.req("REC-1")
def test_a_flow_gets_another_name_and_its_references_with_it(project: Project, review: Review) -> None:
    project.flow("other/taken")
    code, _ = review(sitting(), "n", "no name", "n", "other/taken", "n", "", "n", "other/second", "s", "", "")
    assert code == 0
    assert files(project) == [
        "flows/other/second.yaml",
        "flows/other/taken.yaml",
        "specs/other/second.spec.ts",
        SUPPORT,
    ]
    assert stored(project, "local", "other.email") == Secret(EMAIL)
    assert stored(project, "bitwarden", "other/second") == Secret(TOKEN)


@pytest.mark.req("REC-1")
def test_what_can_not_be_written_is_still_on_the_desk(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    in_the_way = project.folder / "specs"
    code, _ = review(
        sitting(), lambda: in_the_way.write_text("no folder"), "s", "s", in_the_way.unlink, "s", "n", "n"
    )
    assert code == 0
    assert capsys.readouterr().err.count("record.not_written: ") == 2
    assert files(project) == [YAML, SPEC, SUPPORT]


@pytest.mark.req("REC-1")
def test_a_file_that_has_come_meanwhile_is_not_written_over(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = project.folder / SPEC
    project.write(SUPPORT, "my own")
    code, _ = review(sitting(), lambda: project.write(SPEC, "mine"), "s", "d")
    assert (code, files(project), mine.read_text()) == ("record.cancelled", [SPEC, SUPPORT], "mine")
    assert "record.file_exists: " in capsys.readouterr().err
    review(sitting(), "s", "n", "n", may_replace=True)
    assert mine.read_text() != "mine"
    assert (project.folder / SUPPORT).read_text() == "my own"


@pytest.mark.req("REC-2")
def test_a_text_that_is_not_clean_is_not_written_and_what_is_wrong_is_named_without_the_value(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenbroker.cli.record_review.emit_spec", lambda draft: f"// one\n// {EMAIL}\n")
    code, _ = review(sitting(), "s", "r", "d")
    told = capsys.readouterr().err
    assert (code, files(project)) == ("record.cancelled", [])
    assert told.count(f"record.unclean: {SPEC}, line 2, still holds an e-mail address") == 2
    assert EMAIL not in told


@pytest.mark.req("REC-1")
def test_what_is_stored_already_is_not_stored_again(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    project.put("example.email", EMAIL)
    project.put("example.password", "an older one")
    code, person = review(sitting(), "s", "n", "n")
    assert code == 0
    assert [each for each in person.asked if "example.email" in each] == []
    assert stored(project, "local", "example.password") == Secret("an older one")
    code, _ = review(sitting(), "s", "y", "y", "n", may_replace=True)
    assert stored(project, "local", "example.password") == Secret(PASSWORD)
    with project.broker() as broker:
        versions = [(each.path, each.version) for each in broker.local.list()]
    assert versions == [("example.email", 1), ("example.password", 1), ("example.password", 2)]
    shown = capsys.readouterr()
    assert not any(secret in shown.out + shown.err for secret in (*SECRETS, "an older one"))


@pytest.mark.req("REC-1")
def test_a_sink_that_is_away_costs_neither_the_flow_nor_the_key(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write(
        "tokenbroker.toml",
        f'{SETTINGS}\n[inputs]\nsink = "vault"\n[sinks.vault]\ntype = "vault"\naddress = "http://127.0.0.1:9"\n',
    )
    code, _ = review(sitting(), "r", "y", "n", "y")
    shown = capsys.readouterr()
    assert code == ExitCode.UNAVAILABLE
    assert shown.err.count("secret.") == 2
    assert "tokenbroker secrets put vault:example.email" in shown.out
    assert "Not replayed." in shown.out
    assert files(project) == [YAML, SPEC, SUPPORT]
    assert stored(project, "bitwarden", "example/made") == Secret(TOKEN)


@pytest.mark.req("REC-1")
def test_inputs_of_the_environment_are_told_and_not_stored(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("tokenbroker.toml", f'{SETTINGS}\n[inputs]\nsink = "env"\n')
    code, person = review(sitting(), "s", "n")
    assert (code, len(person.asked)) == (0, 2)
    assert "  export TOKENBROKER_SECRET_EXAMPLE_EMAIL=…" in capsys.readouterr().out


@pytest.mark.req("REC-1")
@pytest.mark.parametrize("seen", [token_of("", source="clipboard"), token_of("exk_live_••••••••")])
def test_a_key_that_was_not_seen_whole_is_told_how_to_store(
    review: Review, capsys: pytest.CaptureFixture[str], seen: Event
) -> None:
    code, person = review(sitting(seen), "s", "y")
    assert (code, len(person.asked)) == (0, 2)
    assert "  tokenbroker secrets put bitwarden:example/made" in capsys.readouterr().out


@pytest.mark.req("REC-1")
def test_a_replay_has_the_whole_environment_again_and_its_exit_code_is_the_commands(
    review: Review, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKENBROKER_SECRET_OTHER", "of another flow")
    seen: list[object] = []

    def run(flow: Path, case: str, options: list[str]) -> SimpleNamespace:
        seen.extend([flow, options, os.environ.get("TOKENBROKER_SECRET_OTHER")])
        return SimpleNamespace(exit_code=7)

    monkeypatch.setattr(record_finish, "run_once", run)
    code, _ = review(sitting(), "r", "y", "n")
    assert code == 7
    options = ["--live", "--again", "--mode=semi_auto", f"--param=name={KEY_NAME}"]
    assert seen == [Path(YAML), options, "of another flow"]
    assert "  r  save it, and replay it at once: creates another key" in capsys.readouterr().out


@pytest.mark.req("REC-1")
@pytest.mark.parametrize(
    ("recording", "said"),
    [
        (Recording(events=(gone_to("http://127.0.0.1:9/login"),)), "no token is captured"),
        (sitting(clicked("Next")), "No token was marked"),
        (sitting(clicked("Next"), ended="closed"), "The browser was closed"),
    ],
    ids=["no act", "no token", "closed"],
)
def test_a_recording_that_lacks_something_is_reviewed_as_usual_and_says_so(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str], recording: Recording, said: str
) -> None:
    code, _ = review(recording, "s", "n", "n")
    assert (code, files(project)) == (0, [YAML, SPEC, SUPPORT])
    assert said in " ".join(capsys.readouterr().out.split())


@pytest.mark.req("REC-1")
def test_what_could_not_run_is_neither_replayed_nor_saved_by_enter(
    project: Project, review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    code, person = review(Recording(events=()), "r", "", "s")
    shown = capsys.readouterr().out
    assert (code, len(person.asked)) == (0, 3)
    assert "[s]" not in person.asked[0]
    assert "Next: mend what was found" in shown


@pytest.mark.req("REC-2", "FLOW-5")
def test_a_marked_field_that_tells_of_a_person_is_a_personal_parameter_of_the_flow(
    project: Project, review: Review
) -> None:
    owner = replace(field_of("grace@example.org", "Owner"), is_parameter=True)
    review(sitting(owner, token_of()), "", "n", "n")
    text = (project.folder / YAML).read_text()
    assert re.search(r"^  email: \{ .*personal: true", text, re.MULTILINE), text
    assert re.search(r"^  name: \{(?!.*personal)", text, re.MULTILINE), text
