"""What can be wrong with a bundle: the closed set of findings, and the error for one that can't be used."""

from dataclasses import dataclass
from enum import StrEnum

from tokenbroker.errors import BrokerError


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
    """One thing that is wrong: its code, and a sentence for a person."""

    code: Fault
    sentence: str

    def __str__(self) -> str:
        return f"{self.code.value}: {self.sentence}"


class BundleError(BrokerError):
    """A bundle can't be sealed or opened; the code is one of :class:`Fault`, or begins with ``audit.``."""

    code = "bundle.unreadable"


def refusal(fault: Fault, sentence: str, *, next_step: str = "") -> BundleError:
    """The error for `fault`."""
    return BundleError(sentence, next_step=next_step, code=fault.value)
