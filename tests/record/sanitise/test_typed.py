"""What was typed, by what the field asks for (REC-2)."""

import pytest

from tests.record.sanitise.recordings import clicked, own, ref_of, sanitised, selected, shown, typed
from tokenbroker.human.checkpoint import Kind as HumanKind
from tokenbroker.record.recording import Event
from tokenbroker.record.sanitise import Rule
from tokenbroker.secret import Secret

pytestmark = pytest.mark.req("REC-2")

KEY = "demo_only_q7ZxP0aLm3Rt9VbKw2Ye8Ugh"  # pragma: allowlist secret


@pytest.mark.parametrize(
    ("event", "ref"),
    [
        (typed("demo-only-hunter", "Password", is_secret=True), "secrets:example.password"),
        (typed("demo-only-hunter", "Kennwort", type="password"), "secrets:example.password"),
        (typed("demo-only-hunter", "Enter it", autocomplete="current-password"), "secrets:example.password"),
        (typed("demo-only-hunter", "New one", autocomplete="new-password"), "secrets:example.password"),
        (typed("ada@example.test", "E-mail address", type="email"), "secrets:example.email"),
        (typed("ada@example.test", "Who are you?", autocomplete="section-a email"), "secrets:example.email"),
        (typed("ada@example.test", "User", autocomplete="username"), "secrets:example.email"),
        (typed("ada@example.test", "Anything"), "secrets:example.email"),
        (typed("adalove", "User", autocomplete="username"), "secrets:example.username"),
        (typed("adalove", "User name or e-mail"), "secrets:example.username"),
        (typed("adalove", "Login"), "secrets:example.username"),
        (typed("+44 20 7946 0958", "Phone", type="tel"), "secrets:example.phone"),
        (typed("(212) 555-0123", "Call me at"), "secrets:example.phone"),
        (typed("Ada Lovelace", "Full name", autocomplete="name"), "secrets:example.name"),
        (typed("Ada", "First", autocomplete="given-name"), "secrets:example.given_name"),
        (typed("Lovelace", "Last name"), "secrets:example.last_name"),
        (typed("Analytical Engines", "Company"), "secrets:example.company"),
        (
            typed("12 Example Street", "Street", autocomplete="street-address"),
            "secrets:example.street_address",
        ),
        (typed(KEY, "Client secret"), "secrets:example.client_secret"),
        (typed("demo-only-x", "API key"), "secrets:example.api_key"),
        (typed(KEY, "Reference"), "secrets:example.reference"),
        (typed("robot", "Name"), "param:name"),
        (typed("robot", "Key name *"), "param:key_name"),
        (typed("robot", "Token name"), "param:token_name"),
        (typed("robot", "Note", placeholder="note to identify your new token"), "param:note"),
        (typed(KEY, "Note", placeholder="note to identify your new token"), "secrets:example.note"),
        (typed("robot", "", name="caller"), "param:caller"),
        (typed("robot", "", placeholder="Purpose"), "param:purpose"),
        (typed("robot", "Schlüsselname"), "param:schlusselname"),
        (typed("robot", "Wie soll der neue Schlüssel heißen, bitte?"), "param:value_1"),
        (typed("robot", "", name="f_8731x"), "param:value_1"),
        (typed("robot", "ada@example.test"), "param:value_1"),
        (typed("robot", "Name", is_parameter=True), "param:name"),
        (typed("ada@example.test", "Owner", is_parameter=True), "param:email"),
    ],
)
def test_a_content_becomes_the_reference_of_what_its_field_asks_for(event: Event, ref: str) -> None:
    done = sanitised(event)

    assert (done.recording.events[0].ref, done.recording.events[0].value) == (ref, "")
    assert done.inputs == {ref: Secret(event.value)}


def test_a_marked_secret_stays_a_secret_for_parameters_stand_on_command_lines() -> None:
    assert (
        ref_of(typed("demo-only-x", "Password", is_secret=True, is_parameter=True))
        == "secrets:example.password"
    )


def test_an_empty_content_has_nothing_to_stand_for_it() -> None:
    done = sanitised(typed("", "Name"))

    assert (done.recording.events[0].ref, dict(done.inputs), done.replacements) == ("", {}, ())


def test_the_same_value_is_the_same_reference_wherever_it_is_typed() -> None:
    done = sanitised(
        typed("ada@example.test", "E-mail", type="email"),
        typed("ADA@example.test", "Name"),
        typed("ada@example.test", "Repeat it", is_parameter=False),
    )

    assert {event.ref for event in done.recording.events} == {"secrets:example.email"}
    assert [(each.reference, each.count) for each in done.replacements] == [("secrets:example.email", 3)]


def test_another_value_of_the_same_kind_gets_a_number() -> None:
    done = sanitised(
        typed("ada@example.test", type="email"),
        typed("bob@example.test", type="email"),
        typed("robot", "Name"),
        typed("caller", "Name"),
        typed("thing", "???"),
        typed("other", "???"),
    )

    assert [event.ref.partition(":")[2] for event in done.recording.events] == [
        "example.email", "example.email_2", "name", "name_2", "value_1", "value_2",
    ]  # fmt: skip


def test_the_strictest_rule_that_a_value_falls_under_counts_everywhere() -> None:
    done = sanitised(typed("Lovelace-4711", "Note"), owns=(own("account", "Lovelace-4711"),))

    assert done.recording.events[0].ref == "secrets:example.note"
    assert [each.rule for each in done.replacements] == [Rule.ACCOUNT]


def test_a_parameter_tells_its_label_and_whether_it_is_about_a_person() -> None:
    done = sanitised(
        typed("robot", "Key name"),
        typed("Lovelace key", "Note"),
        typed("ada@example.test", "Owner", is_parameter=True),
        owns=(own("name", "Ada Lovelace"),),
    )

    assert [(each.name, each.label, each.personal) for each in done.params] == [
        ("key_name", "Key name", False),
        ("note", "Note", True),
        ("email", "Owner", True),
    ]


def test_what_the_person_wants_to_keep_stays() -> None:
    done = sanitised(typed("CI robot", "Name"), clicked("Delete CI robot"), keep=frozenset({"ci robot"}))

    assert (done.recording.events[0].value, done.recording.events[0].ref) == ("CI robot", "")
    assert done.recording.events[1].element.label == "Delete CI robot"  # type: ignore[union-attr]  # it has one
    assert (done.replacements, done.why_not("Delete CI robot")) == ((), None)


@pytest.mark.parametrize(
    "content",
    ["ada@example.test", "Ask ada@example.test", KEY, "+44 20 7946 0958", "Lovelace", "my Lovelace key"],
)
def test_what_is_private_by_another_rule_is_not_kept_and_that_is_told(content: str) -> None:
    done = sanitised(typed(content, "Name"), owns=(own("name", "Ada Lovelace"),), keep=frozenset({content}))

    assert done.recording.events[0].value == ""
    assert done.replacements[0].reason


@pytest.mark.parametrize(
    "event",
    [
        typed("482913", "Enter it", autocomplete="one-time-code"),
        typed("482 913", "Security code"),
        typed("48291374", "Code"),
        typed("a1b2c3", "Two-factor code"),
        typed("4829", "Your code, please", inputmode="numeric", max_length=4),
        typed("482913", "", name="otp_code"),
    ],
)
def test_a_one_time_code_is_gone_altogether(event: Event) -> None:
    done = sanitised(event, clicked(f"Resend {event.value}"))

    assert done.recording.events[0].human is HumanKind.OTP
    assert (done.recording.events[0].value, done.recording.events[0].ref, dict(done.inputs)) == ("", "", {})
    assert done.replacements[0].rule is Rule.ONE_TIME_CODE
    assert done.recording.events[1].element.label == ""  # type: ignore[union-attr]  # it has one


def test_a_code_of_a_field_for_each_digit_is_gone_and_sought_as_a_whole() -> None:
    digits = [typed(digit, f"Digit {at}", max_length=1) for at, digit in enumerate("482913", 1)]
    done = sanitised(*digits, clicked("Code 482913 sent"), clicked("Page 4"))

    assert {(event.value, event.ref, event.human) for event in done.recording.events[:6]} == {
        ("", "", HumanKind.OTP)
    }
    assert [event.element.label for event in done.recording.events[6:]] == ["", "Page 4"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("label", "content"), [("Promo code", "SPRING24"), ("Country code", "GB44"), ("Days", "3000")]
)
def test_other_codes_and_numbers_are_parameters(label: str, content: str) -> None:
    assert ref_of(typed(content, label)).startswith("param:")


@pytest.mark.parametrize(
    "option", ["Read and write", "2 factor", "OAuth 2.0", "S3", "Windows 11", "30 days", "v2"]
)
def test_an_option_of_the_page_s_stays(option: str) -> None:
    done = sanitised(selected(option), owns=(own("name", "Ada Lovelace"),))

    assert (done.recording.events[0].value, done.replacements) == (option, ())


def test_an_option_that_tells_of_the_person_becomes_a_reference() -> None:
    done = sanitised(
        typed("ada@example.test", "E-mail", type="email"),
        selected("ada@example.test", "Owner"),
        selected("Lovelace's workspace", "Workspace"),
        owns=(own("name", "Ada Lovelace"),),
    )

    assert [event.ref for event in done.recording.events[1:]] == ["secrets:example.email", "param:workspace"]
    assert [each.personal for each in done.params] == [True]


def test_a_typed_token_is_a_secret() -> None:
    done = sanitised(shown(KEY), typed(KEY, "Try it"))

    assert done.recording.events[1].ref == "secrets:example.try_it"


def test_references_that_stand_there_already_are_not_given_again() -> None:
    once = sanitised(typed("robot", "Name")).recording
    again = sanitised(*once.events, typed("caller", "Name"))

    assert [event.ref for event in again.recording.events] == ["param:name", "param:name_2"]
