"""Authorisation codes: one use, one service, one address, one minute."""

from datetime import timedelta

import pytest

from demo_site.sso.codes import LIFE, AuthorisationCodes, CodeRefused

TO = {"client_id": "atlas", "redirect_uri": "http://atlas.invalid/callback"}


@pytest.fixture
def codes(clock):
    return AuthorisationCodes(clock)


def test_a_code_speaks_for_its_account_once(codes):
    code = codes.issue(7, **TO)
    assert codes.redeem(code, **TO) == 7
    with pytest.raises(CodeRefused):
        codes.redeem(code, **TO)


@pytest.mark.parametrize("other", [{"client_id": "beacon"}, {"redirect_uri": "http://atlas.invalid/"}])
def test_a_code_is_worth_nothing_to_another_service_or_at_another_address(codes, other):
    code = codes.issue(7, **TO)
    with pytest.raises(CodeRefused):
        codes.redeem(code, **(TO | other))
    assert codes.redeem(code, **TO) == 7  # and who tried has not used it up


def test_a_code_lapses_after_a_minute(codes, clock):
    code = codes.issue(7, **TO)
    clock.advance(LIFE - timedelta(seconds=1))
    late = codes.issue(7, **TO)
    assert codes.redeem(code, **TO) == 7
    clock.advance(LIFE)
    with pytest.raises(CodeRefused):
        codes.redeem(late, **TO)


@pytest.mark.parametrize(
    "change", [lambda code: "8" + code[1:], lambda code: code[:-1], lambda _: "", lambda _: "é.x"]
)
def test_a_code_that_was_not_made_here_is_refused(codes, change):
    with pytest.raises(CodeRefused):
        codes.redeem(change(codes.issue(7, **TO)), **TO)
