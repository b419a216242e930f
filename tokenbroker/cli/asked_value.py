"""A secret's value as commands take it: asked for without echo, or from standard input; never an argument."""

import getpass
import sys
from contextlib import suppress

from tokenbroker.errors import UsageError
from tokenbroker.secret import Secret


def read_value(reference: str) -> Secret:
    """The value for `reference`, as a person types it or a program pipes it.

    Raises:
        UsageError: it is empty, or no text.
    """
    if sys.stdin.isatty():
        value = getpass.getpass(f"Value of {reference} (not shown): ")
    else:
        value = _standard_input().removesuffix("\n")
    if not value:
        raise UsageError("an empty value is no secret; nothing was stored")
    return Secret(value)


def _standard_input() -> str:
    # Bytes, and no foreign error: what Python says of text that is none holds a part of it.
    with suppress(UnicodeDecodeError):
        return sys.stdin.buffer.read().decode("utf-8")
    raise UsageError("the value is not UTF-8 text; nothing was stored")
