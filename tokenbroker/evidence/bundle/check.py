"""Whether a bundle is the one that was sealed, by whom, and of which run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenbroker.evidence.bundle.age import Identity, decrypt
from tokenbroker.evidence.bundle.archive import read_bounded, unpack
from tokenbroker.evidence.bundle.failure import BundleError, Fault, Finding
from tokenbroker.evidence.bundle.manifest import MANIFEST, MANIFEST_SIGNATURE, compare
from tokenbroker.evidence.bundle.place import run_of, signature_of
from tokenbroker.evidence.bundle.signers import NAMESPACE
from tokenbroker.evidence.bundle.sshsig import PublicKey, Signature, parse
from tokenbroker.evidence.run_folder import RECORD

_SIGNATURE_MAX_BYTES = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        findings: all that is wrong; empty for a good bundle.
        signer: who signed it, or None where there is no readable signature.
        files: what is in it, by name; None where no key that was given opens it.
        closed: why it could not be opened, or "".
    """

    findings: tuple[Finding, ...]
    signer: PublicKey | None
    files: Mapping[str, bytes] | None
    closed: str = ""


def check(
    bundle: Path,
    *,
    trusted: Sequence[PublicKey] | None,
    identities: Sequence[Identity],
    recorded_sha256: str | None = None,
) -> Verdict:
    """Check `bundle` and the signature beside it, and what is in it if one of `identities` opens it.

    `trusted` are the keys whose signature is accepted; None accepts any (the caller says that nobody vouches for
    it). `recorded_sha256` is what the audit log says of the bundle, if it is known.

    Raises:
        OSError: the bundle can't be read.
        BundleError: `bundle.too_large`.
    """
    data = read_bounded(bundle)
    findings: list[Finding] = []
    signer = _check_outer(bundle, data, trusted, findings)
    if recorded_sha256 is not None and hashlib.sha256(data).hexdigest() != recorded_sha256:
        findings.append(_found(Fault.NOT_RECORDED, "it is not the file that the audit log says was sealed"))
    files, closed = None, ""
    try:
        files = unpack(decrypt(data, identities))
    except BundleError as error:
        if error.code in set(Fault):
            findings.append(_found(Fault(error.code), error.sentence))
        closed = error.sentence
    if files is not None:
        findings += _check_inner(files, signer, run_of(bundle))
    return Verdict(findings=tuple(findings), signer=signer, files=files, closed=closed)


def _check_outer(
    bundle: Path, data: bytes, trusted: Sequence[PublicKey] | None, findings: list[Finding]
) -> PublicKey | None:
    place = signature_of(bundle)
    try:
        with place.open("rb") as file:
            armored = file.read(_SIGNATURE_MAX_BYTES)
    except FileNotFoundError:
        findings.append(_found(Fault.SIGNATURE_MISSING, f"{place.name} is not there"))
        return None
    signature = _parsed(armored, place.name, findings)
    if signature is None:
        return None
    if trusted is not None and signature.key not in trusted:
        findings.append(
            _found(Fault.OTHER_SIGNER, f"{signature.key.fingerprint} signed it, which is not a key you trust")
        )
    if not signature.fits(data, namespace=NAMESPACE):
        findings.append(_found(Fault.CHANGED, "it, or its signature, was changed after it was sealed"))
    return signature.key


def _check_inner(files: Mapping[str, bytes], signer: PublicKey | None, run: str) -> list[Finding]:
    findings = compare(files)
    armored = files.get(MANIFEST_SIGNATURE)
    if armored is None:
        findings.append(_found(Fault.SIGNATURE_MISSING, f"{MANIFEST_SIGNATURE} is not in it"))
    else:
        signature = _parsed(armored, MANIFEST_SIGNATURE, findings)
        if signature is not None:
            if signer is not None and signature.key != signer:
                findings.append(
                    _found(Fault.OTHER_SIGNER, f"{MANIFEST} and the bundle have different signers")
                )
            if not signature.fits(files.get(MANIFEST, b""), namespace=NAMESPACE):
                findings.append(
                    _found(Fault.SIGNATURE_INVALID, f"{MANIFEST_SIGNATURE} is not that of {MANIFEST}")
                )
    inside = _run_inside(files)
    if run and inside != run:
        findings.append(_found(Fault.OTHER_RUN, f"its name says {run}, and it holds the run {inside or '?'}"))
    return findings


def _parsed(armored: bytes, name: str, findings: list[Finding]) -> Signature | None:
    try:
        return parse(armored.decode("ascii", "replace"), namespace=NAMESPACE)
    except ValueError as error:
        findings.append(_found(Fault.SIGNATURE_INVALID, f"{name}: {error}"))
    return None


def _run_inside(files: Mapping[str, bytes]) -> str:
    try:
        return str(json.loads(files.get(RECORD, b""))["run"])
    except (ValueError, KeyError, TypeError, RecursionError):  # the last: thousands of brackets
        return ""


def _found(code: Fault, sentence: str) -> Finding:
    return Finding(code=code, sentence=sentence)
