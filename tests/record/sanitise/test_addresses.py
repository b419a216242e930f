"""Addresses hold nothing but plain words (REC-2)."""

import pytest

from tests.record.sanitise.recordings import gone_to, own, sanitised, typed
from tokenbroker.record.recording import Event, What
from tokenbroker.record.sanitise import Rule

pytestmark = pytest.mark.req("REC-2")

AT = "https://console.example.com"


def led_to(address: str) -> str:
    return (
        sanitised(Event(what=What.CLICK, led_to=address), owns=(own("username", "lovelady"),))
        .recording.events[0]
        .led_to
    )


@pytest.mark.parametrize(
    "address",
    [
        f"{AT}/",
        f"{AT}/api-keys/new",
        f"{AT}/settings/personal_access_tokens",
        f"{AT}/v1/keys/",
        f"{AT}/account/api-keys",
        f"{AT}/users/settings",
        f"{AT}/oauth2/authorize",
        f"{AT}/login.php",
        f"{AT}/keys?tab=keys&sort=name",
        f"{AT}/keys#create-key",
        f"{AT}/#/settings/keys",
        f"{AT}:8443/keys",
        "about:blank",
        "",
    ],
)
def test_an_address_of_plain_words_stays(address: str) -> None:
    assert led_to(address) == address
    assert sanitised(gone_to(address)).recording.events[0].value == address


@pytest.mark.parametrize(
    ("address", "left"),
    [
        (f"{AT}/keys/4711", f"{AT}/keys/*"),
        (f"{AT}/keys/4711/edit", f"{AT}/keys/*/edit"),
        (f"{AT}/users/ada", f"{AT}/users/*"),
        (f"{AT}/orgs/engines/keys", f"{AT}/orgs/*/keys"),
        (f"{AT}/u/ada/keys", f"{AT}/u/*/keys"),
        (f"{AT}/~ada/", f"{AT}/*/"),
        (f"{AT}/@ada", f"{AT}/*"),
        (f"{AT}/of/lovelady", f"{AT}/of/*"),
        (f"{AT}/of/Lovel%61dy", f"{AT}/of/*"),
        (f"{AT}/of/bG92ZWxhZHk=", f"{AT}/of/*"),
        (f"{AT}/k/9f86d081884c7d65", f"{AT}/k/*"),
        (f"{AT}/k/123e4567-e89b-12d3-a456-426614174000", f"{AT}/k/*"),
        (f"{AT}/k/qwXzKpLmRt", f"{AT}/k/*"),
        (f"{AT}/keys;jsessionid=4F1A", f"{AT}/*"),
        (f"{AT}/keys?id=4711", f"{AT}/keys"),
        (f"{AT}/keys?tab=keys&user=lovelady", f"{AT}/keys"),
        (f"{AT}/keys?state=q7ZxP0aLm3Rt9Vb", f"{AT}/keys"),
        (f"{AT}/keys?x", f"{AT}/keys"),
        (f"{AT}/keys#access_token=4711", f"{AT}/keys"),
        (f"{AT}/keys#/users/ada", f"{AT}/keys"),
        ("https://ada:demo@console.example.com/keys", f"{AT}/keys"),  # pragma: allowlist secret
        ("mailto:ada@example.test", ""),
        ("data:text/html,Ada", ""),
        ("javascript:void(0)", ""),
        ("blob:https://console.example.com/4711", ""),
        ("https://[broken", ""),
    ],
)
def test_what_is_no_plain_word_of_an_address_is_left_out(address: str, left: str) -> None:
    assert led_to(address) == left
    assert led_to(left) == left


@pytest.mark.parametrize(
    ("address", "left"),
    [
        (f"{AT}/orgs/4711/keys", f"{AT}/orgs"),
        (f"{AT}/4711", f"{AT}/"),
        (f"{AT}/users/ada?tab=keys", f"{AT}/users"),
    ],
)
def test_where_the_person_went_is_cut_before_such_a_part_and_that_is_told(address: str, left: str) -> None:
    done = sanitised(gone_to(address))

    assert done.recording.events[0].value == left
    assert Rule.ADDRESS_CUT in {each.rule for each in done.replacements}
    assert sanitised(*done.recording.events).recording == done.recording


def test_an_address_is_told_at_the_origin_that_the_flow_says() -> None:
    origins = {"http://127.0.0.1:4711": AT}
    done = sanitised(gone_to("http://127.0.0.1:4711/keys"), origins=origins)

    assert done.recording.events[0].value == f"{AT}/keys"
    assert done.recording.origins == {AT: AT}


def test_a_host_that_tells_whose_account_it_is_stays_and_is_told() -> None:
    done = sanitised(gone_to("https://lovelady.example.com/keys"), owns=(own("username", "lovelady"),))

    assert done.recording.events[0].value == "https://lovelady.example.com/keys"
    assert [(each.rule, each.is_kept) for each in done.replacements] == [(Rule.HOST_NAME, True)]
    assert done.why_not("navigate: https://lovelady.example.com/keys") is None
    assert done.why_not("user: lovelady") is not None


def test_a_typed_value_is_left_out_of_addresses_under_its_own_rule() -> None:
    done = sanitised(typed("robot", "Name"), Event(what=What.CLICK, led_to=f"{AT}/keys/robot?name=robot"))

    assert done.recording.events[1].led_to == f"{AT}/keys/*"
    assert [(each.rule, each.count) for each in done.replacements] == [(Rule.TYPED, 3)]


@pytest.mark.parametrize(
    "name",
    ["user", "username", "account", "login", "email", "invite", "code", "state", "token", "team", "org", "tenant",
     "session", "sid", "key", "Team"],
)  # fmt: skip
def test_a_value_that_a_query_calls_somebody_s_is_left_out_however_plain(name: str) -> None:
    done = sanitised(gone_to(f"https://console.example.com/keys?{name}=zhelka"))

    assert done.recording.events[0].value == "https://console.example.com/keys"
    assert done.replacements[0].rule is Rule.ADDRESS_QUERY
