"""How the sink `vault` signs in."""

from pathlib import Path

import pytest

from tests.sinks.faulty_server import Fault
from tests.sinks.vault_fixtures import ROLE_ID, SECRET_ID, TOKEN, Open, new_role
from tests.sinks.vault_server import Vault
from tokenbroker.errors import SecretAccessDenied
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


@pytest.mark.req("SECRET-7")
def test_a_login_is_done_once_and_its_token_is_told_to_the_redactor(open_vault: Open, vault: Vault) -> None:
    learnt: list[Secret] = []
    sink = open_vault(new_role(vault), auth="approle", learn=learnt.append)
    sink.probe()
    sink.list()
    assert [request for request in vault.asked if "login" in request] == ["POST /v1/auth/approle/login"]
    assert [secret.reveal() for secret in learnt] == [*vault.tokens]


def test_an_expired_token_of_a_login_is_replaced_once(open_vault: Open, vault: Vault) -> None:
    sink, secret = open_vault(new_role(vault), auth="approle"), demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    vault.tokens.clear()
    assert sink.get("example/key", actor=ACTOR) == secret
    assert sum("login" in request for request in vault.asked) == 2
    vault.tokens.clear()
    vault.roles.clear()
    with pytest.raises(SecretAccessDenied, match="role id"):
        sink.get("example/key", actor=ACTOR)


@pytest.mark.parametrize("what", [ROLE_ID, SECRET_ID])
def test_a_wrong_role_or_secret_id_is_refused(open_vault: Open, vault: Vault, what: str) -> None:
    with pytest.raises(SecretAccessDenied, match="role id"):
        open_vault(new_role(vault) | {what: "demo-only"}, auth="approle").probe()


def test_an_expired_token_is_told_from_a_narrow_policy(vault_sink: Sink, vault: Vault) -> None:
    vault.go_wrong(Fault.DENIED, "/data/")
    with pytest.raises(SecretAccessDenied, match="policy"):
        vault_sink.get("example/key", actor=ACTOR)
    vault.tokens.clear()
    with pytest.raises(SecretAccessDenied, match="expired"):
        vault_sink.get("example/key", actor=ACTOR)


def test_a_token_of_another_namespace_is_refused(open_vault: Open, vault: Vault) -> None:
    with pytest.raises(SecretAccessDenied):
        open_vault({TOKEN: vault.new_token()}, namespace="org/dev").probe()


def test_the_nearest_variable_counts(open_vault: Open, vault: Vault) -> None:
    names = ("TOKENBROKER_VAULT_TEAM_A_TOKEN", TOKEN, "VAULT_TOKEN")
    for count in range(1, 4):
        given = dict.fromkeys(names[3 - count :], "demo-only") | {names[3 - count]: vault.new_token()}
        open_vault(given, alias="team-a").probe()


@pytest.mark.req("SECRET-3")
def test_without_credentials_the_variable_is_named(open_vault: Open) -> None:
    for auth, name in (("token", TOKEN), ("approle", ROLE_ID)):
        with pytest.raises(SecretAccessDenied) as caught:
            open_vault({}, auth=auth)
        assert name in caught.value.next_step


@pytest.mark.parametrize("token", ["demo-only\nX-Other: 1", "demo-only-\N{SNOWMAN}"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(open_vault: Open, token: str) -> None:
    with pytest.raises(SecretAccessDenied) as caught:
        open_vault({TOKEN: token}).probe()
    assert "demo-only" not in repr(caught.value)


def test_nothing_of_the_surroundings_gets_the_token(
    open_vault: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a proxy, nor another address or token of the environment, nor a file in the home."""
    (tmp_path / ".vault-token").write_text("demo-only")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login demo password demo-only\n")
    for name, value in {
        "HOME": str(tmp_path),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "VAULT_TOKEN": "demo-only",
        "VAULT_ADDR": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    open_vault().probe()
