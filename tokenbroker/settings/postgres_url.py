"""The URL of a PostgreSQL database, as far as it says where the database is."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from tokenbroker.secret import Secret

_SCHEMES = ("postgresql", "postgres")
_HOST = re.compile(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?", re.IGNORECASE
)
_HOST_MAX = 253
_EXAMPLE = "a URL such as postgresql://user@db.example.com:5432/database"


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresUrl:
    """What ``postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE`` names.

    Attributes:
        host: a name or an address; a folder, for the socket in it; "" for the client library's own socket.
    """

    host: str
    port: int | None
    user: str
    database: str
    password: Secret | None = field(repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it can only be this machine. To the client library a name below localhost is any name."""
        if not self.host or self.host.startswith("/") or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def split_postgres_url(text: str) -> PostgresUrl:
    """The parts of `text`.

    Raises:
        ValueError: it is not such a URL. The sentence holds nothing of it.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ValueError(f"not {_EXAMPLE}") from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    database, host = unquote(parts.path.removeprefix("/")), query.get("host", "")
    if parts.scheme not in _SCHEMES or parts.fragment or not database or set(database) & set("/@"):
        raise ValueError(
            f"not {_EXAMPLE}; what is special in a password stands as %40 for @, %2F for /, %23 for #"
        )
    # Where libpq sees the end of a text, or a list of hosts, everything after it would not hold.
    if not all(part.isprintable() for part in (text, user, password, database, host)):
        raise ValueError("it holds characters that can't be printed")
    if set(query) - {"host"}:
        raise ValueError(
            "take its options away, all but host=/FOLDER: TLS is always asked for beyond this machine"
        )
    if host and (parts.hostname or not host.startswith("/") or "," in host):
        raise ValueError("host= names the folder of a socket; any other host stands before the database")
    if parts.hostname is not None and not _is_host(parts.hostname):
        raise ValueError("its host is no name and no address")
    if not user:
        raise ValueError(f"it names no user: not {_EXAMPLE}")
    return PostgresUrl(
        host=host or parts.hostname or "",
        port=port,
        user=user,
        database=database,
        password=Secret(password) if password else None,
    )


def checked_postgres_url(value: str | None) -> str | None:
    """`value`, if it is a URL that may stand in a settings file.

    Raises:
        ValueError: it is no such URL, or holds a password.
    """
    if value is not None and split_postgres_url(value).password is not None:
        raise ValueError(
            "the password must not stand in a settings file: take it out, and give it in TOKENBROKER_POSTGRES_PASSWORD"
        )
    return value


def _is_host(text: str) -> bool:
    """Whether `text` is one address, or one name in plain ASCII (RFC 1123)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= _HOST_MAX and _HOST.fullmatch(text) is not None
    return True
