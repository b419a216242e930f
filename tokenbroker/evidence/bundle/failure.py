"""What can be wrong with a bundle: the closed set of findings, and the error for one that can't be used."""

from dataclasses import dataclass
from enum import StrEnum

from tokenbroker.errors import BrokerError

_SENTENCE_MAX_CHARACTERS = 400


def printable(text: str) -> str:
    """`text` as a terminal may be shown it: what could steer the terminal is replaced.

    Names and ids come out of a bundle that anybody may have made.
    """
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


class Fault(StrEnum):
    """What a check of a bundle can find."""

    CHANGED = "bundle.changed"
    FILE_ADDED = "bundle.file_added"
    FILE_MISSING = "bundle.file_missing"
    SIGNATURE_MISSING = "bundle.signature_missing"
    SIGNATURE_INVALID = "bundle.signature_invalid"
    OTHER_SIGNER = "bundle.other_signer"
    OTHER_RUN = "bundle.other_run"
    NOT_RECORDED = "bundle.not_recorded"
    UNSAFE = "bundle.unsafe"
    UNREADABLE = "bundle.unreadable"
    TOO_LARGE = "bundle.too_large"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong: its code, and a sentence for a person, in characters that are safe to print."""

    code: Fault
    sentence: str

    def __post_init__(self) -> None:
        shown = printable(self.sentence[:_SENTENCE_MAX_CHARACTERS])
        object.__setattr__(self, "sentence", shown + "…" * (len(self.sentence) > len(shown)))

    def __str__(self) -> str:
        return f"{self.code.value}: {self.sentence}"


class BundleError(BrokerError):
    """A bundle can't be sealed or opened; the code is one of :class:`Fault`, or begins with ``audit.``."""

    code = "bundle.unreadable"


def refusal(fault: Fault, sentence: str, *, next_step: str = "") -> BundleError:
    """The error for `fault`."""
    return BundleError(sentence, next_step=next_step, code=fault.value)
