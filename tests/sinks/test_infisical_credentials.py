"""How the sink `infisical` signs in, what it trusts, and what a wrong project or environment comes to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sinks.faulty_server import Fault
from tests.sinks.infisical_fixtures import CLIENT_ID, CLIENT_SECRET, TOKEN, OpenInfisical, new_client
from tests.sinks.infisical_server import Infisical, serve_infisical
from tokenbroker.errors import SecretAccessDenied, SecretNotFound, SecretUnavailable, SettingsError
from tokenbroker.sinks.testing import ACTOR, demo_secret

pytestmark = pytest.mark.req("SECRET-1")

LOGIN = "POST /api/v1/auth/universal-auth/login"


def logins(infisical: Infisical) -> int:
    return infisical.asked.count(LOGIN)


def test_a_login_lasts_until_shortly_before_it_expires(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    now = [datetime(2026, 11, 28, tzinfo=UTC)]
    sink = open_infisical(new_client(infisical), clock=lambda: now[0])
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    now[0] += timedelta(seconds=infisical.expires_in - 31)
    sink.list()
    assert logins(infisical) == 1
    now[0] += timedelta(seconds=2)
    sink.list()
    assert logins(infisical) == 2


def test_a_token_that_is_refused_is_got_anew_once(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    sink, secret = open_infisical(new_client(infisical), cache_s=0), demo_secret()
    sink.put("example/key", secret, put_id="a", actor=ACTOR)
    infisical.tokens.clear()
    assert sink.get("example/key", actor=ACTOR) == secret
    assert logins(infisical) == 2
    infisical.before = lambda request: infisical.tokens.clear()
    with pytest.raises(SecretAccessDenied, match="refuses the token"):
        sink.get("example/key", actor=ACTOR)
    assert logins(infisical) == 3


@pytest.mark.parametrize("what", [CLIENT_ID, CLIENT_SECRET])
def test_a_wrong_client_is_refused(open_infisical: OpenInfisical, infisical: Infisical, what: str) -> None:
    with pytest.raises(SecretAccessDenied, match="client id"):
        open_infisical(new_client(infisical) | {what: "demo-only"}).probe()


def test_a_login_that_is_answered_with_something_else_is_said(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    infisical.go_wrong(Fault.NONSENSE, LOGIN)
    with pytest.raises(SecretUnavailable, match="not one of the secrets API"):
        open_infisical(new_client(infisical)).probe()


def test_the_nearest_variable_counts(open_infisical: OpenInfisical, infisical: Infisical) -> None:
    names = ("TOKENBROKER_INFISICAL_TEAM_A_TOKEN", TOKEN, "INFISICAL_API_KEY", "INFISICAL_TOKEN")
    for at in range(len(names)):
        given = dict.fromkeys(names[at + 1 :], "demo-only") | {names[at]: infisical.new_token()}
        open_infisical(given, alias="team-a", auth="token").list()
    ours = new_client(infisical)
    vendors = dict(zip(("ID", "SECRET"), ours.values(), strict=True))
    open_infisical(
        {f"INFISICAL_UNIVERSAL_AUTH_CLIENT_{what}": value for what, value in vendors.items()}
    ).list()


@pytest.mark.req("SECRET-3")
def test_without_credentials_the_variable_is_named(open_infisical: OpenInfisical) -> None:
    for auth, name in (("token", TOKEN), ("universal", CLIENT_ID)):
        with pytest.raises(SecretAccessDenied) as caught:
            open_infisical({}, auth=auth)
        assert name in caught.value.next_step


@pytest.mark.parametrize("token", ["demo-only\nX-Other: 1", "demo-only-\N{SNOWMAN}"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(
    open_infisical: OpenInfisical, token: str
) -> None:
    with pytest.raises(SecretAccessDenied) as caught:
        open_infisical({TOKEN: token}, auth="token").probe()
    assert "demo-only" not in repr(caught.value)


def test_a_certificate_that_is_named_is_trusted(open_infisical: OpenInfisical, certificate: Path) -> None:
    with serve_infisical(certificate) as server:
        given = {TOKEN: server.new_token()}
        open_infisical(given, auth="token", address=server.url, ca_file=certificate).probe()
    with pytest.raises(SettingsError):
        open_infisical(ca_file=certificate.with_suffix(".none"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.TOO_MANY_REQUESTS, "asked too often"),
        (Fault.REDIRECT, "not one of the secrets API"),
        (Fault.WEB_PAGE, "not one of the secrets API"),
        (Fault.MALFORMED, "does not take the request"),
        (Fault.HUNG_UP, "cut its answer off"),
    ],
)
@pytest.mark.req("SECRET-3")
def test_what_else_goes_wrong_is_said_and_a_write_is_not_sent_again(
    open_infisical: OpenInfisical, infisical: Infisical, fault: Fault, error: str
) -> None:
    sink = open_infisical()
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    infisical.go_wrong(fault, "POST")
    asked = len(infisical.asked)
    with pytest.raises(SecretUnavailable, match=error):
        sink.put("example/key", demo_secret(), put_id="b", actor=ACTOR)
    uncertain = fault not in (Fault.TOO_MANY_REQUESTS, Fault.MALFORMED)
    posts = [request for request in infisical.asked[asked:] if request.startswith("POST")]
    assert len(posts) == (2 if uncertain else 1), (
        "what may have been done is looked for before it is sent again"
    )
    infisical.recover()
    infisical.go_wrong(fault, "GET")
    with pytest.raises(SecretUnavailable, match=error):
        sink.get("example/key", actor=ACTOR)


@pytest.mark.req("SECRET-3")
@pytest.mark.parametrize("prefix", ["", "tokenbroker"])
@pytest.mark.parametrize(
    "wrong", [{"project_id": "other"}, {"project_id": "demo-foreign"}, {"environment": "other"}], ids=str
)
def test_a_project_or_environment_that_is_not_there_is_said_in_each_act(
    open_infisical: OpenInfisical, wrong: dict[str, str], prefix: str
) -> None:
    sink = open_infisical(path_prefix=prefix, **wrong)
    for act in (
        lambda: sink.get("example/key", actor=ACTOR),
        lambda: sink.get("key", version=1, actor=ACTOR),
        lambda: sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR),
        lambda: sink.remove("example/key", actor=ACTOR),
        lambda: sink.list(),
        lambda: sink.probe(),
    ):
        with pytest.raises(SecretUnavailable, match="knows no such project or environment"):
            act()


@pytest.mark.req("SECRET-3")
def test_a_secret_that_is_missing_is_not_taken_for_a_wrong_environment(
    open_infisical: OpenInfisical, infisical: Infisical
) -> None:
    sink = open_infisical()
    infisical.go_wrong(Fault.DENIED, "secretPath=%2F&")  # the role allows what is below the prefix only
    for _ in range(2):
        with pytest.raises(SecretNotFound):
            sink.get("example/key", actor=ACTOR)
    infisical.set_by_hand("/tokenbroker/example", "other", "demo-only")
    with pytest.raises(SecretNotFound):
        sink.get("example/third", actor=ACTOR)
