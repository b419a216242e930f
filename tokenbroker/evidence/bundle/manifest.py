"""``SHA256SUMS``: the digest of every file of a bundle, as ``sha256sum -c`` reads it."""

import hashlib
import re
from collections.abc import Mapping

from tokenbroker.evidence.bundle.failure import Fault, Finding

MANIFEST = "SHA256SUMS"
MANIFEST_SIGNATURE = "SHA256SUMS.sig"

_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def manifest_of(files: Mapping[str, bytes]) -> str:
    """One line a file, sorted by name."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))


def compare(files: Mapping[str, bytes]) -> list[Finding]:
    """How `files` differ from the manifest that is among them; its signature is not looked at here."""
    text = files.get(MANIFEST)
    if text is None:
        return [Finding(code=Fault.FILE_MISSING, sentence=f"it has no {MANIFEST}")]
    listed = _parsed(text)
    if listed is None:
        return [Finding(code=Fault.CHANGED, sentence=f"{MANIFEST} is not one")]
    found = {name: data for name, data in files.items() if name not in (MANIFEST, MANIFEST_SIGNATURE)}
    findings = [
        Finding(code=Fault.FILE_MISSING, sentence=f"{name} was taken out")
        for name in sorted(listed.keys() - found.keys())
    ]
    findings += [
        Finding(code=Fault.FILE_ADDED, sentence=f"{name} was put in")
        for name in sorted(found.keys() - listed.keys())
    ]
    return findings + [
        Finding(code=Fault.CHANGED, sentence=f"{name} is not the file that was sealed")
        for name in sorted(found.keys() & listed.keys())
        if hashlib.sha256(found[name]).hexdigest() != listed[name]
    ]


def _parsed(text: bytes) -> dict[str, str] | None:
    """Digests by name, or None if this is not the one spelling that :func:`manifest_of` writes."""
    lines = text.decode("ascii", "replace").split("\n")
    matches = [_LINE.fullmatch(line) for line in lines[:-1]]
    pairs = [(match[2], match[1]) for match in matches if match]
    if len(pairs) != len(matches) or lines[-1] or [*dict(pairs)] != sorted(name for name, _ in pairs):
        return None
    return dict(pairs)
