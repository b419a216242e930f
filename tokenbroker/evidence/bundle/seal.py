"""A run's folder becomes its bundle: whole and signed, or not there at all."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokenbroker.evidence.bundle.age import Recipient, encrypt
from tokenbroker.evidence.bundle.archive import pack, read_folder
from tokenbroker.evidence.bundle.contents import DERIVED
from tokenbroker.evidence.bundle.failure import BundleError
from tokenbroker.evidence.bundle.manifest import MANIFEST, MANIFEST_SIGNATURE, manifest_of
from tokenbroker.evidence.bundle.place import bundle_of, signature_of
from tokenbroker.evidence.bundle.signers import NAMESPACE
from tokenbroker.evidence.bundle.sshsig import sign


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A bundle on the disk, and the digests that the audit log remembers: its own, and :func:`evidence_sha256`."""

    path: Path
    sha256: str
    evidence_sha256: str


def evidence_sha256(folder: Path) -> str:
    """The digest of what a run left in `folder`: of the manifest of its files, without those that follow from them.

    Raises:
        BundleError: `bundle.unsafe` or `bundle.too_large`.
        OSError: a file can't be read.
    """
    return _evidence_sha256(_files_in(folder))


def seal(
    folder: Path,
    *,
    recipients: Sequence[Recipient],
    signing: Ed25519PrivateKey,
    at: datetime,
    recorded_sha256: str | None = None,
) -> Sealed:
    """Seal what lies in `folder` into ``FOLDER.bundle.age`` beside it, with ``FOLDER.bundle.age.sig``.

    Durable when this returns. A process that is killed here leaves the former bundle or none, never half a one;
    equal folders of one moment `at` give equal archives (the encryption around them is new each time).
    `recorded_sha256` is what :func:`evidence_sha256` must be, if it is known.

    Raises:
        BundleError: `audit.changed`; the folder is not the one that was recorded.
        BundleError: `bundle.unsafe` or `bundle.too_large`; something in the folder can't be sealed.
        OSError: the disk refuses.
    """
    files = _files_in(folder)
    evidence = _evidence_sha256(files)
    if recorded_sha256 is not None and evidence != recorded_sha256:
        raise changed(folder)
    manifest = manifest_of(files).encode()
    files[MANIFEST] = manifest
    files[MANIFEST_SIGNATURE] = sign(signing, manifest, namespace=NAMESPACE).encode()
    data = encrypt(pack(files, at=at), recipients)
    bundle = bundle_of(folder)
    # The signature first: a bundle that is there can then be checked. After a kill in between, a bundle that was
    # there before no longer fits its signature, which says that it must be sealed again.
    _write_durably(
        {
            signature_of(bundle): sign(signing, data, namespace=NAMESPACE).encode(),
            bundle: data,
        }
    )
    return Sealed(path=bundle, sha256=hashlib.sha256(data).hexdigest(), evidence_sha256=evidence)


def changed(folder: Path) -> BundleError:
    """The error for a `folder` that is not the one that was recorded."""
    return BundleError(
        f"the files in {folder} are not those that the run left: they were changed after its end",
        next_step="take the folder from a backup; a bundle that was sealed before still holds what the run left",
        code="audit.changed",
    )


def _files_in(folder: Path) -> dict[str, bytes]:
    files = read_folder(folder)
    return {name: data for name, data in files.items() if name not in (MANIFEST, MANIFEST_SIGNATURE)}


def _evidence_sha256(files: Mapping[str, bytes]) -> str:
    left = {name: data for name, data in files.items() if name not in DERIVED}
    return hashlib.sha256(manifest_of(left).encode()).hexdigest()


def _write_durably(files: dict[Path, bytes]) -> None:
    """Each file whole under its name, in this order: written beside it, flushed to the disk, then renamed."""
    drafts = {path: path.with_name(f".{path.name}.part") for path in files}
    try:
        for path, data in files.items():
            descriptor = os.open(drafts[path], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for path, draft in drafts.items():
            draft.rename(path)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise
    folder = os.open(next(iter(files)).parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
