"""Folders as runs leave them, and bundles of them, without a browser."""

import base64
import json
from pathlib import Path

from pyrage import x25519

from tests.flow.texts import REFERENCE, flow_from
from tokenbroker.evidence.bundle.archive import pack, unpack
from tokenbroker.evidence.bundle.contents import write_flow
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.place import signature_of
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.evidence.bundle.signers import NAMESPACE
from tokenbroker.evidence.bundle.sshsig import sign

FLOW = flow_from(REFERENCE, "flows/create_api_key.yaml")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NOW = "2026-11-20T12:00:00Z"
VERSIONS = {"tokenbroker": "0", "browser": "chromium 1"}


def a_record(run: str = "run-1", **changes: object) -> dict[str, object]:
    """What ``run.json`` of a good run holds."""
    steps = [
        {
            "number": step.number,
            "verb": step.verb,
            "title": step.title,
            "status": "passed",
            "started_at": NOW,
            "duration_s": 0.1,
            "remark": "",
            "code": None,
            "picture": f"{step.number:02d}-{step.verb}.png",
            "picture_kind": "pixels",
            "picture_note": "",
        }
        for step in FLOW.steps
    ]
    return {
        "tokenbroker": "0",
        "run": run,
        "flow": FLOW.id,
        "flow_file": str(FLOW.path),
        "flow_sha256": FLOW.sha256,
        "mode": "semi_auto",
        "mode_reason": "the only mode that the flow allows",
        "decision": {"code": "policy.rule.allow.automation.permitted", "at": NOW},
        "actor": "dana@example.com",
        "status": "passed",
        "started_at": NOW,
        "timestamps": "second",
        "duration_s": 1.5,
        "origins": {"https://console.example.com": "http://127.0.0.1:8000"},
        "steps": steps,
        "checkpoints": [
            {
                "step": 6,
                "kind": "otp",
                "reason": "Enter 2FA",
                "attempt": 1,
                "outcome": "done",
                "who": "dana@example.com",
                "channel": "terminal",
                "at": NOW,
            }
        ],
        "stored": [{"sink": "bitwarden", "path": "example/key", "version": 2, "fingerprint": "ab" * 8}],
        "blocked_requests": [{"origin": "https://foreign.example", "method": "GET", "count": 3}],
        "possibly_created": [],
        "notes": [],
        "failure": None,
        **changes,
    }


def a_folder(reports: Path, run: str = "run-1", *, flow_text: str = FLOW.text, **changes: object) -> Path:
    """The evidence of `run` below `reports`."""
    folder = reports / run
    (folder / "allure-results").mkdir(parents=True)
    record = a_record(run, **changes)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "allure-results" / "0-result.json").write_text("{}")
    for step in FLOW.steps:
        (folder / f"{step.number:02d}-{step.verb}.png").write_bytes(PNG)
    write_flow(folder, flow_text)
    return folder


def a_bundle(home: HomeBundles, run: str = "run-1", **changes: object) -> Sealed:
    """The bundle of a fresh run."""
    return home.seal(a_folder(home.reports, run, **changes), versions=VERSIONS)


def files_in(bundle: Path, home: HomeBundles) -> dict[str, bytes]:
    """What is in a bundle of `home`."""
    return unpack(x25519_decrypt(bundle.read_bytes(), home))


def x25519_decrypt(data: bytes, home: HomeBundles) -> bytes:
    import pyrage

    return pyrage.decrypt(data, home.identities)


def reseal(bundle: Path, files: dict[str, bytes], home: HomeBundles, *, with_key: object = None) -> None:
    """Put `files` in the place of what is in `bundle`, as one of its readers can; sign it anew if there is a key."""
    from datetime import UTC, datetime

    import pyrage

    tar = pack(files, at=datetime(2026, 11, 20, tzinfo=UTC))
    data = pyrage.encrypt(tar, [identity.to_public() for identity in home.identities])
    bundle.write_bytes(data)
    if with_key is not None:
        signature_of(bundle).write_text(sign(with_key, data, namespace=NAMESPACE))


def a_recipient() -> tuple[str, str]:
    """A fresh key pair: the public and the private half."""
    identity = x25519.Identity.generate()
    return str(identity.to_public()), str(identity)
