"""One question, several who may answer it: the first one counts, and a code reaches the run that asked, and no other."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tokenbroker.clock import system_clock
from tokenbroker.errors import HumanUnreachable, SecretUnavailable
from tokenbroker.human.board import Board, answered
from tokenbroker.human.channels import AnywhereChannel, OverlayChannel
from tokenbroker.human.checkpoint import Answer, Checkpoint, Kind, Outcome, PageSays
from tokenbroker.secret import Secret
from tokenbroker.store.checkpoints import STALE, claim, waiting
from tokenbroker.store.engine import Store
from tokenbroker.store.models import CHECKPOINTS
from tokenbroker.store.sqlite import open_store

pytestmark = pytest.mark.req("HUMAN-2")


class Nobody:
    """A channel that reaches nobody."""

    name = "nobody"

    def unreachable(self) -> str | None:
        return "this process has no terminal"

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        raise AssertionError


class Person(Nobody):
    """One who answers after some time, unless it is settled before."""

    name = "person"

    def __init__(self, after_s: float = 0.0, code: Secret | None = None) -> None:
        self._after_s = after_s
        self._code = code
        self.settled: Outcome | None = None

    def unreachable(self) -> str | None:
        return None

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        ends_at = time.monotonic() + self._after_s
        while time.monotonic() < ends_at:
            if (said := page_says()) is not None:
                self.settled = said
                return Answer(outcome=said, who="person", channel=self.name, at=system_clock())
            time.sleep(0.02)
        return Answer(
            outcome=Outcome.DONE, code=self._code, who="person", channel=self.name, at=system_clock()
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home" / "store.db") as opened:
        yield opened


def checkpoint(kind: Kind = Kind.OTP, *, seconds: float = 20) -> Checkpoint:
    return Checkpoint(
        kind=kind,
        reason="Enter 2FA",
        flow_id="example/create",
        origin="http://127.0.0.1:8000",
        deadline=system_clock() + timedelta(seconds=seconds),
    )


def anywhere(store: Store, inner: Nobody, *, waits: bool = True) -> AnywhereChannel:
    return AnywhereChannel(inner, Board(lambda: store), waits=waits)


def answer_from_elsewhere(store: Store, answer: Answer, *, won: list[bool] | None = None) -> threading.Thread:
    """Somebody who looks at the board, and answers what is there."""

    def work() -> None:
        while not (found := waiting(store, now=system_clock())):
            time.sleep(0.02)
        given = claim(store, found[0], answered(found[0], answer, channel="approve"))
        if won is not None:
            won.append(given)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def said(outcome: Outcome, code: Secret | None = None) -> Answer:
    return Answer(outcome=outcome, code=code, who="somebody", channel="approve", at=system_clock())


def nothing() -> None:
    return None


@pytest.mark.req("HUMAN-3")
def test_a_code_from_elsewhere_reaches_the_run_and_lies_in_the_database_sealed_only(store: Store) -> None:
    code = Secret("482913")
    person = Person(after_s=20)
    thread = answer_from_elsewhere(store, said(Outcome.DONE, code))
    answer = anywhere(store, person).ask(checkpoint(), nothing)
    thread.join()
    assert (answer.outcome, answer.code, answer.who, answer.channel) == (
        Outcome.DONE,
        code,
        "somebody",
        "approve",
    )
    assert person.settled is Outcome.DONE
    assert store.read(lambda c: c.execute(select(CHECKPOINTS)).all()) == [], "nothing is left of it"
    for file in store.path.parent.iterdir():  # type: ignore[attr-defined]
        assert b"482913" not in file.read_bytes()


def test_the_channel_s_own_answer_counts_where_it_is_first(store: Store) -> None:
    code = Secret("113344")
    answer = anywhere(store, Person(code=code)).ask(checkpoint(), nothing)
    assert (answer.code, answer.who, answer.channel) == (code, "person", "person")


def test_a_no_from_elsewhere_is_a_no(store: Store) -> None:
    thread = answer_from_elsewhere(store, said(Outcome.DENIED))
    answer = anywhere(store, Person(after_s=20)).ask(checkpoint(Kind.CONFIRM), nothing)
    thread.join()
    assert (answer.outcome, answer.who) == (Outcome.DENIED, "somebody")


def test_two_that_race_have_one_winner_and_the_run_hears_that_one(store: Store) -> None:
    for _ in range(30):
        won: list[bool] = []
        with Board(lambda: store).posted(checkpoint(Kind.CONFIRM)) as posted:
            assert posted is not None
            thread = answer_from_elsewhere(store, said(Outcome.DENIED), won=won)
            answer = posted.settled(
                Answer(outcome=Outcome.DONE, who="person", channel="person", at=system_clock())
            )
            if answer.who == "person":
                # Whoever came late finds nothing that waits, until another question does.
                with Board(lambda: store).posted(checkpoint(Kind.CONFIRM)):
                    thread.join()
            thread.join()
        assert answer.outcome is (Outcome.DENIED if answer.who == "somebody" else Outcome.DONE)
        assert len(won) == 1


class Late(Person):
    """One who answers without a look at what others say, and has been overtaken meanwhile."""

    def __init__(self, overtake: Callable[[], object]) -> None:
        super().__init__()
        self._overtake = overtake
        self.told: list[str] = []

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        self._overtake()
        return super().ask(checkpoint, page_says)

    def tell(self, sentence: str) -> None:
        self.told.append(sentence)


def test_whoever_answers_too_late_is_told_who_was_first(store: Store) -> None:
    late = Late(lambda: answer_from_elsewhere(store, said(Outcome.DENIED)).join())
    answer = anywhere(store, late).ask(checkpoint(Kind.CONFIRM), nothing)
    assert (answer.outcome, answer.who) == (Outcome.DENIED, "somebody")
    assert late.told == ["Too late: somebody has answered before (approve: denied)."]
    first = Late(lambda: None)
    assert anywhere(store, first).ask(checkpoint(Kind.CONFIRM), nothing).who == "person"
    assert first.told == []


@pytest.mark.req("HUMAN-3")
def test_a_code_that_was_sealed_for_another_question_is_none(store: Store) -> None:
    with (
        Board(lambda: store).posted(checkpoint()) as first,
        Board(lambda: store).posted(checkpoint()) as second,
    ):
        assert first is not None
        assert second is not None
        one, other = waiting(store, now=system_clock())
        given = answered(one, said(Outcome.DONE, Secret("482913")), channel="approve")
        assert claim(store, other, given)
        heard = second if other.recipient == second._question.recipient else first
        answer = heard.settled(said(Outcome.TIMED_OUT))
        assert (answer.outcome, answer.code) == (Outcome.DONE, None)


@pytest.mark.req("HUMAN-1")
def test_before_there_is_a_page_a_window_alone_reaches_nobody_and_the_board_is_waited_for(
    store: Store,
) -> None:
    with_window = OverlayChannel(Nobody())
    assert with_window.unreachable() is None
    approval = checkpoint(Kind.APPROVAL)
    answer_from_elsewhere(store, said(Outcome.DONE))
    channel = AnywhereChannel(with_window, Board(lambda: store), waits=True)
    assert channel.ask(approval, nothing).who == "somebody"
    with pytest.raises(HumanUnreachable):
        AnywhereChannel(with_window, Board(lambda: store), waits=False).ask(approval, nothing)


def test_without_a_terminal_a_run_waits_where_the_settings_say_so_and_fails_at_once_otherwise(
    store: Store,
) -> None:
    assert anywhere(store, Nobody()).unreachable() is None
    why_not = anywhere(store, Nobody(), waits=False).unreachable()
    assert why_not is not None
    assert why_not.startswith("this process has no terminal")
    assert "human.unattended" in why_not
    thread = answer_from_elsewhere(store, said(Outcome.DONE))
    assert anywhere(store, Nobody()).ask(checkpoint(Kind.CONFIRM), nothing).who == "somebody"
    thread.join()
    late = anywhere(store, Nobody()).ask(checkpoint(Kind.CONFIRM, seconds=0.2), nothing)
    assert (late.outcome, late.channel) == (Outcome.TIMED_OUT, "anywhere")


def test_a_question_whose_run_was_taken_for_gone_waits_again_once_it_is_awake(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenbroker.human.board._SEEN_S", 0.0)
    with Board(lambda: store).posted(checkpoint(Kind.CONFIRM)) as posted:
        assert posted is not None
        before = waiting(store, now=system_clock())
        assert waiting(store, now=system_clock() + 2 * STALE) == [], "as after a night"
        assert posted.outcome() is None
        assert waiting(store, now=system_clock()) == before
        assert claim(store, before[0], answered(before[0], said(Outcome.DONE), channel="approve"))
        assert posted.settled(said(Outcome.TIMED_OUT)).outcome is Outcome.DONE


def test_the_page_s_own_word_ends_it_too(store: Store) -> None:
    proven: Callable[[], Outcome | None] = lambda: Outcome.DONE  # noqa: E731
    assert anywhere(store, Nobody()).ask(checkpoint(Kind.DEVICE), proven).outcome is Outcome.DONE
    assert waiting(store, now=system_clock()) == []


def test_a_store_that_is_down_keeps_nobody_from_answering_at_the_terminal(store: Store) -> None:
    def down() -> Store:
        raise SecretUnavailable("the store is down")

    channel = AnywhereChannel(Person(code=Secret("113344")), Board(down), waits=False)
    assert channel.ask(checkpoint(), nothing).code == Secret("113344")
