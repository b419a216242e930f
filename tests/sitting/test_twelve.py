"""Twelve services behind one sign-on, in one sitting (FLOW-8)."""

import pytest

from demo_site.launch import SignInEvent
from tests.sitting.twelve import OLD, Twelve, client_of
from tokenbroker.store.lives import Life

pytestmark = [pytest.mark.req("FLOW-8", "RUN-10"), pytest.mark.browser]


def test_twelve_keys_are_replaced_and_no_client_is_ever_refused(twelve: Twelve) -> None:
    with client_of(twelve) as client:
        code, told = twelve.rotate()
    assert code == 0, told
    assert {*client.answers} == {200}
    assert client.answers[200] > 120
    for service, old in twelve.old.items():
        new = twelve.current(service)
        assert (twelve.status(service, new), twelve.status(service, old)) == (200, 401)
        assert not {new, old} & {*told.split()}
        life: Life = twelve.lives()["local", f"{service}/key", 2]
        assert twelve.live_keys()[service] == [life.key_name] != [OLD]
    assert twelve.under_way() == []
    seen = twelve.sign_ins()
    assert (seen[SignInEvent.PASSWORD_ACCEPTED], seen[SignInEvent.CODE_SENT]) == (1, 1), seen
