"""Names that were shown or chosen, and fields that ask for secrets in other words (REC-2)."""

import pytest

from tests.record.sanitise.recordings import clicked, element, own, ref_of, sanitised, selected, typed
from tokenbroker.record.recording import Event, What
from tokenbroker.record.sanitise import Rule

pytestmark = pytest.mark.req("REC-2")

SECRET = "demo only words of somebody"  # pragma: allowlist secret


def labels(*words: str, **said: str) -> list[str]:
    done = sanitised(*map(clicked, words), owns=tuple(own(what, value) for what, value in said.items()))
    return [event.element.label for event in done.recording.events if event.element]


@pytest.mark.parametrize("option", ["Zhelka Robotics", "zq", "notify.acme-robotics.example", "Project 4711"])
def test_an_option_that_may_be_a_name_becomes_a_parameter(option: str) -> None:
    done = sanitised(selected(option))

    assert (done.recording.events[0].value, done.recording.events[0].ref) == ("", "param:permission")
    assert done.inputs["param:permission"].reveal() == option


def test_an_option_that_is_a_name_is_sought_elsewhere_and_stays_where_it_is_wanted() -> None:
    option = selected("Zhelka Robotics")

    assert sanitised(option).why_not("- click: Zhelka Robotics") is Rule.TYPED
    assert sanitised(option, keep=frozenset({option.value})).recording.events[0] == option


def test_a_short_name_and_a_domain_of_an_e_mail_address_are_found() -> None:
    words = ("Keys of zhq", "Zhelkacorp console", "Example console")

    assert labels(*words, email="zhq@mail.zhelkacorp.co.uk") == ["", "", "Example console"]
    assert labels("Gmail settings", email="zhq@gmail.com") == ["Gmail settings"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("section-zhelka shipping email", "shipping email"),
        ("zhelka", ""),
        ("current-password", "current-password"),
    ],
)
def test_autocomplete_says_only_what_html_knows(said: str, left: str) -> None:
    done = sanitised(Event(what=What.CLICK, element=element(autocomplete=said)))

    assert done.recording.events[0].element == element(autocomplete=left)


@pytest.mark.parametrize(
    "label",
    ["Recovery phrase", "Seed phrase", "Secret phrase", "Backup codes", "Recovery code", "Master key", "Private key",
     "Signing key", "Licence key", "License key", "Encryption key", "Security question", "Security answer",
     "Memorable word", "Passphrase", "Passwort", "Kennwort", "Mot de passe", "Contraseña", "Senha", "Wachtwoord",
     "Hasło", "Пароль", "パスワード", "密码"],
)  # fmt: skip
def test_a_field_that_asks_for_a_secret_in_other_words_takes_one(label: str) -> None:
    assert ref_of(typed(SECRET, label)).startswith("secrets:")
    assert sanitised(typed(SECRET, label)).replacements[0].rule in {Rule.PASSWORD, Rule.SECRET}


@pytest.mark.parametrize("label", ["SSN", "Social security number"])
def test_a_number_of_social_security_is_personal(label: str) -> None:
    assert sanitised(typed("078-05-1120", label)).replacements[0].rule is Rule.PERSONAL


def test_of_a_long_text_not_even_its_first_character_is_told() -> None:
    told = [sanitised(typed("q" + "z " * count, "Note")).replacements[0].masked for count in (10, 20)]

    assert [each.startswith("q") for each in told] == [True, False]


def test_of_a_text_that_is_too_short_to_be_sought_it_is_said() -> None:
    told = [sanitised(typed(text, "Note")).replacements[0].masked for text in ("q", "zq", "zqx")]

    assert ["too short" in each for each in told] == [True, True, False]
