"""What was replaced stands nowhere else either, however it is written, and ordinary words stay (REC-2)."""

import base64
from urllib.parse import quote

import pytest

from tests.record.sanitise.recordings import (
    button,
    clicked,
    element,
    heading,
    own,
    print_,
    sanitised,
    selected,
    typed,
)
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.recording import Event, FrameSeen, OwnValue, What
from tokenbroker.record.sanitise import Rule

pytestmark = pytest.mark.req("REC-2")

ADA = own("name", "Ada Lovelace")
MAIL = own("email", "ada.lovelace@example.test")


def label_beside(words: str, *owns: OwnValue) -> str:
    element = sanitised(clicked(words), owns=owns).recording.events[0].element
    assert element is not None
    return element.label


@pytest.mark.parametrize(
    ("words", "owns"),
    [
        ("Signed in as ada.lovelace@example.test", (MAIL,)),
        ("ADA.LOVELACE@EXAMPLE.TEST", (MAIL,)),
        ("ada.lovelace", (MAIL,)),
        ("Ada Lovelace", (MAIL,)),
        ("menu-lovelace", (MAIL,)),
        ("to=ada.lovelace%40example.test", (MAIL,)),
        ("ada.lovelace&#64;example.test", (MAIL,)),
        ("ada.lovelace\\u0040example.test", (MAIL,)),
        (base64.b64encode(b"x:ada.lovelace@example.test").decode(), (MAIL,)),
        (b"ada.lovelace@example.test".hex(), (MAIL,)),
        ("Hello Ada", (ADA,)),
        ("Ada's keys", (ADA,)),
        ("Adas Schlüssel", (ADA,)),
        ("ADA  LOVELACE", (ADA,)),
        ("Ada\u00a0Lovelace", (ADA,)),
        ("Lovelace, A.", (ADA,)),
        ("userAdaMenu", (ADA,)),
        ("adalovelace", (ADA,)),
        ("ada_lovelace42", (ADA,)),
        ("ada42", (ADA,)),
        ("Keys of Jose Munoz", (own("name", "José Muñoz"),)),
        ("JOSÉ", (own("name", "José Muñoz"),)),
        ("山田太郎さんのキー", (own("name", "山田 太郎"),)),
        ("Ключи: Ада", (own("name", "Ада Лавлейс"),)),
        (base64.b64encode("Muñoz".encode()).decode(), (own("name", "José Muñoz"),)),
        ("Call 020 7946 0958", (own("phone", "+44 20 7946 0958"),)),
        ("tel: 442079460958", (own("phone", "020 7946 0958"),)),
        ("No. 47110815", (own("account", "4711-0815"),)),
        ("No. 4711 0815", (own("account", "47110815"),)),
        ("Plan of Engine Works", (own("other", "Engine Works"),)),
        ("lovelady", (own("username", "lovelady"),)),
    ],
)
def test_a_value_of_the_account_s_is_found_however_it_is_written(
    words: str, owns: tuple[OwnValue, ...]
) -> None:
    assert label_beside(words, *owns) == ""


@pytest.mark.parametrize(
    "words",
    [
        "Create API Key", "E-mail address", "Security code", "Read and write", "2 factor", "OAuth 2.0", "S3", "Windows 11",
        "Grant access", "Please Grant Access", "Will do", "I will", "Grant", "Canada", "Step 2 of 3", "24/7 support",
        "Adapter", "Personal access tokens", "sign-in-with-passkey", "Schlüssel erstellen", "Level 5 (max)",
    ],
)  # fmt: skip
def test_ordinary_words_of_controls_stay(words: str) -> None:
    owns = (
        ADA,
        MAIL,
        own("name", "Will Grantham"),
        own("username", "admin"),
        own("email", "user@example.test"),
    )
    done = sanitised(clicked(words), typed("demo-only-hunter", is_secret=True), owns=owns)

    assert done.recording.events[0] == clicked(words)


@pytest.mark.parametrize(
    "words",
    [
        "Signed in as Grant",
        "Hello, Will",
        "Hi Will!",
        "Welcome back, Grant",
        "Account: Grant",
        "Grant's keys",
        "Will Grant",
    ],
)
def test_a_name_that_is_an_ordinary_word_is_found_where_it_is_a_name(words: str) -> None:
    assert label_beside(words, own("name", "Will Grant")) == ""


def test_a_name_that_is_an_ordinary_word_leaves_the_controls_alone() -> None:
    for words in ("Grant access", "Grant Access Now", "Will expire soon", "Access you grant"):
        assert label_beside(words, own("name", "Will Grant")) == words


@pytest.mark.parametrize("content", ["New key", "test", "API token", "30", "ab"])
def test_a_typed_text_of_ordinary_words_is_not_sought_elsewhere(content: str) -> None:
    done = sanitised(typed(content, "Name"), clicked(f"Save {content}"))

    assert done.recording.events[0].ref == "param:name"
    assert done.recording.events[1] == clicked(f"Save {content}")


def test_a_typed_text_is_found_in_every_part_of_an_element_and_around_it() -> None:
    ways = (
        Alternative(family=Family.ROLE, value="button", name="Delete Ci-Robot"),
        Alternative(family=Family.TEST_ID, value="delete-ci-robot"),
        Alternative(family=Family.TEXT, value="Delete"),
    )
    seen = print_(
        role="button",
        name="Delete ci robot",
        row="CI Robot",
        caption="Key ci_robot",
        near=("ci robot", "Rename"),
    )
    act = Event(
        what=What.CLICK,
        element=button(
            "Delete ci robot", alternatives=ways, print=seen, placeholder="ci robot", name="ci-robot"
        ),
        appeared=(heading("CI robot is gone"), heading("Keys")),
        frames=(FrameSeen(name="ciRobot", url="https://example.test/ci-robot", selector="#ci-robot"),),
        led_to="https://example.test/keys/ci-robot",
        page_url="https://example.test/keys/ci%20robot",
    )
    done = sanitised(typed("CI robot", "Name"), act).recording.events[1]

    assert done.element is not None
    assert done.element.print == print_(role="button", near=("Rename",))
    assert done.element.alternatives == ways[2:]
    assert (done.element.label, done.element.placeholder, done.element.name) == ("", "", "")
    assert [each.name for each in done.appeared] == ["", "Keys"]
    assert done.frames == (FrameSeen(name="", url="https://example.test/*", selector=""),)
    assert (done.led_to, done.page_url) == ("https://example.test/keys/*",) * 2


def test_a_password_is_found_wherever_it_stands() -> None:
    password = "demo-only-h'u/n tér"
    written = [
        password,
        quote(password),
        f"x{password}y",
        base64.b64encode(f"ada:{password}".encode()).decode(),
        password.upper(),
    ]
    done = sanitised(typed(password, "Password", is_secret=True), *map(clicked, written))

    assert {event.element.label for event in done.recording.events[1:] if event.element} == {""}


@pytest.mark.parametrize("password", ["password", "text", "key"])
def test_a_password_that_every_flow_holds_leaves_the_pages_alone(password: str) -> None:
    done = sanitised(typed(password, "Password", is_secret=True), clicked("Text of the password key"))

    assert done.recording.events[0].ref == "secrets:example.password"
    assert done.recording.events[1] == clicked("Text of the password key")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("Mail bob@example.test", Rule.EMAIL_SHAPE),
        ("bob@intranet", Rule.EMAIL_SHAPE),
        ("Call +44 20 7946 0958", Rule.PHONE_SHAPE),
        ("(212) 555-0123", Rule.PHONE_SHAPE),
        ("0049 (0)30 901820-1", Rule.PHONE_SHAPE),
        ("DE89 3704 0044 0532 0130 00", Rule.BANK_SHAPE),
        ("4111 1111 1111 1111", Rule.BANK_SHAPE),
        ("demo_only_q7ZxP0aLm3Rt9VbKw2Ye8Ugh", Rule.SECRET_SHAPE),  # pragma: allowlist secret
        ("AKIA" + "IOSFODNN7EXAMPLE", Rule.SECRET_SHAPE),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.c2lnbmF0dXJlLWRlbW8",  # pragma: allowlist secret
            Rule.SECRET_SHAPE,
        ),
        ("123e4567-e89b-12d3-a456-426614174000", Rule.ID_SHAPE),
        ("session 9f86d081884c7d65", Rule.ID_SHAPE),
        ("Order 123456", Rule.NUMBER_SHAPE),
        ("Order 12-345-67", Rule.NUMBER_SHAPE),
    ],
)
def test_what_is_private_by_its_form_is_left_out_whoever_s_it_is(words: str, rule: Rule) -> None:
    done = sanitised(clicked(words))

    assert done.recording.events[0].element == button("", alternatives=(), print=print_(role="button"))
    assert {each.rule for each in done.replacements} == {rule}


@pytest.mark.parametrize(
    ("alternative", "stays"),
    [
        (Alternative(family=Family.ROLE, value="button", name="Create OAuth 2.0 client"), True),
        (Alternative(family=Family.ROLE, value="button"), True),
        (Alternative(family=Family.ROLE, value="button", name="Order 4711"), False),
        (Alternative(family=Family.TEXT, value="x" * 61), False),
        (Alternative(family=Family.TEST_ID, value="create-key"), True),
        (Alternative(family=Family.TEST_ID, value="key-a8f3"), False),
        (Alternative(family=Family.CSS, value="#create-key"), True),
        (Alternative(family=Family.CSS, value='input[name="key-name"]'), True),
        (Alternative(family=Family.CSS, value="form > div:nth-of-type(2) button.primary"), True),
        (Alternative(family=Family.CSS, value="h1 + ul > li:nth-child(3)"), True),
        (Alternative(family=Family.CSS, value="#r8f3"), False),
        (Alternative(family=Family.CSS, value='a[href="/users/4711"]'), False),
        (Alternative(family=Family.CSS, value='a:has-text("Lovelace")'), False),
        (Alternative(family=Family.XPATH, value="//button[1]"), False),
    ],
)
def test_an_alternative_stays_where_it_consists_of_words_and_names_that_last(
    alternative: Alternative, stays: bool
) -> None:
    done = (
        sanitised(Event(what=What.CLICK, element=element(alternatives=(alternative,))))
        .recording.events[0]
        .element
    )

    assert done is not None
    assert done.alternatives == ((alternative,) if stays else ())


def test_an_option_is_subject_to_the_forms_too() -> None:
    done = sanitised(selected("bob@example.test", "Owner"))

    assert (done.recording.events[0].ref, done.params[0].personal) == ("param:owner", True)


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("Enter", "Enter"),
        ("Control+Enter", "Control+Enter"),
        ("Control+a", "Control+a"),
        ("F2", "F2"),
        ("a", ""),
        ("Zhelka", ""),
    ],
)
def test_only_a_key_that_is_no_text_stays(key: str, left: str) -> None:
    assert sanitised(Event(what=What.PRESS, value=key)).recording.events[0].value == left
