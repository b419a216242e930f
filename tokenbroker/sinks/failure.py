"""What can go wrong with any store that is asked over a network, in the words that all kinds share.

Each kind has a closed set of failures of its own, whose values are these names where they mean the same.
"""

from enum import StrEnum
from typing import Final, TypeVar

from tokenbroker.errors import BrokerError, SecretTimeout, SecretUnavailable

Words = tuple[type[BrokerError], str, str]
"""The class of the error, what is said of the store, and what to do."""

MISREAD: Final = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)
"""What reading a text that has another shape than ours can raise, such as JSON with NaN, or nested without end."""

_F = TypeVar("_F", bound=StrEnum)

_SHARED: Final[dict[str, Words]] = {
    "timeout": (SecretTimeout, "did not answer in time", "check that it is well, or raise timeout_s"),
    "connection_refused": (
        SecretUnavailable,
        "refuses the connection",
        "check that it runs, and the port of the address",
    ),
    "name_unknown": (
        SecretUnavailable,
        "can't be found: no name server knows the host",
        "check the host of the address, and the name servers of this machine",
    ),
    "unreachable": (SecretUnavailable, "can't be reached", "check the address and the network"),
    "tls_refused": (
        SecretUnavailable,
        "did not prove by TLS that it is the one: its certificate is not trusted here, or is not its own",
        "name the certificate of its authority with ca_file, and check the host of the address",
    ),
    "cut_off": (SecretUnavailable, "cut its answer off", "try again, and check what stands in between"),
    "server_error": (SecretUnavailable, "has an error of its own", "see the log of the server"),
}


def shared_words(kind: type[_F]) -> dict[_F, Words]:
    """The words for those failures of `kind` that all stores share; a kind may have others for one of them."""
    return {failure: _SHARED[failure.value] for failure in kind if failure.value in _SHARED}
