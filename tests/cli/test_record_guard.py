"""What goes wrong while a recording is in memory quotes nothing of it (REC-3)."""

import os
import signal
import subprocess
import sys

import pytest
import typer

from tokenbroker.cli.record_guard import RecorderFailed, guarded
from tokenbroker.errors import HumanDenied

pytestmark = pytest.mark.req("REC-3", "SECRET-7")
VALUE = "demo-only-7c1f"
LEFT_HALF_DONE = f"""
import asyncio, gc, warnings
from tokenbroker.cli import main
from tokenbroker.cli.record_guard import guarded

class Held:
    def __del__(self):
        raise ValueError("{VALUE}")

async def typing():
    try:
        await asyncio.sleep(60)
    finally:
        raise ValueError("{VALUE}")

async def cut_off():
    loop = asyncio.get_running_loop()
    loop.create_task(typing(), name="{VALUE}")
    loop.create_future().set_exception(ValueError("{VALUE}"))
    await asyncio.sleep(0)

def act():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(cut_off())
    typing()
    Held()
    loop.close()

guarded(act)
gc.collect()
print("over")
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard is for the rest of a process; this one goes on."""
    monkeypatch.setattr("tokenbroker.cli.record_guard._leave_unsaid", lambda: None)


def test_an_error_that_nobody_foresaw_is_told_by_its_kind_and_place_only() -> None:
    with pytest.raises(RecorderFailed) as failed:
        guarded(lambda: print(int(VALUE)))
    assert failed.value.code == "record.failed"
    assert "ValueError" in str(failed.value)
    assert VALUE not in str(failed.value)
    assert failed.value.__cause__ is failed.value.__context__ is None


@pytest.mark.parametrize(
    "said",
    [HumanDenied("cancelled", code="record.cancelled"), typer.Exit(3), typer.Abort(), KeyboardInterrupt()],
)
def test_what_is_foreseen_goes_through(said: BaseException) -> None:
    def act() -> None:
        raise said

    with pytest.raises(type(said)) as came:
        guarded(act)
    assert came.value is said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_end_is_as_ctrl_c_and_a_second_one_does_not_disturb_the_cleaning_up(
    number: signal.Signals,
) -> None:
    before, cleaned = signal.getsignal(number), []

    def act() -> None:
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            os.kill(os.getpid(), number)
            cleaned.append(True)

    with pytest.raises(KeyboardInterrupt):
        guarded(act)
    assert cleaned
    assert signal.getsignal(number) is before


def test_what_is_left_half_done_is_not_spoken_of_when_it_is_collected() -> None:
    assert said_by(LEFT_HALF_DONE) == "over\n"
    assert said_by(LEFT_HALF_DONE.replace("guarded(act)", "act()")).count(VALUE) >= 4, "without the guard"


def said_by(program: str) -> str:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    return ended.stdout + ended.stderr
