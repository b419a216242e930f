"""Addresses with nothing in them but plain words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tokenbroker.flow.mend import is_lasting
from tokenbroker.record.sanitise.finder import Finder, Found
from tokenbroker.record.sanitise.rule import Rule
from tokenbroker.record.sanitise.wording import is_ordinary, plain

_BLANK: Final = frozenset({"about:blank", "about:srcdoc"})
_ENDING: Final = re.compile(r"\.(?:html?|php|aspx?|jspx?|do|action|cgi)$")
_SHORT: Final = re.compile(r"v\d{1,2}|[a-z]|\*")
_KNOWN: Final = frozenset({"oauth2", "2fa", "mfa2", "s3", "ec2", "k8s", "web3", "i18n"})
# What stands behind one of these is the name of a user or of a thing of theirs, unless it is an ordinary word.
_OF_SOMEBODY: Final = re.compile(
    r"(?:users?|u|~|people|persons?|members?|profiles?|accounts?|teams?|orgs?|organi[sz]ations?|compan(?:y|ies)"
    r"|customers?|clients?|tenants?|workspaces?|owners?|by)",
    re.IGNORECASE,
)

# Of these in a query the value is somebody's, however plain it looks.
_NAMES_A_VALUE: Final = re.compile(
    r"user(?:_?name)?|account|login|e-?mail|invite|code|state|token|team|org|tenant|session|sid|key",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An address that may be kept, and what was taken out of it.

    Attributes:
        host: its host, with the port, as it is kept; "" for none.
    """

    text: str
    host: str = ""
    left_out: tuple[Found, ...] = field(default=())


def clean(address: str, *, finder: Finder, origins: Mapping[str, str], is_gone_to: bool = False) -> Address:
    """`address` at the origin that a flow says, with `*` for each part of its path that is no plain word.

    Where `is_gone_to`, somebody went there, and a part can't be left open: the path is cut before it instead.
    """
    if not address or address in _BLANK:
        return Address(text=address)
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return Address(text="", left_out=(Found(rule=Rule.ADDRESS_SCHEME),))
    if parts.scheme not in {"http", "https"} or not host:
        return Address(text="", left_out=(Found(rule=Rule.ADDRESS_SCHEME),))
    left_out = [Found(rule=Rule.ADDRESS_USER)] if "@" in parts.netloc else []
    origin = f"{parts.scheme}://{host}"
    origin = origins.get(origin, origin)
    host = urlsplit(origin).netloc
    if finder.find(host.partition(":")[0]):
        left_out.append(Found(rule=Rule.HOST_NAME, text=host))
    path, gone = _path(parts.path, finder, is_gone_to=is_gone_to)
    left_out += gone
    is_cut = is_gone_to and bool(gone)
    tail = ""
    for sign, said, is_plain in (
        ("?", parts.query, _is_plain_query),
        ("#", parts.fragment, _is_plain_fragment),
    ):
        if said and not is_cut and is_plain(said, finder):
            tail += sign + said
        elif said:
            left_out.append(finder.find_own(said) or Found(rule=Rule.ADDRESS_QUERY))
    return Address(text=origin + path + tail, host=host, left_out=tuple(left_out))


def _path(path: str, finder: Finder, *, is_gone_to: bool) -> tuple[str, list[Found]]:
    kept: list[str] = []
    gone: list[Found] = []
    for part in path.split("/"):
        found = _why_not(part, kept[-1] if kept else "", finder)
        if found is None:
            kept.append(part)
            continue
        gone.append(found)
        if is_gone_to:
            # The value itself is told under its own rule; that the flow goes elsewhere is another thing to know.
            cut = Found(rule=Rule.ADDRESS_CUT)
            return "/".join(kept) or "/", [*(gone if found.rule is not Rule.ADDRESS_PART else []), cut]
        kept.append("*")
    return "/".join(kept), gone


def _why_not(part: str, before: str, finder: Finder) -> Found | None:
    """Why `part` may not stay; None where it may."""
    if not part or _SHORT.fullmatch(part):
        return None
    said = plain(part)
    if found := finder.find(said):
        return found
    stem = _ENDING.sub("", part)
    is_known = stem.lower() in _KNOWN or is_lasting(stem)
    is_somebodys = _OF_SOMEBODY.fullmatch(before) is not None and not is_ordinary(stem)
    return None if is_known and not is_somebodys else Found(rule=Rule.ADDRESS_PART)


def _is_plain_query(query: str, finder: Finder) -> bool:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return False
    if any(value and _NAMES_A_VALUE.fullmatch(name) for name, value in pairs):
        return False
    return all(_is_plain(each, finder) for pair in pairs for each in pair if each)


def _is_plain_fragment(fragment: str, finder: Finder) -> bool:
    return not _path(fragment.removeprefix("!"), finder, is_gone_to=False)[1]


def _is_plain(word: str, finder: Finder) -> bool:
    return _why_not(word, "", finder) is None and is_ordinary_or_mark(word)


def is_ordinary_or_mark(word: str) -> bool:
    """Whether `word` is one that a page's makers chose."""
    return is_lasting(word) or word.lower() in _KNOWN
