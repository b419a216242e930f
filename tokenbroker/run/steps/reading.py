"""Reading a token out of an element: which part of it, and whether it is a token that is whole."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from tokenbroker.flow.model import Step

CLIPBOARD: Final = "clipboard"
MAX_SEARCHED: Final = 8192
"""How long a text may be for a pattern to be looked for in it, in characters: searching takes time that grows
with more than its length, and a longer one can't be cut without cutting a token in two."""

MASKS: Final = frozenset("•●∙·*…⋯")
_SEPARATORS: Final = "_-.:"
MIN_CHARACTERS: Final = 8
_LONGEST_WORD: Final = 20
# How long a text has to stay as it is before it counts as finished.
_SHORTEST_QUIET_S: Final = 0.004  # no nested timer of a page fires more often (HTML Standard, 8.7)
_USUAL_QUIET_S: Final = 0.25
_LONGEST_QUIET_S: Final = 1.0
_STROKES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How a `capture_token` step gets from its element to the token."""

    source: str | None
    attribute: str | None
    pattern: re.Pattern[str] | None
    unwrap: bool

    @classmethod
    def of(cls, step: Step) -> "Recipe":
        """The recipe in the options of `step`, which the loader has checked."""
        pattern = step.options.get("pattern")
        return cls(
            source=step.options.get("from"),
            attribute=step.options.get("attribute"),
            pattern=re.compile(pattern) if pattern is not None else None,
            unwrap=bool(step.options.get("unwrap", False)),
        )

    @property
    def where(self) -> str:
        """The part of the element, as `tokenbroker.run.targets.engine.read` names it."""
        return f"attribute:{self.attribute}" if self.attribute is not None else self.source or "content"

    def token_in(self, text: str) -> str:
        """The part of `text` that is to be the token; "" where the pattern is not (yet) to be found."""
        if self.pattern is not None:
            found = self.pattern.search(text) if len(text) <= MAX_SEARCHED else None
            text = (found.group(1) or "") if found else ""
        return _unwrapped(text) if self.unwrap else text.strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the element showed at one moment."""

    token: str = field(default="", repr=False)
    age_s: float = 0
    """How old its document was."""
    parsing: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it may be a token: long enough, one word, all to be seen, not masked, and no placeholder."""
        token = self.token
        if len(token) < MIN_CHARACTERS or MASKS & set(token) or len(token.split()) != 1:
            return False
        return token.isprintable() and not token.endswith("..") and not _is_placeholder(token)

    @property
    def quiet_s(self) -> float:
        """How long it has to stay unchanged.

        A page that types n characters one by one, and is t seconds old, takes t/n a stroke or less: silence of
        several strokes says that it has stopped. So a token that came with its page costs next to nothing, and
        one that a script reveals later the usual interval, which no typewriter effect pauses for. What looks
        like a beginning (a document still being parsed, ``sk_live_``, no digit yet) is watched longest.
        """
        if self.parsing or self.token[-1] in _SEPARATORS or not any(c.isdigit() for c in self.token):
            return _LONGEST_QUIET_S
        return min(max(_STROKES * self.age_s / len(self.token), _SHORTEST_QUIET_S), _USUAL_QUIET_S)


def _unwrapped(text: str) -> str:
    """`text` without white space, and without what is invisible and lets a browser break a line (U+200B, U+00AD …).

    A text of plain words only stays as it is: it is no wrapped token, but says that one will come.
    """
    pieces = text.split()
    if len(pieces) > 1 and all(_is_placeholder(piece.rstrip(".,:!")) for piece in pieces):
        return text.strip()
    return "".join(character for character in "".join(pieces) if unicodedata.category(character) != "Cf")


def _is_placeholder(text: str) -> bool:
    word = text.isalpha() and (text[1:].islower() or text.isupper() or not text.isascii() or len(text) == 1)
    return word and len(text) <= _LONGEST_WORD
