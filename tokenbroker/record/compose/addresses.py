"""Addresses, as a flow may say them."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from tokenbroker.run.targets.fingerprint import mere_words
from tokenbroker.settings import origin_of


def origin_in(address: str) -> str:
    """The origin of `address`; "" where it has none that a flow could say."""
    try:
        return origin_of(address)
    except ValueError:
        return ""


def page_of(address: str) -> str:
    """`address` without query and fragment: which page it is."""
    return address.partition("#")[0].partition("?")[0]


def is_plain(address: str) -> bool:
    """Whether `address` is mere words: it names no account, no thing of it, and nothing else that differs."""
    return bool(origin_in(address)) and mere_words(address) == address


def pattern_of(address: str) -> str:
    """What a flow waits for, where it waits for `address`: what may differ is *."""
    page = mere_words(address)
    return page if page == address else f"{page}**"


def as_written(address: str, origins: Mapping[str, str]) -> str:
    """`address` at the origin that the flow is to say for its own."""
    said = origins.get(origin_in(address))
    if said is None:
        return address
    rest = urlsplit(address)._replace(scheme="", netloc="").geturl()
    return f"{said}{rest}"


def parent_among(pages: Iterable[str], page: str) -> str:
    """The nearest of `pages` that `page` lies below, its home page aside; `page` itself where none is."""
    above = [
        each
        for each in map(page_of, pages)
        if origin_in(each) and urlsplit(each).path.strip("/") and page.startswith(f"{each.rstrip('/')}/")
    ]
    return max(above, key=len, default=page)
