"""Texts made comparable, and the words that tell nothing of anybody."""

import html
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from tokenbroker.flow.mend import is_lasting, is_wording
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.sanitise.vocabulary import (
    BESIDE_TOKENS,
    IN_EVERY_FLOW,
    OF_OPTIONS,
    ORDINARY,
    WORDS_OF_FLOWS,
)

_ROUNDS: Final = 4  # layers of escapes, such as HTML in a URL in JSON
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,5})\}|x([0-9A-Fa-f]{2}))")
_INVISIBLE: Final = dict.fromkeys(
    [0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_HALF: Final = re.compile("[\ud800-\udfff]")
_WORD: Final = re.compile(r"[^\W_]+")
_HUMP: Final = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_SEPARATORS: Final = re.compile(r"[._+\-/'\u2019]+")
_SMALL_NUMBER: Final = re.compile(r"(?<!\d)(?<!\d[.,])(?:\d{1,2}|\d{1,2}\.\d{1,2})(?![.,]?\d)")
_BOUND: Final = re.compile(r"""#([\w-]+)|\.([A-Za-z][\w-]*)|=\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))""")
_CSS: Final = re.compile(r"""[\w\s#.>+~:()\[\]="'*^$|-]{1,200}""", re.ASCII)
_TAGS_ONLY: Final = re.compile(r"#[\w-]+|\.[A-Za-z][\w-]*|\[[^\]]*\]|:nth-(?:of-type|child)\(\d{1,2}\)")
_TAG: Final = re.compile(r"[a-z]{1,20}[1-6]?(?:-[a-z]{1,20}){0,3}|[>+~]")


def plain(text: str) -> str:
    """`text` with HTML's, URLs' and JavaScript's escapes undone, in any mixture and several layers."""
    for _ in range(_ROUNDS):
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "%" in text:
            text = unquote(text, errors="replace")
        if "\\" in text:
            text = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2] or found[3], 16)), text)
        if text == before:
            break
    return whole(text)


def whole(text: str) -> str:
    """`text` without half characters (lone surrogates), which a page's script may make and nothing can write."""
    if _HALF.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def fold(text: str) -> str:
    """`text` without case, accents, invisible characters, compatibility forms and doubled white space."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_INVISIBLE)).casefold()
        text = "".join(
            each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each)
        )
    return " ".join(text.casefold().split())


def words_of(text: str) -> str:
    """The words of `text`, folded, with one space between: what joins words in a mark or an address is a space too."""
    return fold(_SEPARATORS.sub(" ", _HUMP.sub(" ", text)))


def is_ordinary(text: str) -> bool:
    """Whether `text` consists of ordinary words of controls."""
    return all(word in ORDINARY for word in words_of(text).split())


def peculiar_words(text: str) -> list[str]:
    """The words of `text`, as they are written, that are none of the sentences that tokens are shown in."""
    return [word for word in _WORD.findall(text) if fold(word) not in BESIDE_TOKENS]


def is_usual_option(text: str) -> bool:
    """Whether `text`, an option, consists of ordinary words, units and numbers of at most three digits."""
    words = _WORD.findall(fold(_HUMP.sub(" ", text)))
    return all(word in OF_OPTIONS or re.fullmatch("[a-z]?[0-9]{1,3}[a-z]?", word) for word in words)


def is_in_every_flow(text: str) -> bool:
    """Whether `text` stands in each flow, whoever recorded it; also as a part of a word."""
    return fold(text) in IN_EVERY_FLOW


def is_word_of_flows(text: str) -> bool:
    """Whether `text` is a word that stands in each flow."""
    return fold(text) in WORDS_OF_FLOWS


def as_name(text: str) -> str:
    """`text`, what a page calls a field, as a reference's name: ``Key name *`` is ``key_name``; "" if it is none."""
    bare = unicodedata.normalize("NFKD", re.sub(r"\(.*?\)|[*:?!…]+", " ", text))
    words = re.findall(
        r"[a-z]+|\S", "".join(c for c in bare if not unicodedata.combining(c)).lower().replace("-", " ")
    )
    words = [word for word in words if word != "_"]
    name = "_".join(words)
    fits = 0 < len(words) <= 4 and len(name) <= 40 and all(re.fullmatch("[a-z]+", word) for word in words)
    return name if fits and all(len(word) == 1 or is_lasting(word) for word in words) else ""


def is_said(text: str) -> bool:
    """Whether `text` may stand in a flow as words of the page: `is_wording`, or with small numbers ("OAuth 2.0")."""
    return is_wording(_SMALL_NUMBER.sub("n", text))


def is_kept(alternative: Alternative) -> bool:
    """Whether `alternative` is of a form that may be kept: words, names that no tool made up, places."""
    match alternative.family:
        case Family.ROLE:
            is_role = re.fullmatch("[a-z]{2,20}", alternative.value) is not None
            return is_role and (not alternative.name or is_said(alternative.name))
        case Family.LABEL | Family.PLACEHOLDER | Family.TEXT:
            return is_said(alternative.value) and not alternative.name
        case Family.TEST_ID:
            return is_lasting(alternative.value)
        case Family.CSS:
            return is_plain_css(alternative.value)
        case Family.XPATH:
            return False


def is_plain_css(selector: str) -> bool:
    """Whether `selector` consists of tags, places, and ids, classes and values that a person gave."""
    if not _CSS.fullmatch(selector):
        return False
    named = ["".join(groups) for groups in _BOUND.findall(selector)]
    rest = _TAGS_ONLY.sub(" ", selector)
    return all(map(is_lasting, named)) and all(_TAG.fullmatch(each) for each in rest.split())
