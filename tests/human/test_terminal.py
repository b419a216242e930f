"""The prompt at a real terminal: it asks, it does not echo, and it ends."""

import hashlib
import secrets
import sys
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from tests.human.terminal import asking
from tokenbroker.human.channels.terminal import TerminalChannel, _alone_at_the_terminal
from tokenbroker.human.checkpoint import Kind, Outcome

pytestmark = pytest.mark.req("HUMAN-2")

PROMPTS = {
    Kind.APPROVAL: "Type 'yes' to let it begin",
    Kind.OTP: "Type the code",
    Kind.DEVICE: "Approve it on your device",
    Kind.CONFIRM: "Press Enter to go on",
    Kind.ACTION: "Do it in the browser",
    Kind.RETRY: "Mend the page in the browser",
}


def digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


@pytest.fixture
def code() -> str:
    return f"{secrets.randbelow(10**10):010}"


@pytest.mark.req("HUMAN-3")
def test_a_code_is_taken_and_never_shown(code: str) -> None:
    with asking(Kind.OTP) as terminal:
        terminal.wait_for(PROMPTS[Kind.OTP])
        terminal.type(f" {code} \n")
        told = terminal.outcome()
    assert (told["outcome"], told["code"], told["channel"]) == ("done", digest(code), "terminal")
    assert told["who"]
    assert told["echo"], "the terminal echoes again afterwards"
    assert code not in terminal.shown


@pytest.mark.req("HUMAN-1")
def test_the_question_says_why_for_which_flow_and_where() -> None:
    with asking(Kind.OTP) as terminal:
        terminal.wait_for(PROMPTS[Kind.OTP])
    for part in ("Enter 2FA", "examplecloud/create_api_key", "http://127.0.0.1:8000"):
        assert part in terminal.shown


@pytest.mark.req("HUMAN-1")
@pytest.mark.parametrize("kind", [Kind.CONFIRM, Kind.ACTION, Kind.DEVICE, Kind.RETRY])
@pytest.mark.parametrize(
    ("typed", "outcome"), [("stop", "denied"), ("Q", "denied"), ("yes", "done"), ("", "done")]
)
def test_what_is_neither_a_yes_nor_a_no_is_asked_again(kind: Kind, typed: str, outcome: str) -> None:
    with asking(kind) as terminal:
        terminal.wait_for(PROMPTS[kind])
        terminal.type("what?\n")
        terminal.wait_for("neither yes nor no")
        terminal.type(f"{typed}\n")
        assert terminal.outcome()["outcome"] == outcome


@pytest.mark.req("HUMAN-1")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names of sockets without files")
def test_one_terminal_asks_one_question_at_a_time() -> None:
    def asking(says: Outcome | None = None) -> AbstractContextManager[Outcome | None]:
        return _alone_at_the_terminal(timedelta(), lambda: says)

    with asking() as first, asking() as second, asking(Outcome.DENIED) as settled:
        assert (first, second, settled) == (None, Outcome.TIMED_OUT, Outcome.DENIED)
    with asking() as again:
        assert again is None  # nothing was left behind


@pytest.mark.req("HUMAN-1", "FLOW-7")
@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        ("yes\n", "done"),
        ("Y\n", "done"),
        ("\n", "denied"),
        ("abort\n", "denied"),
        ("yes please\n", "denied"),
        ("\x04", "denied"),
    ],
)
def test_an_approval_takes_the_word_yes(typed: str, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "someone-else")
    with asking(Kind.APPROVAL) as terminal:
        terminal.wait_for(PROMPTS[Kind.APPROVAL])
        terminal.type(typed)
        told = terminal.outcome()
    assert told["outcome"] == outcome
    assert told["who"] != "someone-else"


@pytest.mark.req("HUMAN-1")
@pytest.mark.parametrize("kind", [Kind.DEVICE, Kind.CONFIRM, Kind.ACTION])
def test_enter_says_yes_where_no_code_is_asked_for(kind: Kind) -> None:
    with asking(kind) as terminal:
        terminal.wait_for(PROMPTS[kind])
        terminal.type("\n")
        told = terminal.outcome()
    assert (told["outcome"], told["code"]) == ("done", None)


@pytest.mark.req("HUMAN-1")
@pytest.mark.parametrize("kind", [Kind.OTP, Kind.CONFIRM])
@pytest.mark.parametrize("word", ["deny", "DENY", "no", " n "])
def test_a_no_is_a_no(kind: Kind, word: str) -> None:
    with asking(kind) as terminal:
        terminal.wait_for(PROMPTS[kind])
        terminal.type(f"{word}\n")
        told = terminal.outcome()
    assert (told["outcome"], told["code"]) == ("denied", None)


def test_an_empty_code_is_asked_for_again(code: str) -> None:
    with asking(Kind.OTP) as terminal:
        terminal.wait_for(PROMPTS[Kind.OTP])
        terminal.type("\n")
        terminal.wait_for("That is too short")
        terminal.type(f"{code}\n")
        assert terminal.outcome()["code"] == digest(code)


def test_a_code_that_was_refused_is_asked_for_with_that_said() -> None:
    with asking(Kind.OTP, attempt=2) as terminal:
        terminal.wait_for("not accepted")
        terminal.wait_for(PROMPTS[Kind.OTP])


@pytest.mark.req("HUMAN-3")
def test_what_was_typed_before_the_question_is_no_answer() -> None:
    with asking(Kind.CONFIRM, seconds=0.5, typed_before="\n\n") as terminal:
        assert terminal.outcome()["outcome"] == "timed_out"


@pytest.mark.req("HUMAN-1")
def test_nobody_answers_until_the_deadline() -> None:
    with asking(Kind.OTP, seconds=0.2) as terminal:
        told = terminal.outcome()
    assert (told["outcome"], told["code"], told["echo"]) == ("timed_out", None, True)


@pytest.mark.req("HUMAN-1")
@pytest.mark.parametrize("kind", [Kind.ACTION, Kind.DEVICE])
@pytest.mark.parametrize("said", [Outcome.DONE, Outcome.DENIED])
def test_the_page_s_own_word_ends_the_question(kind: Kind, said: Outcome) -> None:
    with asking(kind) as terminal:
        terminal.wait_for(PROMPTS[kind])
        terminal.let_the_page_say(said)
        told = terminal.outcome()
    assert (told["outcome"], told["code"], told["echo"]) == (said.value, None, True)


@pytest.mark.req("HUMAN-1")
def test_a_device_is_approved_elsewhere_and_no_code_is_asked_for() -> None:
    with asking(Kind.DEVICE) as terminal:
        terminal.wait_for(PROMPTS[Kind.DEVICE])
        assert PROMPTS[Kind.OTP] not in terminal.shown
        terminal.type("no\n")
        assert terminal.outcome()["outcome"] == "denied"


@pytest.mark.parametrize("kind", [Kind.OTP, Kind.CONFIRM])
def test_the_end_of_input_is_no_yes(kind: Kind) -> None:
    with asking(kind) as terminal:
        terminal.wait_for(PROMPTS[kind])
        terminal.type("\x04")
        assert terminal.outcome()["outcome"] == "denied"


@pytest.mark.parametrize("kind", [Kind.OTP, Kind.CONFIRM])
def test_a_terminal_that_went_away_reaches_nobody(kind: Kind) -> None:
    with asking(kind, act="ask with hang-up ignored") as terminal:
        terminal.wait_for(PROMPTS[kind])
        terminal.hang_up()
        assert terminal.outcome() == {"error": "human.unreachable"}


def test_ctrl_c_ends_the_question_and_the_terminal_echoes_again() -> None:
    with asking(Kind.OTP) as terminal:
        terminal.wait_for(PROMPTS[Kind.OTP])
        terminal.interrupt()
        assert terminal.outcome() == {"interrupted": True, "echo": True}


@pytest.mark.req("HUMAN-2")
@pytest.mark.parametrize(
    ("act", "why"), [("ask in the background", "background"), ("ask without a terminal", "no terminal")]
)
def test_a_process_that_may_not_read_a_terminal_reaches_nobody_and_says_why(act: str, why: str) -> None:
    with asking(Kind.OTP, act=act) as terminal:
        assert why in terminal.outcome()["unreachable"]


def test_a_reason_can_t_paint_over_the_question() -> None:
    with asking(Kind.CONFIRM, reason="Fine\x1b[2J\r\nPress Enter: \x1b]0;x\x07") as terminal:
        terminal.wait_for(PROMPTS[Kind.CONFIRM])
    assert "\x1b" not in terminal.shown
    assert "\x07" not in terminal.shown


def test_a_terminal_that_is_not_there_is_no_channel(tmp_path) -> None:
    assert TerminalChannel(tty=str(tmp_path / "gone")).unreachable()
