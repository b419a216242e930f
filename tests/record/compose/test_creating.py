"""Which press is taken for the one that made the key (RUN-10)."""

import pytest

from tests.record.compose.sittings import CONSOLE, Sitting, button, element, submit, way
from tokenbroker.record.compose import compose

pytestmark = pytest.mark.req("RUN-10")
TOKEN = element(way("css", ".token"), tag="code")
EYE = element(way("css", ".eye"), tag="button", role="button", form=f"{CONSOLE}/keys")


def maker_after(*pressed) -> str:
    """What leads to the press that `creates` stands at, of those that were pressed before the token."""
    sitting = Sitting()
    sitting.go("/keys")
    for each in pressed:
        sitting.click(each)
    sitting.token(TOKEN)
    steps = compose(sitting.recording(), site="example", flow="sample").steps
    (maker,) = (str(each.options["selector"]) for each in steps if "creates" in each.options)
    return maker


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ("Create key", "View"),
        ("Token erstellen", "Anzeigen"),
        ("Schlüssel erzeugen", "Schlüssel anzeigen"),
        ("Erstellen und anzeigen", "Schlüssel kopieren"),
        ("Créer une clé", "Afficher"),
        ("Crear clave", "Mostrar clave"),
        ("Generate", "Download"),
    ],
)
def test_what_only_shows_the_token_made_none(made, shown):
    assert made in maker_after(button(made, "#make"), button(shown, "#show"))


@pytest.mark.parametrize("made", ["Create key", "Token erstellen", "Générer", "Nuevo token"])
def test_a_press_without_words_made_none_where_another_says_that_it_makes(made):
    assert made in maker_after(button(made, "#make"), button("Tab of keys", "#tab"), EYE)


def test_a_press_without_words_made_none_where_a_form_was_sent():
    assert "Go" in maker_after(submit("Go", "#go", form=f"{CONSOLE}/keys"), EYE)


def test_a_press_without_words_is_taken_where_no_other_makes():
    assert ".eye" in maker_after(button("Settings", "#settings"), EYE)


def test_what_confirms_the_making_made_it():
    assert "OK" in maker_after(button("Create key", "#make"), button("OK", "#ok"))
