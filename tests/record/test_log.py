"""The log as it grows: bounded, and with room for what a person does (REC-1)."""

import pytest

from tests.record.conftest import Doing, Person, Sit, acts
from tests.record.test_matching import click, typed
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record import log as log_module
from tokenbroker.record.log import MAX_IDLE, MAX_PER_S, Log
from tokenbroker.record.matching import events_of
from tokenbroker.record.observed import CameUp, CodegenAction, Entry, Followed, Moved, Opened
from tokenbroker.record.recording import Appeared, What

pytestmark = pytest.mark.req("REC-1")

SENT = Followed(kind="submitted", window=0, document="d")


def log_of(*entries: Entry, step_s: float = 1.0) -> Log:
    log = Log()
    for place, entry in enumerate(entries):
        log.add(entry, now_s=place * step_s)
    return log


def notice(number: int, *, window: int = 0) -> CameUp:
    return CameUp(window=window, document="d", appeared=Appeared(role="status", name=str(number)))


def moved(number: int, *, window: int = 0) -> Moved:
    return Moved(window=window, url=f"https://site.example/{number}")


def test_a_form_that_is_sent_without_end_is_one_entry() -> None:
    assert log_of(click(1), *[SENT] * 50).entries == [click(1), SENT]


def test_of_a_field_the_last_content_is_kept_with_what_it_held_at_first() -> None:
    (entry,) = log_of(
        typed(1, "abc", how="insertFromPaste", before="x"), typed(1, "ab", how="deleteContentBackward", before="abc")
    ).entries  # fmt: skip
    assert entry == typed(1, "ab", how="insertFromPaste", before="x")


def test_entries_of_two_fields_and_a_return_stay() -> None:
    assert len(log_of(typed(1, "a"), typed(2, "b"), typed(1, "c")).entries) == 3


@pytest.mark.parametrize("deleted", [1, 2, 3])
def test_events_are_the_same_with_and_without_the_entries_between(deleted: int) -> None:
    hows = ["insertText", "insertFromPaste", "insertText", "insertText"]
    hows[deleted] = "deleteContentBackward"
    entries = [typed(1, "abcd"[: n + 1], how=how) for n, how in enumerate(hows)]
    assert events_of(entries) == events_of(log_of(*entries).entries)


def test_a_page_that_does_all_at_once_without_end_is_cut_short() -> None:
    log = log_of(*(made for n in range(500) for made in (notice(n), SENT, moved(n))))
    assert len(log.entries) <= MAX_IDLE + 2
    assert log.entries[-1] == moved(499)


def test_another_window_s_address_is_not_replaced() -> None:
    log = log_of(moved(7, window=1), *(moved(n) for n in range(200)))
    assert log.entries[0] == moved(7, window=1)
    log.add(moved(8, window=2), now_s=300)
    log.add(moved(200), now_s=301)
    assert log.entries[-2:] == [moved(8, window=2), moved(200)]


def test_more_than_so_many_in_a_second_are_left_out_but_for_acts() -> None:
    entries = [made for n in range(400) for made in (notice(n), click(n))]
    log = log_of(*entries, step_s=0.0)
    assert len(log.entries) == 400 + MAX_PER_S
    log.add(notice(1, window=1), now_s=0.0)
    assert log.entries[-1] == notice(1, window=1)


def test_a_full_log_has_room_for_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_BY_PAGES", 3)
    log = log_of(*(Opened(window=n, opener=0) for n in range(1, 9)))
    assert (len(log.entries), log.is_full) == (3, True)
    log.add(click(1), now_s=9)
    assert log.entries[-1] == click(1)


def test_many_forged_actions_and_many_entries_take_no_long_time() -> None:
    entries = [made for n in range(3_000) for made in (click(n), notice(n), typed(n, str(n)))]
    way = Alternative(family=Family.TEXT, value="forged")
    actions = [
        CodegenAction(name=name, window=0, value="x", locator=way) for name in ("fill", "press") * 2_500
    ]
    assert events_of(entries, actions)  # what grew with the product of both would not end in the test's time


@pytest.mark.browser
def test_a_sitting_whose_log_is_full_ends_as_finished_and_says_so(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "MAX_BY_PAGES", 3)
    said: list[str] = []

    def do(person: Person) -> Doing:
        person.click("button")
        while True:
            yield

    recording = sit(
        do, "<button onclick=\"this.after('x'); location.hash += 'x'\">Go</button>", say=said.append
    )
    assert recording is not None
    assert recording.ended == "finished"
    assert [each.what for each in acts(recording)] == [What.CLICK]
    assert len(said) == 2
