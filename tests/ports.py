"""Free ports for programs that have to be told theirs before they start."""

import errno
import random
import socket
from typing import Final

_FROM: Final = 15_000
_TO: Final = 30_000
"""Systems give away ports from 32,768 (Linux) or 49,152 (RFC 6335) on. One of those, found free and let go, is soon
somebody else's: another test's connection or server has it by the time the program starts."""


def free_port() -> int:
    """A port of the loopback address at which nobody listens, and which the system gives to nobody who asks for any."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """`count` different ones."""
    found: set[int] = set()
    while len(found) < count:
        port = random.SystemRandom().randrange(_FROM, _TO)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                found.add(port)
    return [*found]
