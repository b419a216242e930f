"""Brings the faults of the sink `infisical` about; tests/sinks/test_faults.py says what has to come of each."""

from collections.abc import Callable
from pathlib import Path

from tests.sinks.faulty_server import Fault
from tests.sinks.infisical_fixtures import TOKEN, OpenInfisical
from tests.sinks.infisical_server import Infisical, serve_infisical
from tests.sinks.provocations import SHORT_S, Opened, nobody_listening, provokes


def goes_wrong(fault: Fault, on: str = "") -> Callable[..., Opened]:
    def provoke(open_infisical: OpenInfisical, infisical: Infisical) -> Opened:
        sink = open_infisical(timeout_s=SHORT_S if fault is Fault.SILENT else 10)
        infisical.go_wrong(fault, on)
        yield lambda: sink
        infisical.recover()

    return provoke


for name, fault in {
    "slow": Fault.SILENT,
    "403": Fault.DENIED,
    "disk full": Fault.SERVER_ERROR,
    "corrupt row": Fault.NONSENSE,
    "answer cut off": Fault.CUT_OFF,
}.items():
    provokes("infisical", name)(goes_wrong(fault))


@provokes("infisical", "down")
def no_infisical_is_there(open_infisical: OpenInfisical) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_infisical(address=f"http://127.0.0.1:{port}")


@provokes("infisical", "expired credential")
def its_access_token_has_expired(open_infisical: OpenInfisical, infisical: Infisical) -> Opened:
    token = infisical.new_token()
    sink = open_infisical({TOKEN: token}, auth="token")
    infisical.tokens.remove(token)
    yield lambda: sink


@provokes("infisical", "TLS refused")
def nobody_vouches_for_infisicals_certificate(open_infisical: OpenInfisical, certificate: Path) -> Opened:
    with serve_infisical(certificate) as server:
        yield lambda: open_infisical({TOKEN: server.new_token()}, auth="token", address=server.url)
        assert server.asked == []


@provokes("infisical", "DNS fails")
def no_name_server_knows_infisical(open_infisical: OpenInfisical) -> Opened:
    yield lambda: open_infisical(address="https://infisical.invalid")
