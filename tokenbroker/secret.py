"""A value that never prints itself.

The places that may call :meth:`Secret.reveal` stand in the reviewed table of ``docs/secrets.md``;
``tests/test_reveal_table.py`` fails when the code has another.
"""

from __future__ import annotations  # `Secret` is named in its own annotations

import hmac
from typing import NoReturn


class Secret:
    """A secret text, such as a password, a one-time code or a token.

    It has no useful ``str``, ``repr``, ``format``, JSON or pickle form: each gives ``<secret>`` or
    raises. Two secrets compare in constant time. An empty value is refused with ``ValueError``, for
    nothing can be redacted by it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise ValueError("a secret can't be empty")
        self._value = value

    def reveal(self) -> str:
        """The value in clear. Call it only where the reviewed table says so."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret is not hashable: a hash of it could be looked up")

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        return "<secret>"

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("a Secret can't be pickled or copied into another process")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> NoReturn:
        raise TypeError("the length of a Secret is not told")
