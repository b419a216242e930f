"""What a service is: its name, its words, and which of a few ways its console has to do things."""

from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """How the keys are listed."""

    TABLE = "table"
    CARDS = "cards"
    LINES = "lines"


class Form(StrEnum):
    """Where a new key is asked for."""

    PAGE = "page"
    MODAL = "modal"
    INLINE = "inline"


class Showing(StrEnum):
    """How a new key is shown, once."""

    TEXT = "text"
    FIELD = "field"
    DIALOG = "dialog"


class Revoking(StrEnum):
    """How a key is revoked: on a page that asks again, in a dialog, at the browser's question, or by its name."""

    PAGE = "page"
    DIALOG = "dialog"
    BROWSER = "browser"
    BY_NAME = "by_name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service behind Example ID.

    `slug` is its client id, and its name in the site's file. A key is a `noun`; `offer` leads to the form and
    `submit` makes the key; `revoke` ends one, which then was `revoked`. `scopes` may be chosen from, `lives_days` as
    well (0: no end); one that has none of them doesn't ask. With `agree` the form has a box that must be ticked.
    """

    slug: str
    name: str
    tagline: str
    hue: str
    path: str
    prefix: str
    noun: str = "API key"
    offer: str
    submit: str
    revoke: str = "Revoke"
    revoked: str = "revoked"
    layout: Layout
    form: Form
    showing: Showing
    revoking: Revoking
    scopes: tuple[str, ...] = ()
    lives_days: tuple[int, ...] = ()
    agree: str = ""
    unique_names: bool

    @property
    def origin(self) -> str:
        """The address by which a flow calls it; on this machine it has another."""
        return f"https://{self.slug}.example.net"

    @property
    def cookie(self) -> str:
        """Ports of one host share their cookies (RFC 6265 section 8.5): each service has a name of its own."""
        return f"{self.slug}_session"
