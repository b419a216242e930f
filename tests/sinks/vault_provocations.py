"""Brings the faults of the sink `vault` about; tests/sinks/test_faults.py says what has to come of each."""

from collections.abc import Callable
from pathlib import Path

from tests.sinks.faulty_server import Fault
from tests.sinks.provocations import PATH, SHORT_S, Opened, nobody_listening, provokes
from tests.sinks.vault_fixtures import TOKEN, Open
from tests.sinks.vault_server import Vault, serve_vault
from tokenbroker.sinks.testing import ACTOR


def server_goes_wrong(fault: Fault, on: str = "") -> Callable[..., Opened]:
    def provoke(open_vault: Open, vault: Vault) -> Opened:
        sink = open_vault(timeout_s=SHORT_S if fault is Fault.SILENT else 10)
        vault.go_wrong(fault, on)
        yield lambda: sink
        vault.recover()

    return provoke


for name, wrong in {
    "slow": (Fault.SILENT,),
    "403": (Fault.DENIED, "/secret/"),
    "sealed": (Fault.SEALED,),
    "disk full": (Fault.SERVER_ERROR,),
    "corrupt row": (Fault.NONSENSE,),
    "answer cut off": (Fault.CUT_OFF,),
}.items():
    provokes("vault", name)(server_goes_wrong(*wrong))


@provokes("vault", "down")
def no_vault_is_there(open_vault: Open) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_vault(address=f"http://127.0.0.1:{port}")


@provokes("vault", "expired credential")
def its_token_is_no_longer_known(open_vault: Open, vault: Vault) -> Opened:
    token = vault.new_token()
    sink = open_vault({TOKEN: token})
    sink.get(PATH, actor=ACTOR)
    del vault.tokens[token]
    yield lambda: sink


@provokes("vault", "TLS refused")
def nobody_vouches_for_its_certificate(open_vault: Open, certificate: Path) -> Opened:
    with serve_vault(certificate) as server:
        yield lambda: open_vault({TOKEN: server.new_token()}, address=server.url)
        assert server.asked == []


@provokes("vault", "DNS fails")
def no_name_server_knows_it(open_vault: Open) -> Opened:
    yield lambda: open_vault(address="https://vault.invalid:8200")
