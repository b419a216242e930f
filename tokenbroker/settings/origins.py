"""Origins: what of an address tells where it leads (RFC 6454)."""

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


def is_loopback(origin: str) -> bool:
    """Whether `origin` (``scheme://host[:port]``) can only be this machine: localhost or a loopback address."""
    try:
        host = urlsplit(origin).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """The origin of `url` (RFC 6454): scheme, host in lower case, and the port where it is not the default.

    Raises:
        ValueError: `url` is not an absolute http or https URL, or one that browsers read in another way:
            with white space, control characters or backslashes, or a host that is not plain ASCII.
    """
    if not url.isprintable() or any(character in url for character in " \\"):
        raise ValueError("white space, control characters and backslashes don't belong into a URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an absolute http or https URL")
    if not parts.hostname.isascii() or "%" in parts.hostname:
        raise ValueError("a host is written in plain ASCII (xn--…)")
    host = parts.hostname
    if ":" in host:
        host = f"[{ipaddress.IPv6Address(host).compressed}]"
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def checked_origin_map(value: Mapping[str, str]) -> dict[str, str]:
    """`value` with each origin in its one spelling.

    Raises:
        ValueError: a key or a target is no origin, or a target lies beyond this machine.
    """
    checked = {}
    for source, target in value.items():
        try:
            checked[origin_of(source)] = origin_of(target)
        except ValueError:
            raise ValueError("an origin map holds origins such as https://console.example.com") from None
        if not is_loopback(target):
            raise ValueError(
                f"the origin map leads {source} away from this machine; targets must be loopback"
            )
    return checked


def site_of(origin: str) -> str:
    """The name in front of the host's public ending: ``yourcloud`` of ``console.yourcloud.co.uk``."""
    host = (urlsplit(origin).hostname or "").strip(".")
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return "site"
    names = host.split(".")
    if len(names) > 1:
        names.pop()
    if len(names) > 1 and names[-1] in _SECOND_LEVEL:
        names.pop()
    return "".join(letter for letter in names[-1] if letter.isalnum()) or "site"
