"""Brings the faults of the sink `bitwarden` about; tests/sinks/test_faults.py says what has to come of each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.sinks.bitwarden_fixtures import OpenBitwarden, api_key
from tests.sinks.bitwarden_server import Bitwarden
from tests.sinks.faulty_server import Fault
from tests.sinks.provocations import SHORT_S, Opened, nobody_listening, provokes
from tokenbroker.sinks import Sink
from tokenbroker.sinks.bitwarden_cli import BitwardenSink


def bitwarden_goes_wrong(fault: Fault, on: str = "") -> Callable[..., Opened]:
    def provoke(bitwarden_sink: Sink, bitwarden: Bitwarden) -> Opened:
        bitwarden.go_wrong(fault, on)
        yield lambda: bitwarden_sink
        bitwarden.recover()

    return provoke


for name, goes_wrong in {
    "403": (Fault.DENIED, "/api/"),
    "disk full": (Fault.SERVER_ERROR,),
    "answer cut off": (Fault.HUNG_UP, "/api/"),
}.items():
    provokes("bitwarden", name, of="get")(bitwarden_goes_wrong(*goes_wrong))


@provokes("bitwarden", "slow", of="get")
def bitwarden_is_silent(bitwarden_sink: BitwardenSink, bitwarden: Bitwarden) -> Opened:
    client, server = bitwarden_sink.client, bitwarden_sink.client.server
    client.server = replace(server, timeout_s=SHORT_S)
    bitwarden.go_wrong(Fault.SILENT)
    yield lambda: bitwarden_sink
    bitwarden.recover()
    client.server = server


# A sign-in takes seconds: one act has to do.
@provokes("bitwarden", "down", of="get")
def no_bitwarden_is_there(open_bitwarden: OpenBitwarden) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_bitwarden(address=f"https://127.0.0.1:{port}")


@provokes("bitwarden", "wrong key", of="get")
def its_master_password_is_another(open_bitwarden: OpenBitwarden, bitwarden: Bitwarden) -> Opened:
    given = {**api_key(bitwarden), "TOKENBROKER_BITWARDEN_PASSWORD": "demo-only-other"}
    yield lambda: open_bitwarden(given)


@provokes("bitwarden", "corrupt row")
def its_item_was_changed_there(bitwarden_sink: Sink, bitwarden: Bitwarden) -> Opened:
    kept = dict(bitwarden.ciphers)
    for id_, cipher in kept.items():
        name = cipher["name"]
        bitwarden.ciphers[id_] = {**cipher, "name": name[:5] + ("A" if name[5] != "A" else "B") + name[6:]}
    yield lambda: bitwarden_sink
    bitwarden.ciphers.update(kept)


@provokes("bitwarden", "expired credential", of="get")
def its_api_key_was_rotated(bitwarden_sink: Sink, bitwarden: Bitwarden) -> Opened:
    kept, bitwarden.client_secret = bitwarden.client_secret, "demo-only-rotated"
    yield lambda: bitwarden_sink
    bitwarden.client_secret = kept


@provokes("bitwarden", "TLS refused", of="get")
def another_authority_is_trusted(
    open_bitwarden: OpenBitwarden, bitwarden: Bitwarden, certificate: Path
) -> Opened:
    yield lambda: open_bitwarden(ca_file=certificate)
    assert bitwarden.asked == [] or "connect/token" not in bitwarden.asked[-1]


@provokes("bitwarden", "DNS fails", of="get")
def no_name_server_knows_bitwarden(open_bitwarden: OpenBitwarden) -> Opened:
    yield lambda: open_bitwarden(address="https://bitwarden.invalid")
