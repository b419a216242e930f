"""What a lint rule is, and what it finds (LINT-1)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from tokenbroker.flow.comments import Comment, comments_in
from tokenbroker.flow.document import Document, NodePath
from tokenbroker.flow.model import Flow, Step, StepType
from tokenbroker.settings import origin_of


class Severity(StrEnum):
    """What a finding means: a note is told and changes no exit code."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One place that a rule has something against.

    Attributes:
        path: the node; its key where `is_key`.
        comment: what it is about where that is a comment, which has no node.
        message: holds nothing of a value, for a value may be a secret.
        is_secret: what stands there is not to be shown: its line is told with the value covered.
        related: other nodes that the reader has to know of, each with what it is.
    """

    path: NodePath = ()
    comment: Comment | None = None
    message: str
    is_key: bool = False
    is_secret: bool = False
    related: tuple[tuple[NodePath, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A flow that the loader has accepted, and its text."""

    flow: Flow
    document: Document
    steps: Mapping[str, StepType]

    def at(self, step: Step, option: str) -> NodePath:
        """The node of an option of `step`; the verb's own value where that stands for the option."""
        verb: NodePath = ("steps", step.number - 1, step.verb)
        full = (*verb, option)
        return full if full in self.document.values else verb

    @cached_property
    def origins(self) -> frozenset[str]:
        """The declared origins; where there are none, those of the `navigate` steps count."""
        said = self.flow.origins or [
            step.options["url"] for step in self.flow.steps if step.verb == "navigate"
        ]
        return frozenset(found for url in said if (found := origin_in(str(url))) is not None)

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments of the file, in order."""
        return tuple(comments_in(self.document))

    def scalars(self) -> Iterator[tuple[NodePath, str]]:
        """Each text of the flow with its node."""
        yield from scalars_in(self.document)


def scalars_in(document: Document) -> Iterator[tuple[NodePath, str]]:
    """Each text of `document` with its node."""
    yield from _scalars((), document.data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One mistake that people make, and how it is told.

    Attributes:
        id: stable; never used for another rule.
        summary: the rule in one line.
        why: what goes wrong.
        fix: what to do.
        bad: a flow in which it finds one thing, at the place that its comment ``# here`` marks.
        good: the same, mended.
        is_critical: it can't be suppressed.
    """

    id: str
    name: str
    severity: Severity
    summary: str
    why: str
    fix: str
    bad: str
    good: str
    check: Callable[[Subject], Iterator[Hit]]
    check_text: Callable[[Document], Iterator[Hit]] | None = None
    """What it finds in a text that is no flow yet; None where it needs a flow."""
    is_critical: bool = False


def origin_in(url: str) -> str | None:
    """The origin of `url`; None where it has none, or one that only a run knows."""
    if "*" in url.partition("://")[2].partition("/")[0]:
        return None
    try:
        return origin_of(url.partition("*")[0])
    except ValueError:
        return None


def words_of(step: Step) -> str:
    """All that the flow says of the element of `step`, in lower case: the selector, or the values of a set."""
    return words_in(step.options.get("selector", ""))


def words_in(selector: Any) -> str:
    """All that a selector, or a set of them, says in lower case."""
    return " ".join(text for _, text in _scalars((), selector)).lower()


def _scalars(path: NodePath, data: Any) -> Iterator[tuple[NodePath, str]]:
    if isinstance(data, str):
        yield path, data
        return
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from _scalars((*path, key), value)
