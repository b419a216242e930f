"""Named places at which a test may stop or kill a run; in production each is one comparison with None.

Nothing outside a test installs a listener, and no flow, setting or variable can: it takes Python
code inside the process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]

POINTS: tuple[str, ...] = (
    "intended",  # the intent is durable
    "pressed",  # it is durable that the creating step is about to act
    "before_read",  # the site has acted; the token was not read yet
    "read",  # the token is in memory only
    "sealed",  # the token is durable in the spool
    "put",  # the sink took the token
    "read_back",  # the sink gave the same token back
    "stored",  # it is durable in the spool that the sink has it
    "cleared",  # the spool file is gone
)
"""Every point, in the order in which a run that keeps one token reaches them."""

ROTATION_POINTS: tuple[str, ...] = (
    "rotation_begun",  # it is decided; nothing was asked of the site
    "rotation_proven",  # the new key lies beside the old one, and its site accepts it
    "rotation_replaced",  # the reference leads to the new key
    "rotation_told",  # the hook has run
    "rotation_revoked",  # the old key is dead
)
"""Every stage of a rotation, once it is durable."""

_listener: Listener | None = None


def reached(name: str) -> None:
    """Tell the listener, if a test installed one, that the run is at the point `name`."""
    if _listener is not None:
        if name not in POINTS + ROTATION_POINTS:
            raise ValueError(f"no fault point is named {name!r}")
        _listener(name)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """For tests: call `listener` with the name of every point reached inside this block."""
    global _listener
    previous, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = previous
