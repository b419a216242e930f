"""What a person is told of a key that a run may have made and did not bring home: a fact, and what to do."""

_LOST = " may have been created at "
_TO_DO = "; "


def sentence_of_lost(which: str, *, site: str, captured: str, revoke: str) -> str:
    """Of a key that may be at `site`, and how far it was `captured`; `revoke` is a flow, or where to revoke it."""
    is_flow = "/" in revoke and "://" not in revoke
    way = f"the flow {revoke} revokes it" if is_flow else f"look at {revoke} and revoke it there"
    return f"{which}{_LOST}{site} and {captured}{_TO_DO}{way} (`tokenbroker recover` lists it)"


def sentence_of_read(which: str) -> str:
    """Of a key that was read and has not come to its sink."""
    return f"{which} was read and may be safe in the spool{_TO_DO}`tokenbroker recover` finishes it"


def fact_of(sentence: str) -> str:
    """The same without what to do: for one that says something better."""
    return sentence.rpartition(_TO_DO)[0] or sentence


def is_of_lost(sentence: str) -> bool:
    """Whether it is of a key that may be at its site, and that nobody holds."""
    return _LOST in sentence
