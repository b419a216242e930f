"""What a draft says of itself, and what a person has to look at before it is used."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tokenbroker.record.compose.addresses import origin_in
from tokenbroker.record.compose.labels import names_nobody
from tokenbroker.record.compose.seen import PRESSES, title_before
from tokenbroker.record.draft import DraftStep
from tokenbroker.record.recording import Event
from tokenbroker.settings import is_loopback

_MAX_TOLD: Final = 8
_ABOUT: Final = re.compile(r"\((.+)\)")
_SPELLED: Final = re.compile(r'"((?:[^"\\]|\\.)+)"|^text=([^"].*)')
_TEXTS: Final = frozenset({"name", "label", "text", "placeholder", "test_id"})
MAX_STEPS: Final = 500  # as the schema has it
POLICY: Final[dict[str, Any]] = {
    "note": "Made from a recording. Nobody has read the site's terms for it yet."
}


def described(events: Sequence[Event], maker: int | None, origins: Sequence[str], *, captures: bool) -> str:
    """The flow in one sentence, in the words of the page where the key is made, if those can name nobody."""
    where = origins[0] if origins else "the site"
    if not captures:
        return f"Does what was recorded at {where}, and captures no token yet."
    title = title_before(events, maker) if maker is not None else None
    words = f" (“{title.name}”)" if title is not None and names_nobody(title.name) else ""
    return f"Creates a token at {where}{words} and stores it."


def notes_on(steps: Sequence[DraftStep], origins: Sequence[str]) -> Iterator[str]:
    """What holds for the draft as a whole."""
    if not steps:
        yield "Nothing was recorded that a flow could do: this draft is no flow yet."
        return
    if len(steps) > MAX_STEPS:
        yield f"These are {len(steps)} steps, and a flow has {MAX_STEPS} at most: record a shorter way."
    if not any(each.verb == "capture_token" for each in steps):
        yield "No token was marked, so that nothing is captured: record once more, or add `capture_token` by hand."
    if any(each.startswith("http://") and not is_loopback(each) for each in origins):
        yield "A page came over the network in the clear (http://): no flow may go there; see whether https:// works."
    if not all(map(is_loopback, filter(None, map(origin_in, origins)))):
        yield (
            "Read the site's terms, then say so in `policy`: terms_of_service, reviewed and review_expires, in the "
            "place of the note."
        )


def note_on_left_out(done: Sequence[Event], used: Sequence[Event]) -> Iterator[str]:
    """That presses are among what was `done` and not `used`: all of those came after the token."""
    presses = sum(each.what in PRESSES for each in done) - sum(each.what in PRESSES for each in used)
    if presses == 1:
        yield "1 press after the token was left out."
    elif presses:
        yield f"{presses} presses after the token were left out."


def note_on_words(steps: Sequence[DraftStep]) -> Iterator[str]:
    """Which texts of the page stand in `steps`, of those that are not mere words of controls."""
    texts = (text for step in steps for text in _texts_of(step))
    found = [text for text in dict.fromkeys(texts) if not names_nobody(text)]
    if not found:
        return
    told = ", ".join(f"“{text}”" for text in found[:_MAX_TOLD])
    more = f" and {len(found) - _MAX_TOLD} more" if len(found) > _MAX_TOLD else ""
    yield f"These words of the page stand in the flow; look whether they tell of you: {told}{more}"


def _texts_of(step: DraftStep) -> Iterator[str]:
    for selector in (step.options.get("selector"), step.options.get("until"), step.when):
        yield from _texts_in(selector)
    yield from _ABOUT.findall(str(step.options.get("reason", "")))


def _texts_in(selector: Any) -> Iterator[str]:
    """The words of the page in `selector`: not what finds by place, nor the hashes of fingerprints."""
    match selector:
        case str():
            for quoted, bare in _SPELLED.findall(selector):
                yield re.sub(r"\\(.)", r"\1", quoted) or bare
        case list():
            for each in selector:
                yield from _texts_in(each)
        case Mapping():
            yield from _texts_in(selector.get("any"))
            yield from (str(text) for key, text in selector.items() if key in _TEXTS)
