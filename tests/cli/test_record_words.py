"""What the review shows of a recording: short, at the terminal's width, and never a value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record.compose.make_snapshots import draft_of
from tests.record.compose.sittings import CONSOLES
from tokenbroker.cli.record_words import in_words
from tokenbroker.record.draft import Draft, DraftStep
from tokenbroker.record.sanitise import Replacement, Rule

pytestmark = pytest.mark.req("REC-1", "REC-2")
EMPTY = Draft(site="example", flow="made", description="", steps=())


def replacement(rule: Rule, masked: str, *where: str, **said: object) -> Replacement:
    return Replacement(
        **{"rule": rule, "reference": "", "masked": masked, "where": where, "count": len(where), **said}
    )  # type: ignore[arg-type]


def told(
    draft: Draft = EMPTY, *replacements: Replacement, width: int = 80, ended: str = "finished"
) -> list[str]:
    return [*in_words(draft, replacements, (), ended=ended, width=width)]


def test_many_places_are_one_and_how_many_more() -> None:
    where = ["event 2: typed into “E-mail”", *(f"event {number}: in a heading" for number in range(3, 15))]
    screen = " ".join(" ".join(told(EMPTY, replacement(Rule.EMAIL, "an e-mail address", *where))).split())
    assert "an e-mail address: typed into “E-mail”, and in 12 more places" in screen
    assert "event" not in screen


def test_what_was_cut_out_of_addresses_is_told_once_a_kind() -> None:
    parts = [
        replacement(
            Rule.ADDRESS_PART, f"{letter}…, a part of an address, 9 characters", "event 1: in an address"
        )
        for letter in "abc"
    ]
    screen = "\n".join(told(EMPTY, *parts))
    assert screen.count("a part of an address") == 1
    assert "and in 2 more places" in screen


def test_what_has_to_be_looked_at_stands_before_the_steps() -> None:
    step = DraftStep(verb="navigate", options={"url": "https://console.example.com"})
    draft = Draft(site="example", flow="made", description="", steps=(step,), notes=("A note.",))
    kept = replacement(
        Rule.HOST_NAME, "a…, a host name, 20 characters", "event 1: in an address", is_kept=True
    )
    refused = replacement(
        Rule.TYPED, "a text", "event 1: x", reference="param:name", reason="it can't be kept"
    )
    lines = told(draft, kept, refused, ended="closed")
    steps = lines.index("Steps")
    for part in ("A note.", "a host name", "it can't be kept", "The browser was closed"):
        assert any(part in line for line in lines[:steps])
    assert not any("a host name" in line for line in lines[steps:])


@pytest.mark.parametrize("width", [20, 80, 120, 400])
@pytest.mark.parametrize("console", CONSOLES)
def test_each_console_fits_the_terminal(console: str, width: int) -> None:
    lines = told(draft_of(console), width=width)
    room = min(max(width, 40), 120)
    # A word that is longer than its line, such as an address, is not broken: it can be marked and copied.
    wide = [line for line in lines if len(line) > room and len(line.split()) > 3]
    assert wide == [] or width < 80


@settings(max_examples=40)
@given(st.text(max_size=60), st.text(max_size=200))
def test_nothing_that_a_page_says_steers_the_terminal(name: str, note: str) -> None:
    step = DraftStep(verb="click", options={"selector": [{"role": "button", "name": name}]})
    draft = Draft(site="example", flow="made", description="", steps=(step,), notes=(note,))
    lines = told(draft, replacement(Rule.TYPED, f"{note[:1]}…, a text", f"event 1: typed into “{name}”"))
    assert all(line.isprintable() for line in lines)
