"""A run's folder becomes its bundle: whole and signed, or not there at all."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokenbroker.evidence.bundle.age import Recipient, encrypt
from tokenbroker.evidence.bundle.archive import pack, read_folder
from tokenbroker.evidence.bundle.manifest import MANIFEST, MANIFEST_SIGNATURE, manifest_of
from tokenbroker.evidence.bundle.place import bundle_of, signature_of
from tokenbroker.evidence.bundle.signers import NAMESPACE
from tokenbroker.evidence.bundle.sshsig import sign


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A bundle on the disk, and the digest that the audit log remembers."""

    path: Path
    sha256: str
    size_bytes: int


def seal(
    folder: Path, *, recipients: Sequence[Recipient], signing: Ed25519PrivateKey, at: datetime
) -> Sealed:
    """Seal what lies in `folder` into ``FOLDER.bundle.age`` beside it, with ``FOLDER.bundle.age.sig``.

    Durable when this returns. A process that is killed here leaves the former bundle or none, never half a one;
    equal folders of one moment `at` give equal archives (the encryption around them is new each time).

    Raises:
        BundleError: `bundle.unsafe` or `bundle.too_large`; something in the folder can't be sealed.
        OSError: the disk refuses.
    """
    files = read_folder(folder)
    for name in (MANIFEST, MANIFEST_SIGNATURE):
        files.pop(name, None)
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
    return Sealed(path=bundle, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


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
