"""The rules of the sanitiser: each replaced value falls under one, the first that it fits."""

from dataclasses import dataclass, field
from enum import StrEnum


class Rule(StrEnum):
    """Why something was replaced or left out. The earlier one wins where a value fits two."""

    PASSWORD = "password"  # noqa: S105  # the name of a rule
    """Typed into a field for a password."""
    ONE_TIME_CODE = "one-time-code"
    """Typed into a field for a one-time code: it is left out, and nothing stands for it."""
    TOKEN = "token"  # noqa: S105  # the name of a rule
    """The token that the person created: only its shape is kept."""
    SECRET = "secret"  # noqa: S105  # the name of a rule
    """Typed into a field for another secret, or has the form of one: a key, a client secret, a private key."""
    EMAIL = "email"
    """An e-mail address that was typed, or that a page showed as the account's own."""
    PHONE = "phone"
    """The same of a phone number."""
    ACCOUNT = "account"
    """A number or id that a page showed as the account's own."""
    USERNAME = "username"
    """Typed into a field for a user name, or shown as the account's own."""
    NAME = "name"
    """The name of a person or an organisation, that was typed or shown as the account's own."""
    PERSONAL = "personal"
    """Another thing about a person: an address, a date of birth, a card."""
    OWN = "own"
    """Something else that a page showed as the account's own."""
    PARAMETER = "parameter"
    """The person has marked the field as one that differs from run to run."""
    TYPED = "typed"
    """Any other content of a field."""

    EMAIL_SHAPE = "email-shape"
    """An e-mail address, by its form, wherever it stands."""
    PHONE_SHAPE = "phone-shape"
    """A phone number, by its form."""
    BANK_SHAPE = "bank-shape"
    """A bank account (IBAN) or a payment card, by its form."""
    SECRET_SHAPE = "secret-shape"  # noqa: S105  # the name of a rule
    """A key of a known kind (JWT included), or a word as random as one."""
    ID_SHAPE = "id-shape"
    """A UUID, the id of a session or a thing, or a hash, by its form."""
    NUMBER_SHAPE = "number-shape"
    """A long number: six digits in a row, or seven in groups."""

    ADDRESS_USER = "address-user"
    """A user name or password in front of an address's host: always left out."""
    ADDRESS_SCHEME = "address-scheme"
    """An address that is no web page's (`data:`, `mailto:`, …): left out as a whole."""
    ADDRESS_QUERY = "address-query"
    """The query or fragment of an address that is more than plain words."""
    ADDRESS_PART = "address-part"
    """A part of an address's path that is no plain word, or names a user or a thing: `*` stands for it."""
    ADDRESS_CUT = "address-cut"
    """The person went to an address with such a part: it is cut before it."""
    HOST_NAME = "host-name"
    """A host name that seems to tell whose account it is. It is kept: a person has to look at it."""


SECRETS = frozenset({Rule.PASSWORD, Rule.ONE_TIME_CODE, Rule.TOKEN, Rule.SECRET})
"""Of these not even a character or the length is told."""
IDENTITY = frozenset(
    {Rule.EMAIL, Rule.PHONE, Rule.ACCOUNT, Rule.USERNAME, Rule.NAME, Rule.PERSONAL, Rule.OWN}
)
"""These say who the person is."""
_ORDER = tuple(Rule)


def rank(rule: Rule) -> int:
    """The place of `rule`: a value that fits two has the lower one."""
    return _ORDER.index(rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class Private:
    """A value that may stand nowhere.

    Attributes:
        field: what HTML calls the field that it was typed into, as the name of a reference; "" where it does not say.
        is_piece: it is a piece of a value, or may be: sought as a whole word, written just so.
    """

    value: str = field(repr=False)
    rule: Rule
    field: str = ""
    is_piece: bool = False
