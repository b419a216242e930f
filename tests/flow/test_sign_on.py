"""The identity provider that a flow names: an origin, and one of its own."""

import pytest

from tests.flow.test_mistakes import mistakes, places
from tests.flow.texts import flow_from, flow_text

pytestmark = pytest.mark.req("FLOW-2", "FLOW-8")
GO = "- navigate: 'https://atlas.example.net/keys'"
THERE = "- navigate: 'https://id.example.com/'"
DECLARED = "origins: ['https://atlas.example.net', 'https://id.example.com']\n"


def test_a_flow_names_the_provider_or_none() -> None:
    assert flow_from(flow_text(GO)).sign_on == ""
    declared = flow_text(GO, head=f"{DECLARED}sign_on: 'https://id.example.com'\n")
    assert flow_from(declared).sign_on == "https://id.example.com"
    gone_to = flow_text(GO, THERE, head="sign_on: 'https://id.example.com'\n")
    assert flow_from(gone_to).sign_on == "https://id.example.com"


@pytest.mark.parametrize(
    ("origins", "sign_on"),
    [
        (DECLARED, "https://other.example.com"),
        (DECLARED, "http://id.example.com"),
        (DECLARED, "https://id.example.com:8443"),
        ("", "https://id.example.com"),
    ],
)
def test_an_origin_that_the_flow_may_not_go_to_is_a_mistake_at_its_place(origins: str, sign_on: str) -> None:
    error = mistakes(flow_text(GO, head=f"{origins}sign_on: '{sign_on}'\n"))
    line = 6 if origins else 5
    assert (error.code, places(error)) == ("flow.foreign_sign_on", [f"{line}:10"])


@pytest.mark.parametrize("said", ["'https://id.example.com/login'", "'id.example.com'", "''", "[a]", "1"])
def test_what_is_no_origin_is_a_mistake_at_its_place(said: str) -> None:
    error = mistakes(flow_text(GO, head=f"{DECLARED}sign_on: {said}\n"))
    assert places(error) == ["6:10"]
