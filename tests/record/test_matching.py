"""What is made of the log: a pure function (REC-1)."""

from typing import Any

import pytest

from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.human.checkpoint import Kind
from tokenbroker.record.matching import events_of
from tokenbroker.record.observed import (
    Acted,
    Answered,
    CameUp,
    CodegenAction,
    Followed,
    Marked,
    Moved,
    Opened,
    Seen,
    Traits,
)
from tokenbroker.record.recording import Appeared, ElementSeen, Typing, What
from tokenbroker.run.targets.engine import Print

pytestmark = pytest.mark.req("REC-1")

HERE = "https://site.example/"
PRINT = Print(
    role="", tag="", type="", autocomplete="", form="", landmark="", name="", row="", caption="", near=(), alike=1
)  # fmt: skip
BY_CODEGEN = Alternative(family=Family.ROLE, value="button", name="Go")


def seen(
    number: int,
    *,
    window: int = 0,
    document: str = "d",
    known: bool = True,
    tag: str = "button",
    **traits: bool,
) -> Seen:
    ways = (Alternative(family=Family.CSS, value=f"#e{number}"),)
    return Seen(
        window=window, document=document, number=number, page_url=HERE,
        element=ElementSeen(alternatives=ways, print=PRINT, tag=tag) if known else None,
        traits=Traits(**{"acts": True, **traits}),
    )  # fmt: skip


def click(number: int, **options: Any) -> Acted:
    detail, at_s = options.pop("detail", 1), options.pop("at_s", 0.0)
    return Acted(kind="click", seen=seen(number, **options), detail=detail, at_s=at_s)


def typed(number: int, value: str, *, how: str = "insertText", before: str = "", **options: Any) -> Acted:
    return Acted(
        kind="input",
        seen=seen(number, tag="input", is_text=True, **options),
        value=value,
        how=how,
        before=before,
    )


def enter(number: int, **options: Any) -> Acted:
    return Acted(kind="key", seen=seen(number, tag="input", is_text=True, **options), value="Enter")


def told(*entries: Any, actions: tuple[CodegenAction, ...] = ()) -> list[tuple[str, str]]:
    return [(each.what.value, each.value) for each in events_of(entries, actions)]


def test_one_event_for_each_field_that_was_left() -> None:
    assert told(typed(1, "a"), typed(1, "ab"), typed(2, "x"), typed(1, "abc"), click(3), typed(1, "new")) == [
        ("type", "abc"), ("type", "x"), ("click", ""), ("type", "new"),
    ]  # fmt: skip


def test_a_field_that_holds_again_what_it_held_was_not_typed_into() -> None:
    assert told(typed(1, "a"), typed(1, "", how="deleteContentBackward")) == []
    assert told(typed(1, "", how="deleteContentBackward", before="old")) == [("type", "")]


@pytest.mark.parametrize(
    ("how", "typing"),
    [
        ("insertText", Typing.KEYS),
        ("insertFromPaste", Typing.PASTED),
        ("insertCompositionText", Typing.KEYS),
        ("", Typing.FILLED),
    ],
)
def test_how_a_content_came(how: str, typing: Typing) -> None:
    (event,) = events_of([typed(1, "a", how=how)])
    assert event.typing is typing


def test_to_take_a_letter_back_changes_nothing_of_how_it_came() -> None:
    (event,) = events_of(
        [typed(1, "abc", how="insertFromPaste"), typed(1, "ab", how="deleteContentBackward")]
    )
    assert event.typing is Typing.PASTED


def test_an_act_of_an_unknown_element_has_the_locator_of_the_action_that_fits() -> None:
    actions = (
        CodegenAction(name="fill", window=0, value="other"),
        CodegenAction(name="click", window=1, locator=Alternative(family=Family.CSS, value="a")),
        CodegenAction(name="click", window=0, locator=BY_CODEGEN),
    )
    (event,) = events_of([click(1, known=False)], actions)
    assert event.element is not None
    assert event.element.alternatives == (BY_CODEGEN,)


def test_each_action_stands_for_one_act() -> None:
    action = CodegenAction(name="click", window=0, locator=BY_CODEGEN)
    assert len(events_of([click(1), click(2, known=False)], (action,))) == 1
    assert len(events_of([click(1), click(2, known=False)], (action, action))) == 2


def test_an_action_that_nobody_vouches_for_is_none() -> None:
    assert events_of([], (CodegenAction(name="click", window=0, locator=BY_CODEGEN),)) == ()
    assert told(typed(1, "a"), actions=(CodegenAction(name="fill", window=0, value="forged"),)) == [
        ("type", "a")
    ]


def test_enter_counts_once_something_came_of_it() -> None:
    assert told(typed(1, "a"), enter(1)) == [("type", "a")]
    sent = Followed(kind="submitted", window=0, document="d")
    assert told(typed(1, "a"), enter(1), sent) == [("type", "a"), ("press", "Enter")]
    assert told(enter(1), Moved(window=0, url=f"{HERE}next", from_url=HERE)) == [("press", "Enter")]
    assert told(enter(1), click(1, detail=0)) == [("click", "")]


def test_a_press_on_what_is_no_control_counts_once_something_came_of_it() -> None:
    assert told(click(1, acts=False)) == []
    assert told(click(1, acts=False, is_pointed=True)) == [("click", "")]
    heading = CameUp(window=0, document="d", appeared=Appeared(role="heading", name="New"))
    assert told(click(1, acts=False), heading) == [("click", "")]


def test_a_press_that_has_only_shown_a_password_is_none() -> None:
    assert told(click(1), click(2), Followed(kind="toggled", window=0, document="d")) == [("click", "")]


def test_a_tick_that_was_taken_back_is_none() -> None:
    check, uncheck = (Acted(kind=kind, seen=seen(1, tag="input")) for kind in ("check", "uncheck"))  # type: ignore[arg-type]
    assert told(check, uncheck) == []
    assert told(uncheck, check) == [("check", "")]


def test_where_an_act_led_is_where_the_window_came_to_rest() -> None:
    moves = [Moved(window=0, url=f"{HERE}{n}", from_url=HERE) for n in range(3)]
    first, second = events_of([click(1), *moves, click(2)])
    assert (first.led_to, second.led_to) == (f"{HERE}2", "")


def test_what_was_gone_back_to_is_the_person_s_unless_an_act_did_it() -> None:
    back = Moved(window=0, url=HERE, from_url=f"{HERE}2", how="history", at_s=9.0)
    assert told(click(1), back) == [("click", ""), ("navigate", HERE)]
    assert told(click(1, at_s=8.5), back) == [("click", "")]


def test_a_window_belongs_to_the_act_that_opened_it() -> None:
    first, second = events_of(
        [click(1, at_s=1.0), Opened(window=1, opener=0, at_s=1.2), click(2, window=1, at_s=2.0)]
    )
    assert (first.opens, second.opens) == (1, None)
    (late,) = events_of([click(1, at_s=1.0), Opened(window=1, opener=None, is_blank=True, at_s=6.0)])
    assert late.opens is None


def test_a_heading_that_the_page_before_had_has_not_come_up() -> None:
    def up(document: str, name: str) -> CameUp:
        return CameUp(window=0, document=document, appeared=Appeared(role="heading", name=name))

    opened = Moved(window=0, url=HERE, how="typed")
    _, pressed = events_of(
        [opened, up("a", "Site"), click(1), up("b", "Site"), *(up("b", f"N{n}") for n in range(9))]
    )
    assert [each.name for each in pressed.appeared] == [f"N{n}" for n in range(5)]


def test_how_a_dialog_was_answered_belongs_to_the_last_act() -> None:
    (event,) = events_of([click(1), Answered(window=0, answer="dismiss")])
    assert event.dialog == "dismiss"


def test_what_is_forgotten_is_the_last_that_counted() -> None:
    assert told(typed(1, "a"), click(2), click(3, acts=False), Marked(kind="forget")) == [("type", "a")]
    assert told(Marked(kind="forget")) == []


def test_a_code_is_answered_by_a_person_until_nothing_asks_for_one() -> None:
    code = [typed(2, "1", is_code=True, asks_code=True), typed(2, "12", is_code=True, asks_code=True)]
    log = [
        typed(1, "me"),
        *code,
        enter(2, is_code=True, asks_code=True),
        click(3, asks_code=True),
        click(4, document="e"),
    ]
    events = events_of(log)
    assert [(each.what, each.human) for each in events] == [
        (What.TYPE, None), (What.HUMAN, Kind.OTP), (What.CLICK, None),
    ]  # fmt: skip
    assert all("1" not in each.value for each in events)


def test_a_code_that_is_typed_between_two_marks_makes_it_a_code() -> None:
    log = [
        Marked(kind="human", human=Kind.ACTION),
        typed(2, "1", is_code=True, asks_code=True),
        Marked(kind="human over"),
        click(3),
    ]
    assert [(each.what, each.human) for each in events_of(log)] == [
        (What.HUMAN, Kind.OTP),
        (What.CLICK, None),
    ]


def test_no_repr_holds_what_was_typed() -> None:
    log = [typed(1, "demo-only-typed"), Moved(window=0, url=f"{HERE}demo-only-path", from_url=HERE)]
    assert "demo-only" not in repr(log)
    assert "demo-only" not in repr(events_of(log))
