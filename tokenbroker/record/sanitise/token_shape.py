"""Which part of a text is the token, and what may be said of it without telling it."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tokenbroker.flow.mend import is_lasting
from tokenbroker.flow.rules.literal_secret import kind_of
from tokenbroker.record.recording import TOKEN_MARK, TokenSeen
from tokenbroker.record.sanitise.finder import Finder
from tokenbroker.record.sanitise.rule import Private, Rule
from tokenbroker.record.sanitise.wording import is_in_every_flow, is_ordinary, is_said, peculiar_words

_PIECE: Final = re.compile(r"""[^\s"'`<>(){},;=]+=*""")
_NAMED: Final = re.compile(r"[A-Za-z-]{2,20}[:=](?=.)")
_SEPARATORS: Final = "_.~+/=:-"
_LIKE_A_TOKEN: Final = re.compile(rf"[A-Za-z0-9{re.escape(_SEPARATORS)}]+")
_MIN_CHUNK: Final = 4
_MIN_PIECE: Final = 8
_MIN_WORD: Final = 3
_MIN_SURE: Final = 16
_ENDS: Final = range(4, 8)
_KNOWN_FORM: Final = 1000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What the token is taken to be.

    Attributes:
        value: the token, as one word; "" for none.
        written: as it stands in the text, with the white space that it is wrapped by.
    """

    value: str = field(default="", repr=False)
    written: str = field(default="", repr=False)

    @property
    def is_wrapped(self) -> bool:
        return self.value != self.written


def choose(token: TokenSeen) -> Chosen:
    """The part of what was seen that is the token.

    It is what the person had selected; else all of the text, if that is one word; else what is left of it without the
    words of the controls in it, if that is one word, or one that is wrapped; else the word most like a token: of a
    known form, long, and random.
    """
    for text in (token.selected, token.text):
        if text.strip() and (text == token.selected or len(text.split()) == 1):
            return _joined(text)
    rest = token.text
    for words in sorted(token.inner, key=len, reverse=True):
        if words.strip():
            rest = rest.replace(words, "\n", 1)
    pieces = rest.split()
    if not pieces:
        return Chosen()
    if len(pieces) == 1 or _is_wrapped(pieces):
        return _joined(rest)
    return _most_like_one(rest)


def values_in(token: TokenSeen) -> Iterator[Private]:
    """All that may be the token or a piece of it, so that none of it stands anywhere: rather too much."""
    chosen = choose(token)
    texts = {chosen.value, *chosen.written.split(), *token.selected.split()}
    # Should another word have been the token, then it is found nonetheless.
    texts |= {piece for piece in _PIECE.findall(token.text) if not _is_wording(piece)}
    for text in sorted(texts, key=len, reverse=True):
        if text == chosen.value or len(text) >= _MIN_PIECE:
            yield Private(value=text, rule=Rule.TOKEN)
    pieces = {*_ends_of(chosen.value)}
    if not _is_sure(token, chosen):
        # Each of them may be the token, or one of the words that it consists of.
        pieces |= {*peculiar_words(token.text), *peculiar_words(token.selected)}
    for piece in sorted(pieces - texts):
        if not (is_ordinary(piece) or is_in_every_flow(piece) or len(piece) < _MIN_WORD):
            yield Private(value=piece, rule=Rule.TOKEN, is_piece=True)


def reduced(token: TokenSeen, finder: Finder) -> TokenSeen:
    """`token` without the token: what it looks like, and the words around it where they tell nothing."""
    if token.shape:
        return token
    chosen = choose(token)
    inner = tuple(words for words in token.inner if is_said(words) and finder.find(words) is None)
    named = re.fullmatch(r"attribute:[a-z-]{1,40}", token.source) and finder.find(token.source) is None
    source = token.source if named or ":" not in token.source else "attribute:"
    return TokenSeen(
        source=source,
        inner=inner,
        shape=shape_of(chosen.value),
        around=_around(token, chosen, finder),
        is_wrapped=bool(chosen.value) and chosen.is_wrapped,
    )


def shape_of(value: str) -> str:
    """A regular expression for tokens like `value`: classes of characters and a range of lengths."""
    if not value:
        return ""
    count = len(value)
    step = 5 if count < 30 else 10
    least = max(1, min(count, math.floor(0.8 * count / step) * step))
    most = math.ceil(1.2 * count / step) * step
    if not _LIKE_A_TOKEN.fullmatch(value):
        return rf"\S{{{least},{most}}}"
    separators = "".join(each for each in _SEPARATORS if each in value)
    return f"[A-Za-z0-9{separators}]{{{least},{most}}}"


def _around(token: TokenSeen, chosen: Chosen, finder: Finder) -> str:
    if not chosen.value:
        return ""
    text = token.text or chosen.written
    before, found, after = text.partition(chosen.written)
    sides = [" ".join(side.split()) for side in (before, after)]
    if not _is_sure(token, chosen) or any(map(_is_telling, sides)):
        return ""
    if not found or any(side and (not _may_stand(side) or finder.find(side)) for side in sides):
        return ""
    return " ".join(f"{before}{TOKEN_MARK}{after}".split())


def _may_stand(side: str) -> bool:
    return is_said(side) or re.fullmatch(r"""["'`<>(){}\[\],;=:.|-]{1,4}""", side) is not None


def _is_telling(side: str) -> bool:
    return any(not (word.isdecimal() and len(word) < _MIN_WORD) for word in peculiar_words(side))


def _is_sure(token: TokenSeen, chosen: Chosen) -> bool:
    """Whether nothing but what was chosen can be the token: the person selected it, or it is of a form like no word."""
    value = chosen.value
    is_like_no_word = len(value) >= _MIN_SURE and bool(
        re.search(r"\d", value) and re.search(r"[^\W\d_]", value)
    )
    return bool(token.selected.strip()) or is_like_no_word or bool(value and kind_of(value))


def _ends_of(value: str) -> Iterator[str]:
    """Its first and last few characters, by which pages call a token that they don't show again."""
    for count in _ENDS:
        if count < len(value):
            yield from (value[:count], value[-count:])


def _joined(text: str) -> Chosen:
    written = text.strip()
    return Chosen(value="".join(written.split()), written=written)


def _is_wrapped(pieces: list[str]) -> bool:
    """Whether `pieces` are one token in groups or lines: equally long ones but for the last, and no words."""
    if not all(_LIKE_A_TOKEN.fullmatch(piece) for piece in pieces):
        return False
    lengths = {len(piece) for piece in pieces[:-1]}
    is_even = len(lengths) == 1 and lengths.pop() >= max(_MIN_CHUNK, len(pieces[-1]))
    telling = sum(not _is_wording(piece) for piece in pieces)
    return (is_even and 2 * telling > len(pieces)) or telling == len(pieces)


def _is_wording(piece: str) -> bool:
    bare = piece.strip(".,:;!?…")
    return not bare or (not any(map(str.isdigit, bare)) and (is_lasting(bare) or not bare.isascii()))


def _most_like_one(text: str) -> Chosen:
    pieces = [_NAMED.sub("", piece).rstrip(".,:;!?…") for piece in _PIECE.findall(text)]
    best = max(pieces, key=_likeness, default="")
    return Chosen(value=best, written=best)


def _likeness(piece: str) -> float:
    if not piece:
        return 0.0
    counts = Counter(piece).values()
    bits = -sum(count / len(piece) * math.log2(count / len(piece)) for count in counts)
    known = _KNOWN_FORM if kind_of(piece) else 0.0
    return known + bits * len(piece) * (0.3 if _is_wording(piece) else 1.0)
