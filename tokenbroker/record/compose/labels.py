"""What the words on a control say that it does, in the languages of the consoles: one list for each kind of press.

All but `names_nobody` take a label as `seen.label_of` answers it. English and the Romance languages begin with the
verb, German ends with it ("Token erstellen").
"""

import re
from typing import Final

from tokenbroker.record.sanitise.wording import is_ordinary

_SIGNS: Final = re.compile(r"[\W_]+")
_SHOWS: Final = re.compile(
    r"\b(show|hide|reveal|unhide|unmask|toggle|display|view|anzeigen|einblenden|ausblenden|verbergen|afficher|masquer"
    r"|mostrar|ocultar|ver)\b"
)
_COPIES: Final = re.compile(r"(copy|copied|kopier\w*|copier|copiar|copia)\b|.*\bkopieren$")
_CLOSES: Final = re.compile(
    r"(download|close|got it|dismiss|herunterladen|schließen|télécharger|fermer|descargar|cerrar)\b"
)
_SHOWS_AT_LAST: Final = re.compile(
    r"\b(anzeigen|einblenden|ausblenden|verbergen|kopieren|herunterladen|schließen)$"
)
_MAKES: Final = re.compile(
    r"\b(create|generate|new|add|issue|make|request|mint|register|roll|regenerate"
    r"|erstellen|erzeugen|generieren|anlegen|hinzufügen|ausstellen|anfordern|beantragen|neue[nrs]?"
    r"|créer|générer|ajouter|nouveau|nouvelle|demander|crear|generar|añadir|agregar|nuevo|nueva|solicitar)\b"
)
_BOTH: Final = re.compile(r"\bund\b")  # "Erstellen und anzeigen"
_DESTROYS: Final = re.compile(
    r"(revoke|delete|remove|destroy|disable|deactivate|reset|supprimer|révoquer|retirer|eliminar|borrar|revocar"
    r"|widerrufen|löschen|entfernen|deaktivieren)\b|.*\b(widerrufen|löschen|entfernen|deaktivieren)$"
)
_KEEPS: Final = re.compile(
    r"\b(save|confirm|activate|enable|finish|speichern|sichern|bestätigen|aktivieren|fertigstellen|abschließen"
    r"|enregistrer|confirmer|activer|terminer|guardar|confirmar|activar|finalizar)\b"
)
_LEAVES: Final = re.compile(r"(sign|log) ?(out|off)\b|abmelden\b|(se )?déconn\w*|cerrar sesión\b")


def unveils(label: str) -> bool:
    """Whether something is shown or hidden by it."""
    return _SHOWS.search(label) is not None


def copies(label: str) -> bool:
    """Whether something is copied by it."""
    return _COPIES.match(label) is not None


def only_shows(label: str) -> bool:
    """Whether nothing is made by it: what is there is shown, copied or closed."""
    if copies(label) or _SHOWS.match(label) or _CLOSES.match(label):
        return True
    return _SHOWS_AT_LAST.search(label) is not None and not _BOTH.search(label)


def makes(label: str) -> bool:
    """Whether something is made by it."""
    return _MAKES.search(label) is not None


def takes_away(label: str) -> bool:
    """Whether something is deleted or revoked by it."""
    return _DESTROYS.match(label) is not None


def keeps(label: str) -> bool:
    """Whether what was entered or made is kept, or begins to work, by it."""
    return _KEEPS.search(label) is not None


def leaves(label: str) -> bool:
    """Whether a person signs out by it."""
    return _LEAVES.match(label) is not None


def names_nobody(text: str) -> bool:
    """Whether `text`, as it stands at the page, consists of ordinary words, signs and single letters ("E-mail…")."""
    return all(len(word) == 1 or is_ordinary(word) for word in _SIGNS.sub(" ", text).split())
