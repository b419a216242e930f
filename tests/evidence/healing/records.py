"""A flow whose sets were healed, and what a run of it leaves: made by hand, to be changed by a test."""

import copy
import json
from pathlib import Path
from typing import Any

from tokenbroker.flow.document import Document, parse_document
from tokenbroker.flow.load import flow_of
from tokenbroker.flow.model import Flow
from tokenbroker.run.steps import STEPS

TEXT = """\
# The flow.
version: 1
site: example
flow: keys
allowed_automation: semi_auto
steps:
  - navigate: "https://console.example.com/"
  - click:
      selector:
        any:
          - { role: button, name: Create }  # words
          - css: "#create"
          - xpath: //form/button
        fingerprint: { role: button, form: "https://console.example.com/a", name: "419d", alike: 1 }
  - type:
      selector: [{ label: Pin }, { css: "#pin" }, { test_id: pin }]
      value_ref: "secrets:pin"
  - expect: [{ text: Done }, { css: "#done" }]
"""
RUN = "20261120T120000-keys-0123abcd"
TARGET: dict[str, Any] = {
    "won": "css",
    "agreed": ["css"],
    "failed": ["role", "xpath"],
    "healed": True,
    "in_other_frame": False,
    "differs": ["name", "form"],
    "fingerprint": {"role": "button", "form": "https://console.example.com/b", "name": "0001", "alike": 1},
    "mend": {
        "by_hand": "",
        "proposals": [
            {"number": 0, "family": "role", "act": "replace", "with": {"role": "button", "name": "Add key"}},
            {"number": 2, "family": "xpath", "act": "drop", "with": None},
        ],
    },
}


def document_of(text: str = TEXT) -> Document:
    return parse_document(text.encode(), Path("flows/keys.yaml"))


def flow_in(text: str = TEXT) -> Flow:
    return flow_of(document_of(text), STEPS)


def record(text: str = TEXT, *, run: str = RUN, **target: Any) -> dict[str, Any]:
    """What a run leaves whose second step was healed; `target` says what of its target is otherwise."""
    flow = flow_in(text)
    steps = [
        {"number": step.number, "verb": step.verb, "status": "passed", "target": None} for step in flow.steps
    ]
    steps[1]["target"] = copy.deepcopy(TARGET) | target
    return {
        "tokenbroker": "0.1.0",
        "run": run,
        "flow": flow.id,
        "flow_sha256": flow.sha256,
        "status": "passed",
        "started_at": "2026-11-20T12:00:00Z",
        "steps": steps,
    }


def leave(reports: Path, said: Any, *, folder: str | None = None) -> Path:
    """Leave `said` as the record of a run below `reports`."""
    path = reports / (folder or said["run"])
    path.mkdir(parents=True, exist_ok=True)
    (path / "run.json").write_text(said if isinstance(said, str) else json.dumps(said))
    return path
