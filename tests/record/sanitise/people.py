"""People that never were, and the ways in which a page may write what is theirs."""

import base64
import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from hypothesis import strategies as st

from tests.leak.decode import parts, rewritings

_NAMES = (
    "Zhelka", "Qvornak", "Øyvindur", "Łukaszyk", "Žižkova", "Ñandúrez", "Иветтина", "Μυρσίνη", "山田太郎", "김철수민",
    "Björgulf", "O'Xuanli", "Djangovic", "Grüßfeld", "Vlkolín",
)  # fmt: skip
_HEX = st.text("0123456789abcdef", min_size=12, max_size=20)
_MIXED = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=24, max_size=40)
_DIGITS = st.text("123456789", min_size=8, max_size=8).filter(lambda digits: len({*digits}) > 3)
_PHONES = (
    "+44 20 7946 0{}",
    "020 7946 0{}",
    "(212) 555-0{}",
    "+1-212-555-0{}",
    "030/901820{}",
    "+49 (0)30 901820{}",
    "00331 42 68 5{}",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One person's values; each looks like test data."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    otp: str = field(repr=False)
    given: str = field(repr=False)
    family: str = field(repr=False)
    phone: str = field(repr=False)
    token: str = field(repr=False)
    account: str = field(repr=False)
    thing: str = field(repr=False)
    """What names a thing of theirs in addresses."""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def values(self) -> tuple[str, ...]:
        """What may stand nowhere, each by itself."""
        alone = (self.email, self.email.partition("@")[0], self.password, self.otp, self.given, self.family)
        return (*alone, self.phone, self.token, self.account, self.thing)


@st.composite
def people(draw: st.DrawFn) -> Person:
    given, family = draw(st.lists(st.sampled_from(_NAMES), min_size=2, max_size=2, unique=True))
    return Person(
        email=f"demo-{draw(_HEX)}@example.test",
        password=f"demo-only-p-{draw(_HEX)}{draw(st.sampled_from(['', '/+é', chr(34), '<&>', ' %41', chr(92)]))}",
        otp=draw(_DIGITS)[:6],
        given=given,
        family=family,
        phone=draw(st.sampled_from(_PHONES)).format(draw(_DIGITS)[:3]),
        token=f"demo_only_t_{draw(_MIXED)}",
        account=draw(st.sampled_from(["{}{}", "{}-{}", "{} {}", "ACME-{}{}"])).format(
            draw(_DIGITS), draw(_DIGITS)[:2]
        ),
        thing=draw(st.sampled_from(["{}", "key-{}", "prj_{}", "{}-4f"])).format(draw(_HEX) + "7a3"),
    )


Writing = Callable[[str], str]
AS_IT_IS: tuple[Writing, ...] = (
    str,
    str.upper,
    str.title,
    "Hello, {}!".format,
    "Keys of {}".format,
    "{}'s key".format,
)
ENCODED: tuple[Writing, ...] = (
    lambda value: quote(value, safe=""),
    lambda value: html.escape(value),
    lambda value: "".join(f"&#{ord(each)};" for each in value),
    lambda value: json.dumps(value)[1:-1],
    lambda value: base64.b64encode(f"demo:{value}".encode()).decode(),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    lambda value: value.encode().hex(),
)


def found_in(text: str, values: tuple[str, ...]) -> set[str]:
    """Which of `values` stand in `text`, however they are written; shares no code with the sanitiser."""
    views = [view for _, view in rewritings(text.encode())]
    views += [part.data for view in views[:2] for _, inner in parts(view) for part in inner]
    said = "\n".join({view.decode("utf-8", "replace") for view in views}).casefold()
    return {value for value in values if value.casefold() in said}
