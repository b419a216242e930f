"""What of a sitting a flow has no use for (REC-1)."""

import pytest

from tests.record.compose.sittings import (
    CONSOLE,
    EMAIL,
    PASSWORD,
    SIGN_IN,
    Sitting,
    button,
    element,
    link,
    submit,
    text_field,
    way,
)
from tokenbroker.record.compose import compose
from tokenbroker.record.draft import Draft
from tokenbroker.record.recording import Appeared, What

pytestmark = pytest.mark.req("REC-1")
NAME = text_field("Name", "#name", form=f"{CONSOLE}/keys")
NOTE = text_field("Note", "#note", form=f"{CONSOLE}/keys")
CREATE = submit("Create", "#create", form=f"{CONSOLE}/keys")
TOKEN = element(way("css", ".token"), tag="code")


@pytest.fixture
def sitting() -> Sitting:
    begun = Sitting()
    begun.go("/keys")
    return begun


def drafted(sitting: Sitting) -> Draft:
    return compose(sitting.recording(), site="example", flow="sample")


def told(sitting: Sitting) -> list[str]:
    """The steps after the first, as verb and what is typed or pressed."""
    steps = drafted(sitting).steps[1:]
    return [
        " ".join(
            [
                each.verb,
                str(each.options.get("value", each.options.get("value_ref", each.options.get("key", "")))),
            ]
        ).strip()
        for each in steps
    ]


@pytest.mark.parametrize(
    "idle",
    [
        NAME,
        element(way("css", "textarea"), tag="textarea", role="textbox"),
        element(way("css", "main"), tag="main"),
        element(way("css", ".card"), tag="div"),
        button("Copy", ".copy"),
        link("Buckets", "/keys#buckets", landmark="navigation"),
    ],
)
def test_a_click_that_changes_nothing_goes(sitting, idle):
    sitting.click(idle)
    assert told(sitting) == []


def test_a_division_with_words_may_be_a_control(sitting):
    sitting.click(element(way("text", "Europe"), way("css", ".option"), tag="div", label="Europe"))
    assert told(sitting) == ["click"]


def test_a_click_on_nothing_that_is_known_goes(sitting):
    sitting.note(What.CLICK)
    assert told(sitting) == []


def test_a_link_that_opened_a_window_in_vain_goes(sitting):
    sitting.click(link("Help", "/help"), opens=1)
    assert told(sitting) == []


def test_a_page_that_is_loaded_anew_and_an_empty_one_go(sitting):
    sitting.go("/keys")
    sitting.note(What.NAVIGATE, value="about:blank")
    assert told(sitting) == []


def test_showing_the_password_goes(sitting):
    sitting.type(PASSWORD, ref="secrets:example.password")
    sitting.click(button("Show", ".eye"))
    sitting.note(
        What.CHECK,
        element(
            way("label", "Show password"),
            tag="input",
            role="checkbox",
            label="Show password",
            type="checkbox",
        ),
    )
    sitting.click(SIGN_IN, to="/home")
    assert told(sitting) == ["type secrets:example.password", "click"]


def test_showing_the_token_stays(sitting):
    sitting.click(button("Reveal", ".reveal"))
    sitting.token(TOKEN)
    assert told(sitting) == ["click", "capture_token"]


def test_a_field_that_is_filled_again_keeps_its_last_content(sitting):
    sitting.type(NAME, "a")
    sitting.type(NOTE, "same")
    sitting.type(NAME, "b")
    sitting.type(NOTE, "same")
    assert told(sitting) == ["type same", "type b"]


def test_a_field_whose_first_content_was_used_keeps_both(sitting):
    add = button("Add", "#add")
    sitting.type(NAME, "a")
    sitting.click(add)
    sitting.type(NAME, "b")
    sitting.click(add)
    assert told(sitting) == ["type a", "click", "type b", "click"]


def test_a_box_that_was_ticked_and_unticked_is_as_it_was(sitting):
    box = element(
        way("label", "write"),
        way("css", "#write"),
        tag="input",
        role="checkbox",
        type="checkbox",
        label="write",
    )
    for what in (What.CHECK, What.UNCHECK):
        sitting.click(box)
        sitting.note(what, box)
    assert told(sitting) == []


def test_unticking_says_so(sitting):
    sitting.note(
        What.UNCHECK,
        element(way("label", "read"), way("css", "#read"), tag="input", role="checkbox", type="checkbox"),
    )
    assert drafted(sitting).steps[1].options["checked"] is False


def test_an_attempt_that_the_site_refused_goes(sitting):
    for _ in range(2):
        sitting.type(PASSWORD, ref="secrets:example.password")
        sitting.click(SIGN_IN)
    assert told(sitting) == ["type secrets:example.password", "click"]


def test_a_name_that_was_taken_goes_with_its_attempt(sitting):
    sitting.type(NAME, "taken")
    sitting.click(CREATE, shows=[Appeared(role="alert", name="This name is taken")])
    sitting.type(NAME, "free")
    sitting.click(CREATE, to="/keys/one")
    sitting.token(TOKEN)
    assert told(sitting) == ["type free", "click", "capture_token"]


def test_enter_is_the_press_of_the_button_where_that_is_known(sitting):
    sitting.type(NAME, "a")
    sitting.note(What.PRESS, NAME, value="Enter")
    sitting.click(CREATE, to="/keys/one")
    assert told(sitting) == ["type a", "click"]


def test_enter_stays_where_no_button_is_known(sitting):
    sitting.type(NAME, "a")
    sitting.note(What.PRESS, NAME, value="Enter", to="/keys/one")
    assert told(sitting) == ["type a", "press Enter"]


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab", "Control+c", "Backspace"])
def test_keys_that_only_edit_go(sitting, key):
    sitting.note(What.PRESS, NAME, value=key)
    assert told(sitting) == []


def test_ways_around_become_addresses_and_only_the_last_counts(sitting):
    sitting.click(link("Home", "/home", landmark="banner"), to="/home")
    sitting.click(link("Access", "/access", landmark="navigation"), to="/access")
    assert [each.options for each in drafted(sitting).steps] == [{"url": f"{CONSOLE}/access"}]


@pytest.mark.parametrize(
    ("path", "landmark", "to"),
    [
        ("/access", "main", "/access"),
        ("/access?tab=1", "navigation", "/access?tab=1"),
        ("/teams/a81f3", "navigation", "/teams/a81f3"),
        ("/access", "navigation", "/elsewhere"),
    ],
)
def test_what_is_no_mere_way_around_stays_a_click(sitting, path, landmark, to):
    sitting.click(link("Access", path, landmark=landmark), to=to)
    assert told(sitting) == ["click"]


def test_a_flow_waits_for_the_sign_in_before_it_goes_on(sitting):
    sitting.type(EMAIL, ref="secrets:example.email")
    sitting.click(SIGN_IN, to="/home")
    sitting.click(link("Access", "/access", landmark="navigation"), to="/access")
    wait, navigate = drafted(sitting).steps[-2:]
    assert (wait.verb, wait.options) == ("wait_for", {"url": f"{CONSOLE}/home"})
    assert navigate.options == {"url": f"{CONSOLE}/access"}


def test_once_the_token_is_captured_only_what_shows_it_is_closed(sitting):
    sitting.click(CREATE)
    sitting.token(TOKEN)
    sitting.click(button("Copy", ".copy", landmark="dialog"))
    sitting.click(button("View key", ".view", landmark="dialog"))
    sitting.type(NAME, "more")
    sitting.click(button("Close", ".close", landmark="dialog"))
    sitting.go("/keys/others")
    assert told(sitting) == ["click", "capture_token", "click"]


@pytest.mark.parametrize(
    "last",
    [
        button("Save changes", "#save"),
        button("Activate", "#activate"),
        button("Schlüssel aktivieren", "#activate"),
        submit("Go on", "#go", form=f"{CONSOLE}/keys"),
    ],
)
def test_what_keeps_or_enables_the_token_stays_with_its_fields(sitting, last):
    sitting.click(CREATE)
    sitting.token(TOKEN)
    sitting.click(button("Copy", ".copy"))
    sitting.type(NOTE, "nightly")
    sitting.click(last, to="/keys/all")
    assert told(sitting) == ["click", "capture_token", "type nightly", "click"]
    assert not any("after the token" in note for note in drafted(sitting).notes)


@pytest.mark.parametrize("last", ["Delete key", "Sign out"])
def test_what_takes_the_token_away_or_signs_out_goes(sitting, last):
    sitting.click(CREATE)
    sitting.token(TOKEN)
    sitting.click(submit(last, "#last", form=f"{CONSOLE}/keys"), to="/keys")
    assert told(sitting) == ["click", "capture_token"]


def test_where_the_way_is_left_out_what_was_done_there_is_too_and_a_person_is_told(sitting):
    sitting.click(CREATE)
    sitting.token(TOKEN)
    sitting.click(button("All of them", "#all"), to="/keys/all")
    sitting.click(button("Save", "#save"))
    assert told(sitting) == ["click", "capture_token"]
    assert "2 presses after the token were left out." in drafted(sitting).notes


def test_a_sitting_that_began_elsewhere_than_with_an_address_begins_there():
    begun = Sitting(page=f"{CONSOLE}/keys")
    begun.click(CREATE)
    assert drafted(begun).steps[0].options == {"url": f"{CONSOLE}/keys"}
