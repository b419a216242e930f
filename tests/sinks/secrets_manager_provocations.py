"""Brings the faults of Secrets Manager about, and ends them again."""

from collections.abc import Callable
from pathlib import Path

from tests.sinks.faulty_server import Fault
from tests.sinks.provocations import SHORT_S, Opened, nobody_listening, provokes
from tests.sinks.secrets_manager_fixtures import TOKEN, OpenSecretsManager
from tests.sinks.secrets_manager_server import SecretsManager
from tokenbroker.sinks.testing import ACTOR

NAME = "bitwarden (Secrets Manager)"


def server_goes_wrong(fault: Fault, on: str = "") -> Callable[..., Opened]:
    def provoke(open_manager: OpenSecretsManager, manager: SecretsManager) -> Opened:
        sink = open_manager(timeout_s=SHORT_S if fault is Fault.SILENT else 10)
        manager.go_wrong(fault, on)
        yield lambda: sink
        manager.recover()

    return provoke


for name, wrong in {
    "slow": (Fault.SILENT,),
    "403": (Fault.NOT_FOUND, "/api/"),
    "disk full": (Fault.SERVER_ERROR,),
    "answer cut off": (Fault.CUT_OFF,),
}.items():
    provokes(NAME, name)(server_goes_wrong(*wrong))


@provokes(NAME, "down")
def no_secrets_manager_is_there(open_manager: OpenSecretsManager) -> Opened:
    with nobody_listening() as port:
        sink = open_manager(address=f"https://127.0.0.1:{port}")
        yield lambda: sink


@provokes(NAME, "corrupt row", of="get")
def one_bit_of_its_ciphertext_is_another(open_manager: OpenSecretsManager, manager: SecretsManager) -> Opened:
    (stored,) = (each for each in manager.secrets.values() if manager.key.opened(each.key) == "example/key")
    value = stored.value
    stored.value = value.replace(value[30], "A" if value[30] != "A" else "B", 1)
    sink = open_manager()
    yield lambda: sink
    stored.value = value


@provokes(NAME, "expired credential")
def its_access_token_was_revoked(open_manager: OpenSecretsManager, manager: SecretsManager) -> Opened:
    token = manager.new_token()
    sink = open_manager({TOKEN: token})
    sink.get("example/key", actor=ACTOR)
    del manager.tokens[token.split(".")[1]]
    manager.bearers.clear()
    yield lambda: sink


@provokes(NAME, "TLS refused")
def nobody_vouches_for_the_certificate_of_it(
    open_manager: OpenSecretsManager, manager: SecretsManager, certificate: Path
) -> Opened:
    asked = len(manager.asked)
    sink = open_manager(ca_file=certificate)
    yield lambda: sink
    assert len(manager.asked) == asked


@provokes(NAME, "DNS fails")
def no_name_server_knows_the_host_of_it(open_manager: OpenSecretsManager) -> Opened:
    sink = open_manager(address="https://bitwarden.invalid")
    yield lambda: sink
