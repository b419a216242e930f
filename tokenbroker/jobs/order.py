"""What a run's process is told to do. It travels over a pipe: secrets and personal values are in it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tokenbroker.jobs.variables import Withheld

GRACE_S = 5.0
"""How long an interrupted run may take to put its browser away before it is killed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One run of one flow.

    Attributes:
        flow: the absolute path of its file.
        case: which case of its matrix; "" where it has none.
        mode: `guided`, `semi_auto`, or None to leave the choice to the product.
        params: values by name.
        variables: the environment's secrets that the run may need.
        temporary: the folder that the process and its browser use as TMPDIR; `RunProcess` makes and removes it.
    """

    flow: Path
    case: str = ""
    mode: str | None = None
    params: dict[str, str] = field(default_factory=dict, repr=False)
    live: bool = False
    again: bool = False
    variables: Withheld = field(default_factory=Withheld)
    temporary: Path = Path()

    def to_line(self) -> bytes:
        """The order as a line of JSON."""
        return (
            json.dumps(asdict(self) | {"flow": str(self.flow), "temporary": str(self.temporary)}).encode()
            + b"\n"
        )

    @classmethod
    def from_line(cls, line: bytes) -> "Order":
        """The order that `to_line` wrote."""
        told = json.loads(line)
        told |= {"flow": Path(told["flow"]), "temporary": Path(told["temporary"])}
        return cls(**told | {"variables": Withheld(told["variables"])})
