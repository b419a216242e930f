"""The nouns of a flow: frozen, and complete with the line and column that each came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from tokenbroker.flow.selector import Selector, selector_of

Option = Any
"""A YAML value of a step's option after its schema has accepted it: str, number, bool, list or mapping."""


class Mode(StrEnum):
    """How a run drives the page: a person does the acts, or the script does them."""

    GUIDED = "guided"
    SEMI_AUTO = "semi_auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place in a flow's text; lines and columns count from 1, columns in characters."""

    line: int
    column: int
    end_line: int


class StepType(Protocol):
    """What `flow` must know of a verb: its options' schema and what it needs; not how it acts."""

    @property
    def verb(self) -> str:
        """Its name in a flow."""

    @property
    def options(self) -> Mapping[str, Any]:
        """JSON Schema (2020-12) of the mapping below the verb."""

    @property
    def shorthand(self) -> str | None:
        """The option that a bare string stands for (`navigate: URL`), or None."""

    @property
    def requires(self) -> frozenset[str]:
        """Out of "human", "sink" and "token": one that an earlier step has captured."""

    @property
    def idempotent(self) -> bool:
        """Whether doing it twice is the same as doing it once."""

    @property
    def looks(self) -> bool:
        """Whether it only looks at the page."""


StepTypes = Mapping[str, StepType]
"""The table of step types, by verb."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One entry of `steps`."""

    number: int
    """Counts from 1."""
    verb: str
    options: Mapping[str, Option]
    position: Position
    option_positions: Mapping[str, Position]
    id: str | None
    name: str | None
    timeout_s: float | None
    when: Selector | None
    unless: Selector | None
    """What is visible in place of `when` where the step is to be left out."""
    retry: int | Mapping[str, Option] | None
    """How often it may be done again: a number, or `times` with an `expect` that proves that it was not done."""

    @property
    def selector(self) -> Selector | None:
        """What the step works on; None where it has no selector."""
        return self.selector_at("selector")

    def selector_at(self, option: str) -> Selector | None:
        """The selector that the option of that name holds; None where it is not given."""
        return selector_of(self.options[option]) if option in self.options else None

    @property
    def title(self) -> str:
        """The step in a few words that all stand in the YAML: its name, or its verb and target."""
        if self.name:
            return self.name
        target = self.selector or self.options.get("url") or self.options.get("reason")
        target = target or self.options.get("key") or ""
        return f"{self.verb} {target}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Param:
    """A value that differs from run to run, given with ``--param NAME=VALUE``."""

    name: str
    default: str | None
    pattern: str | None
    required: bool
    personal: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedOutcome:
    """The outcome that makes this flow's test pass, other than success."""

    status: str
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowPolicy:
    """What the flow's owner has laid down for its runs.

    Attributes:
        terms_of_service: the address of the site's terms.
        reviewed: when they were read; None where that is not noted.
        review_expires: the last day on which that review holds.
        note: what the owner wants a reader to know.
        runs_per_day: how many runs may begin between midnight and midnight, UTC.
        approval: whether a person has to approve each run before a browser starts.
        required_scope: the scope of the token with which a run is asked for; "" where any will do.
        max_auth_age: how long ago the person behind that token may have signed in.
        type_for_me: whether a guided run may type a stored value at the person's press.
    """

    terms_of_service: str = ""
    reviewed: date | None = None
    review_expires: date | None = None
    note: str = ""
    runs_per_day: int | None = None
    approval: bool = False
    required_scope: str = ""
    max_auth_age: timedelta | None = None
    type_for_me: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """A flow file, checked against the schema."""

    path: Path
    text: str
    sha256: str
    site: str
    name: str
    modes: tuple[Mode, ...]
    tags: tuple[str, ...]
    params: tuple[Param, ...]
    matrix: Mapping[str, Mapping[str, str]]
    """The cases by name, each with its values of the parameters; empty where the flow has no matrix."""
    origins: tuple[str, ...]
    """Declared origins; empty where the navigate steps say them."""
    expect_outcome: ExpectedOutcome | None
    policy: FlowPolicy | None
    sign_on: str
    """The origin of the identity provider that signs the person in; "" where none is named."""
    steps: tuple[Step, ...]
    case: str = ""
    """Which case of the matrix this is; "" for the whole of it, and where there is none."""

    @property
    def id(self) -> str:
        """`site/name`, or `site/name[case]`: how the store and the audit know this flow."""
        return f"{self.site}/{self.label}"

    @property
    def label(self) -> str:
        """`name`, or `name[case]`: how its site knows this flow, and pytest."""
        return f"{self.name}[{self.case}]" if self.case else self.name

    def references(self, prefix: str) -> tuple[str, ...]:
        """The names that `value_ref`s give after `prefix` (such as ``"env:"``), in order, each once."""
        refs = [str(step.options["value_ref"]) for step in self.steps if "value_ref" in step.options]
        return tuple(dict.fromkeys(ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)))
