"""What a draft says of itself, and that it names nobody (REC-1, REC-3)."""

import pytest

from tests.record.compose.sittings import Sitting, button, element, link, submit, text_field, way
from tokenbroker.record.compose import compose
from tokenbroker.record.draft import Draft
from tokenbroker.record.recording import FrameSeen

pytestmark = pytest.mark.req("REC-1")
TOKEN = element(way("css", ".token"), tag="code")
CREATE = submit("Create key", "#create")
ASKED = "These words of the page stand in the flow; look whether they tell of you: "


def drafted(sitting: Sitting) -> Draft:
    sitting.token(TOKEN)
    return compose(sitting.recording(), site="example", flow="sample")


@pytest.mark.parametrize(
    ("heading", "bracket"), [("API keys", " (“API keys”)"), ("API keys of Ada Lovelace", "")]
)
def test_the_description_has_the_heading_if_it_can_name_nobody(heading, bracket):
    sitting = Sitting()
    sitting.go("/keys", shows=heading)
    sitting.click(CREATE)
    said = f"Creates a token at https://console.example.com{bracket} and stores it."
    assert drafted(sitting).description == said


@pytest.mark.parametrize(
    ("label", "heading", "name"),
    [
        ("Create token…", "", "token-window"),
        ("Ada Lovelace", "New key", "key-window"),
        ("Ada Lovelace", "", "window-2"),
    ],
)
def test_a_window_has_the_name_of_what_opened_it_if_that_can_name_nobody(label, heading, name):
    sitting = Sitting()
    sitting.go("/keys")
    sitting.click(button(label, "#open"), opens=1, shows=heading or ())
    sitting.window = 1
    sitting.click(CREATE)
    assert [step.options["opens"] for step in drafted(sitting).steps if "opens" in step.options] == [name]


@pytest.mark.parametrize(
    ("name", "said"),
    [("api-keys", {"name": "api-keys"}), ("lovelace", {"url": "https://keys.example.com/**"})],
)
def test_a_frame_is_told_by_its_name_if_that_can_name_nobody(name, said):
    sitting = Sitting()
    sitting.go("/keys")
    sitting.frames = (FrameSeen(name=name, url="https://keys.example.com/issue"),)
    sitting.click(CREATE)
    assert {str(step.options["frame"]) for step in drafted(sitting).steps[1:]} == {str(said)}


def test_a_person_is_told_the_words_of_the_page_that_are_no_mere_words_of_controls():
    sitting = Sitting()
    sitting.go("/keys")
    sitting.click(button("Keys of Ada Lovelace", "#ada"))
    sitting.click(link("Lovelace's “team”", "/team"))
    sitting.click(button("Create…", "#create"))
    (said,) = (note for note in drafted(sitting).notes if note.startswith(ASKED))
    assert said == f"{ASKED}“Keys of Ada Lovelace”, “Lovelace's “team””"


def test_of_many_such_words_eight_are_told_and_the_others_counted():
    sitting = Sitting()
    sitting.go("/keys")
    for letter in "bcdfghjklm":
        sitting.click(button(f"Lovelace {letter}", f"#{letter}a"))
    (said,) = (note for note in drafted(sitting).notes if note.startswith(ASKED))
    assert (said.count("“"), said.endswith("” and 2 more")) == (8, True)


def test_where_all_words_are_ordinary_nothing_is_asked():
    sitting = Sitting()
    sitting.go("/keys")
    sitting.type(text_field("E-mail address", "#email"), "")
    sitting.click(CREATE)
    assert not any(note.startswith(ASKED) for note in drafted(sitting).notes)
