"""A recording without what is private, and the proof that a text made of it holds nothing of that either."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tokenbroker.record.draft import DraftParam
from tokenbroker.record.recording import Recording
from tokenbroker.record.sanitise.events import EventRewriter
from tokenbroker.record.sanitise.finder import Finder
from tokenbroker.record.sanitise.known import known_in
from tokenbroker.record.sanitise.ledger import Ledger, Replacement
from tokenbroker.record.sanitise.naming import Names
from tokenbroker.record.sanitise.rewrite import mended, texts_in
from tokenbroker.record.sanitise.rule import Rule
from tokenbroker.secret import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Sanitised:
    """What may be kept of a recording, and what the person typed, apart from it.

    Attributes:
        recording: with references in the place of what was typed, and nothing private in it; its addresses are those
            of the site.
        replacements: what was replaced or left out, for the person.
        inputs: what was typed, by its reference. Never to be written, but to a sink.
        params: the parameters among the references.
    """

    recording: Recording
    replacements: tuple[Replacement, ...]
    inputs: Mapping[str, Secret] = field(repr=False)
    params: tuple[DraftParam, ...]
    _finder: Finder = field(repr=False)
    _public: frozenset[str]

    def why_not(self, text: str) -> Rule | None:
        """The rule that `text`, a whole file that is to be written, breaks; None where it holds nothing private.

        It holds no replaced value in any common encoding, no e-mail address, no phone number with its country's code,
        and nothing that has the form of a secret. The site's own name and hosts don't count: the flow has to say them.
        """
        found = self._finder.find_in_flow(text, public=self._public)
        return found.rule if found is not None else None


def sanitise(recording: Recording, *, site: str, keep: frozenset[str] = frozenset()) -> Sanitised:
    """`recording` with a reference for each private value, and without whatever else tells of the person.

    Args:
        site: the name of the site, which the references begin with.
        keep: typed texts that the person wants in the flow; kept unless they are private by another rule than that they
            were typed. Marked fields are always parameters.

    It is deterministic, and sanitising its answer again, with the same `site` and `keep`, changes nothing.
    """
    recording = mended(recording)
    known = known_in(recording, keep=keep)
    finder = Finder(known.sought)
    finder.prime(texts_in(recording.events))
    names = Names(site=site, finder=finder, taken={event.ref for event in recording.events})
    origins = recording.origins
    rewriter = EventRewriter(known=known, finder=finder, names=names, ledger=Ledger(), origins=origins)
    events = tuple(rewriter.event(number, event) for number, event in enumerate(recording.events, 1))
    mapped = MappingProxyType({origin: origin for origin in sorted({*origins.values()})})
    return Sanitised(
        recording=replace(recording, events=events, own=(), origins=mapped),
        replacements=rewriter.ledger.told(),
        inputs=names.inputs,
        params=names.params,
        _finder=finder,
        _public=frozenset({site, *rewriter.hosts, *(origin.partition("://")[2] for origin in mapped)}),
    )
