"""The URL of a PostgreSQL database, as far as it says where the database is."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from tokenbroker.secret import Secret
from tokenbroker.settings.origins import is_loopback

_SCHEMES = ("postgresql", "postgres")
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
        """Whether it can only be this machine."""
        return not self.host or self.host.startswith("/") or is_loopback(f"//{_bracketed(self.host)}")


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
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in _SCHEMES or parts.fragment or not database or "/" in database:
        raise ValueError(f"not {_EXAMPLE}")
    if set(query) - {"host"}:
        raise ValueError(
            "of its options a URL may hold host=/FOLDER only; TLS is always asked for beyond this machine"
        )
    host = query.get("host", "")
    if host and (parts.hostname or not host.startswith("/")):
        raise ValueError("host= names the folder of a socket; any other host stands before the database")
    if not parts.username:
        raise ValueError(f"it names no user: not {_EXAMPLE}")
    return PostgresUrl(
        host=host or parts.hostname or "",
        port=port,
        user=unquote(parts.username),
        database=database,
        password=Secret(unquote(parts.password)) if parts.password else None,
    )


def checked_postgres_url(value: str | None) -> str | None:
    """`value`, if it is a URL that may stand in a settings file.

    Raises:
        ValueError: it is no such URL, or holds a password.
    """
    if value is not None and split_postgres_url(value).password is not None:
        raise ValueError("a URL here holds no password: it comes by TOKENBROKER_POSTGRES_PASSWORD")
    return value


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
