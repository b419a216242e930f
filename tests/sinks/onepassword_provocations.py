"""Brings the faults of 1Password Connect about; tests/sinks/test_faults.py says what has to come of each."""

from collections.abc import Callable
from pathlib import Path

from tests.sinks.faulty_server import Fault
from tests.sinks.onepassword_fixtures import TOKEN, OpenOnePassword
from tests.sinks.onepassword_server import Connect, serve_connect
from tests.sinks.provocations import SHORT_S, Opened, nobody_listening, provokes

NAME = "onepassword (Connect)"


def goes_wrong(fault: Fault) -> Callable[..., Opened]:
    def provoke(open_onepassword: OpenOnePassword, connect: Connect) -> Opened:
        sink = open_onepassword(timeout_s=SHORT_S if fault is Fault.SILENT else 10)
        connect.go_wrong(fault)
        yield lambda: sink
        connect.recover()

    return provoke


for name, fault in {
    "slow": Fault.SILENT,
    "403": Fault.DENIED,
    "disk full": Fault.SERVER_ERROR,
    "corrupt row": Fault.NONSENSE,
    "answer cut off": Fault.CUT_OFF,
}.items():
    provokes(NAME, name)(goes_wrong(fault))


@provokes(NAME, "down")
def no_connect_server_is_there(open_onepassword: OpenOnePassword) -> Opened:
    with nobody_listening() as port:
        yield lambda: open_onepassword(address=f"http://127.0.0.1:{port}")


@provokes(NAME, "expired credential")
def its_connect_token_was_revoked(open_onepassword: OpenOnePassword, connect: Connect) -> Opened:
    token = connect.new_token()
    sink = open_onepassword({TOKEN: token})
    sink.probe()
    connect.tokens.remove(token)
    yield lambda: sink


@provokes(NAME, "TLS refused")
def nobody_vouches_for_the_certificate_of_connect(
    open_onepassword: OpenOnePassword, certificate: Path
) -> Opened:
    with serve_connect(certificate) as server:
        yield lambda: open_onepassword({TOKEN: server.new_token()}, address=server.url)
        assert server.asked == []


@provokes(NAME, "DNS fails")
def no_name_server_knows_the_connect_server(open_onepassword: OpenOnePassword) -> Opened:
    yield lambda: open_onepassword(address="https://onepassword.invalid")
