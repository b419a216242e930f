"""The sink `bitwarden` with `client = "cli"`: the vendor's program against a server of ours."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.sinks.bitwarden_fixtures import OpenBitwarden
from tests.sinks.bitwarden_server import Bitwarden
from tests.sinks.faulty_server import Fault
from tests.sinks.vault_fixtures import put_from_threads
from tokenbroker.clock import system_clock
from tokenbroker.errors import SecretAccessDenied, SecretTimeout, SecretUnavailable
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.bitwarden_client import BitwardenSession
from tokenbroker.sinks.bitwarden_vault import BitwardenVault
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

pytestmark = pytest.mark.req("SECRET-1")


class TestBitwardenSink(SinkContract):
    @pytest.fixture
    def sink(self, bitwarden_sink: Sink) -> Sink:
        return bitwarden_sink


def test_what_others_have_put_there_is_read_by_name_or_by_folder_and_a_seed_is_not(
    bitwarden_sink: Sink, bitwarden: Bitwarden
) -> None:
    bitwarden.hold("db", folder="example", password="demo-only-a", username="demo", totp="demo-only-seed")
    bitwarden.hold("example/note", notes="demo-only-note", fields={"port": "5432"})
    for path, value in {
        "example/db": "demo-only-a",
        "db": "demo-only-a",
        "example/db#username": "demo",
        "example/note": "demo-only-note",
        "example/note#port": "5432",
    }.items():
        assert bitwarden_sink.get(path, actor=ACTOR) == Secret(value)
    with pytest.raises(SecretAccessDenied, match="one-time"):
        bitwarden_sink.get("example/db#totp", actor=ACTOR)
    bitwarden.hold("example/note", notes="demo-only-other")
    with pytest.raises(SecretAccessDenied, match="2 items"):
        bitwarden_sink.get("example/note", actor=ACTOR)


def test_a_removed_value_is_not_in_the_items_own_history_either(
    bitwarden_sink: Sink, bitwarden: Bitwarden
) -> None:
    for number in range(2):
        bitwarden_sink.put("example/key", demo_secret(), put_id=str(number), actor=ACTOR)
    assert "demo-only" in bitwarden.opened()
    bitwarden_sink.remove("example/key", actor=ACTOR)
    assert "demo-only" not in bitwarden.opened()


def test_an_edit_that_somebody_else_was_faster_with_is_done_after_theirs(
    bitwarden_sink: Sink, bitwarden: Bitwarden
) -> None:
    bitwarden_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    (id_,) = bitwarden.ciphers
    bitwarden.before_write = lambda: bitwarden.touch(id_)
    secret = demo_secret()
    assert bitwarden_sink.put("example/key", secret, put_id="b", actor=ACTOR).version == 2
    assert sum(request.startswith("PUT") for request in bitwarden.asked) == 2


def test_a_value_that_is_too_long_is_refused_and_nothing_is_changed(
    bitwarden_sink: Sink, bitwarden: Bitwarden
) -> None:
    with pytest.raises(SecretUnavailable, match="so long a text"):
        bitwarden_sink.put("example/key", Secret("demo-only" * 500), put_id="a", actor=ACTOR)
    assert bitwarden.ciphers == {}


@pytest.mark.soak
def test_two_clients_at_once_lose_nothing_within_the_servers_second_either(
    open_bitwarden: OpenBitwarden, bitwarden: Bitwarden
) -> None:
    bitwarden.tolerance_s = 1.0
    put_from_threads([open_bitwarden(client="shared"), open_bitwarden(client="second")], each=2)


def test_an_item_that_is_young_is_left_alone_until_the_server_can_tell_its_revisions_apart() -> None:
    waited: list[float] = []
    now = datetime(2026, 11, 28, tzinfo=UTC)
    vault = BitwardenVault(
        BitwardenSession.__new__(BitwardenSession),
        server="",
        address="",
        clock=lambda: now,
        wait=waited.append,
    )
    ages = (timedelta(0), timedelta(hours=1), -timedelta(seconds=30))
    assert [vault._let_settle((now - age).isoformat()) for age in ages] == [True, False, True]
    assert waited == [vault.tolerance_s] * 2


def test_a_change_that_somebody_makes_while_an_item_settles_is_not_overwritten(
    open_bitwarden: OpenBitwarden, bitwarden: Bitwarden, monkeypatch: pytest.MonkeyPatch
) -> None:
    bitwarden.tolerance_s = 600.0  # the server takes their revision and the one before for the same
    bitwarden.hold("example/key", password="demo-only-before")
    (id_,) = bitwarden.ciphers
    late = iter([True])

    def be_slow(vault: BitwardenVault, revision: str) -> bool:
        if next(late, False):
            bitwarden.set_by_hand(id_, "demo-only-theirs")
        return True

    monkeypatch.setattr(BitwardenVault, "_let_settle", be_slow)
    sink, secret = open_bitwarden(client="shared"), demo_secret()
    assert sink.put("example/key", secret, put_id="a", actor=ACTOR).version == 2
    assert sink.get("example/key", version=1, actor=ACTOR) == Secret("demo-only-theirs")
    assert sink.get("example/key", actor=ACTOR) == secret


def test_a_field_of_a_persons_own_that_is_called_like_a_version_is_not_destroyed(
    bitwarden_sink: Sink, bitwarden: Bitwarden
) -> None:
    bitwarden.hold("example/key", password="demo-only-a", fields={"version 2": "demo-only-licence"})
    for act in (
        lambda: bitwarden_sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR),
        lambda: bitwarden_sink.remove("example/key", actor=ACTOR),
    ):
        with pytest.raises(SecretUnavailable, match="'version 2'"):
            act()
    assert bitwarden_sink.get("example/key#version 2", actor=ACTOR) == Secret("demo-only-licence")


@pytest.mark.soak
def test_a_put_whose_answer_is_lost_ends_as_that(open_bitwarden: OpenBitwarden, bitwarden: Bitwarden) -> None:
    sink = open_bitwarden(timeout_s=3)
    sink.put("example/key", demo_secret(), put_id="a", actor=ACTOR)
    bitwarden.go_wrong(Fault.SILENT, "POST /api/ciphers")
    with pytest.raises(SecretTimeout):
        sink.put("example/other", demo_secret(), put_id="b", actor=ACTOR)


def test_without_an_organization_only_the_accounts_own_items_are_used() -> None:
    def uses(raw: dict[str, str | None], organization_id: str | None) -> bool:
        vault = BitwardenVault(
            BitwardenSession.__new__(BitwardenSession),
            server="",
            address="",
            clock=system_clock,
            organization_id=organization_id,
        )
        return vault._is_in_reach(raw)

    own, shared = {"organizationId": None}, {"organizationId": "one"}
    assert [uses(own, None), uses(shared, None)] == [True, False]
    assert [uses(own, "one"), uses(shared, "one"), uses(shared, "two")] == [False, True, False]
