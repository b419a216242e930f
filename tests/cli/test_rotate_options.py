"""Options of `tokenbroker rotate` that would say nothing are refused (FLOW-8)."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.lifecycle.replacements import REFERENCE, Scene, Site
from tokenbroker.cli import app
from tokenbroker.cli.rotate_tickets import Found, require_known_params
from tokenbroker.cli.rotate_words import Told
from tokenbroker.clock import system_clock
from tokenbroker.errors import UsageError
from tokenbroker.lifecycle.tickets import Need
from tokenbroker.pytest_plugin.sitting import Turn
from tokenbroker.run.result import Status, StepResult, StepStarted
from tokenbroker.sinks.local import open_local

pytestmark = pytest.mark.req("FLOW-8")


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Found]:
    with open_local(tmp_path / "home", default_home=False) as local:
        yield Found(tickets=(Scene(site=Site(), local=local).ticket(),))


@pytest.mark.parametrize(
    "arguments", [(), (REFERENCE, "--due"), (REFERENCE, "--within", "14d"), ("--due", "--within", "")]
)
def test_a_time_is_for_what_is_due_only(arguments: tuple[str, ...]) -> None:
    error = CliRunner().invoke(app, ["rotate", *arguments]).exception
    assert isinstance(error, UsageError)
    assert error.code == "usage"
    assert error.next_step or "--due" in arguments


def test_a_parameter_that_no_flow_has_is_refused_with_those_they_have(found: Found) -> None:
    require_known_params(found, {"key_name": "ours"})
    with pytest.raises(UsageError) as caught:
        require_known_params(found, {"key_nmae": "ours"})
    assert caught.value.code == "param.unknown"
    assert "key_name" in caught.value.sentence
    one_more = Found(tickets=found.tickets, refusals=(UsageError("its flow can't be read"),))
    require_known_params(one_more, {"of_that_one": "a"})


def test_a_step_that_is_left_out_is_told_as_skipped(
    found: Found, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    told = Told(
        found.tickets, bench_of=lambda _: found.tickets[0], waits=False, shares=False, clock=system_clock
    )  # type: ignore[arg-type, return-value]  # none is asked for
    turn = Turn(ticket=found.tickets[0], need=Need.KEY, number=1, total=1)
    told.step(turn, StepStarted(number=2, total=9, title="type #email", only_if="#email"))
    told.step(turn, left_out("type #email"))
    told.step(turn, StepStarted(number=3, total=9, title="click #go"))
    shown = capsys.readouterr().err.split("\r\x1b[K")
    assert [line.partition(": ")[2] for line in shown[1:]] == [
        "2/9 type #email (if #email is there)",
        "skipped type #email",
        "3/9 click #go",
    ]


def left_out(title: str) -> StepResult:
    return StepResult(
        number=2,
        verb="type",
        title=title,
        status=Status.SKIPPED,
        started_at=datetime(2026, 11, 28, tzinfo=UTC),
        duration_s=0.1,
        remark="",
        code=None,
        picture=None,
    )
