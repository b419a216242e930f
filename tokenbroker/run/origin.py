"""Origins: what a request is aimed at, and the list of those that a run may reach."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address

import idna

from tokenbroker.errors import UsageError

TUNNEL = "tcp"
"""The scheme of a CONNECT whose payload can't be known from its port (RFC 9110 section 9.3.6)."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WEB_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_ORIGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)/?")
_ABSOLUTE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[/?][^#]*)?")
_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]@:\\]+))(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Scheme, host and port, in one spelling each (RFC 6454 section 4).

    `scheme` is ``http``, ``https`` (each also for its WebSocket twin) or ``tcp``; `host` is lower case
    and ASCII (IDNA), an IPv6 address without its brackets; `port` is always the effective one.
    """

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """``host:port`` as a Host header has it: without the scheme's own port (RFC 9110 section 7.2)."""
        host = self._bracketed_host
        return host if _DEFAULT_PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"

    @property
    def _bracketed_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self.scheme}://{self._bracketed_host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where one proxy request wants to go. `path` is the origin-form for the server; "" in a tunnel."""

    origin: Origin
    path: str


class AllowList:
    """The origins that one run may reach. It never changes."""

    __slots__ = ("_addresses", "_origins")

    def __init__(self, origins: Iterable[Origin]) -> None:
        self._origins = frozenset(origins)
        self._addresses = frozenset((origin.host, origin.port) for origin in self._origins)

    def permits(self, origin: Origin) -> bool:
        """Whether `origin` is listed; a tunnel of unknown payload needs its host and port listed."""
        if origin.scheme == TUNNEL:
            return (origin.host, origin.port) in self._addresses
        return origin in self._origins


def parse_origin(text: str) -> Origin:
    """Read ``scheme://host[:port]`` of a web origin (http, https, ws, wss).

    Raises:
        UsageError: ``egress.origin_invalid``. The text isn't repeated: it may hold a user's password.
    """
    try:
        return _web_origin(text)
    except ValueError:
        pass
    raise UsageError(
        "an allowed origin is not of the form scheme://host[:port] with http, https, ws or wss",
        code="egress.origin_invalid",
        next_step="write the origin only: no path, no user name, no wildcard",
    )


def parse_target(method: bytes, target: bytes) -> Target:
    """Read a proxy request's target: absolute-form, or authority-form for CONNECT.

    Raises:
        ValueError: it is neither (RFC 9112 sections 3.2.2 and 3.2.3). Its message holds nothing of it.
    """
    text = target.decode("ascii", "strict")
    if method == b"CONNECT":
        host, port = _host_and_port(text, default_port=None)
        return Target(origin=Origin(scheme="https" if port == 443 else TUNNEL, host=host, port=port), path="")
    found = _ABSOLUTE.fullmatch(text)
    if found is None:
        raise ValueError("not an absolute-form target")
    path = found["path"] or ("*" if method == b"OPTIONS" else "/")
    return Target(
        origin=_web_origin(f"{found['scheme']}://{found['authority']}"),
        path=f"/{path}" if path.startswith("?") else path,
    )


def _web_origin(text: str) -> Origin:
    found = _ORIGIN.fullmatch(text)
    scheme = _WEB_SCHEMES.get(found["scheme"].lower()) if found else None
    if found is None or scheme is None:
        raise ValueError("not a web origin")
    host, port = _host_and_port(found["authority"], default_port=_DEFAULT_PORTS[scheme])
    return Origin(scheme=scheme, host=host, port=port)


def _host_and_port(authority: str, *, default_port: int | None) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise ValueError("not an authority")
    port = int(found["port"]) if found["port"] else default_port
    if port is None or not 0 < port < 65536:
        raise ValueError("no such port")
    host = IPv6Address(found["ipv6"]).compressed if found["ipv6"] else _ascii_host(found["name"])
    return host, port


def _ascii_host(name: str) -> str:
    host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    if _NAME.fullmatch(host) is None:
        raise ValueError("not a host")
    return host
