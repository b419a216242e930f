"""What a draft says of itself, and what a person has to look at before it is used."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tokenbroker.record.compose.addresses import origin_in
from tokenbroker.record.compose.seen import PRESSES, title_before
from tokenbroker.record.draft import DraftStep
from tokenbroker.record.recording import Event
from tokenbroker.settings import is_loopback

MAX_STEPS: Final = 500  # as the schema has it
POLICY: Final[dict[str, Any]] = {
    "note": "Made from a recording. Nobody has read the site's terms for it yet."
}


def described(events: Sequence[Event], maker: int | None, origins: Sequence[str], *, captures: bool) -> str:
    """The flow in one sentence, in the words of the page where the key is made."""
    where = origins[0] if origins else "the site"
    if not captures:
        return f"Does what was recorded at {where}, and captures no token yet."
    title = title_before(events, maker) if maker is not None else None
    words = f" (“{title.name}”)" if title is not None else ""
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
