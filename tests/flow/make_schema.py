"""Writes the published schema anew from the table of step types: ``python -m tests.flow.make_schema``.

It stands here because `tokenbroker.flow` may not know the steps of `tokenbroker.run`.
"""

import json
from importlib import resources
from pathlib import Path

from tokenbroker.flow.schema import build_schema
from tokenbroker.run.steps import STEPS

COMMAND = "python -m tests.flow.make_schema"


def schema_text() -> str:
    """What ``v1.json`` has to hold."""
    return json.dumps(build_schema(STEPS), indent=2) + "\n"


if __name__ == "__main__":
    target = Path(str(resources.files("tokenbroker.flow.schema"))) / "v1.json"
    target.write_text(schema_text(), encoding="utf-8")
    print(f"written: {target}")
