"""What a search for a target answers."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Frame, Locator

from tokenbroker.flow.mend import Mend
from tokenbroker.flow.selector import Fingerprint, SelectorSet
from tokenbroker.run.targets.engine import Candidate


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetReport:
    """How a selector set was resolved; value-free.

    Attributes:
        families: those of the set, in its order.
        won: the first one that led to the element.
        agreed: all that led to it.
        failed: all that did not.
        fingerprint: of the element as it was found.
        differs: what of the flow's fingerprint is no longer so.
        in_other_frame: it was not in the frame that the step names.
        mend: what would mend the set, of a step that may be mended; it may hold names of controls.
    """

    families: tuple[str, ...]
    won: str
    agreed: tuple[str, ...]
    failed: tuple[str, ...]
    fingerprint: Fingerprint | None = None
    differs: tuple[str, ...] = ()
    in_other_frame: bool = False
    mend: Mend | None = None

    @classmethod
    def of_nothing(cls, selector: SelectorSet) -> "TargetReport":
        """Of a search that has accepted nothing."""
        families = tuple(each.family.value for each in selector.alternatives)
        return cls(families=families, won="", agreed=(), failed=families)

    @property
    def is_healed(self) -> bool:
        """Whether the element was found although an alternative failed, or it stood in another frame."""
        return bool(self.won) and (bool(self.failed) or self.in_other_frame)

    @property
    def has_patch(self) -> bool:
        """Whether something would mend the set."""
        return self.mend is not None and bool(self.mend.changes)

    @property
    def told(self) -> str:
        """How it was healed, in words for a person; "" where nothing was."""
        if not self.is_healed:
            return ""
        failed = f"{_all(self.failed)} failed; {_all(self.agreed)} led to it" if self.failed else ""
        moved = "it is in another frame now" if self.in_other_frame else ""
        return f"healed: {'; '.join(filter(None, (failed, moved)))}"

    def as_record(self) -> dict[str, Any]:
        """For the evidence."""
        return {
            "won": self.won,
            "agreed": list(self.agreed),
            "failed": list(self.failed),
            "healed": self.is_healed,
            "in_other_frame": self.in_other_frame,
            "differs": list(self.differs),
            "fingerprint": self.fingerprint.as_options() if self.fingerprint else None,
            "mend": self.mend.as_record() if self.mend else None,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The one element that a selector means."""

    element: Locator
    """For reading."""
    target: Locator
    """For acting: from its use on, the element counts as the one acted on last."""
    undo: Locator
    """Counts, it takes back that `target` was acted on: for an act that came to nothing."""
    frame: Frame
    report: TargetReport | None = None
    """How a set came to it; None for a single selector."""

    @classmethod
    def of(cls, candidate: Candidate) -> "Found":
        """The very element of `candidate`."""
        return cls(
            element=candidate.element, target=candidate.target, undo=candidate.undo, frame=candidate.frame
        )


def _all(families: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(families[:-1]), families[-1])))
