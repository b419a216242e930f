"""Writes what the sittings become; read the difference before you keep it: ``python -m tests.record.compose.make_snapshots``."""

from pathlib import Path

from tests.record.compose.sittings import CONSOLES
from tokenbroker.record.compose import compose
from tokenbroker.record.draft import Draft
from tokenbroker.record.emit.yaml import emit_yaml

FOLDER = Path(__file__).parent / "snapshots"


def draft_of(name: str) -> Draft:
    """The draft of the sitting `name`."""
    return compose(CONSOLES[name]().recording(), site="examplecloud", flow=name, sink="bitwarden")


if __name__ == "__main__":
    for each in CONSOLES:
        (FOLDER / f"{each}.yaml").write_text(emit_yaml(draft_of(each)), encoding="utf-8")
