"""age files: for whom they are, and with what they open (https://age-encryption.org/v1)."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pyrage
from pyrage import ssh, x25519

from tokenbroker.errors import SettingsError, UsageError
from tokenbroker.evidence.bundle.failure import BundleError, Fault, refusal

Recipient: TypeAlias = x25519.Recipient | ssh.Recipient
Identity: TypeAlias = x25519.Identity | ssh.Identity

_IDENTITY_FILE_MAX_BYTES = 64 * 1024
_NO_MATCH = "No matching keys found"  # pyrage has one class for all that can go wrong


def parse_recipient(text: str) -> Recipient:
    """The public key that `text` is: ``age1…`` or ``ssh-ed25519 AAAA… [comment]``.

    Raises:
        SettingsError: `audit.bad_recipient`.
    """
    found: Recipient | None = None
    with suppress(pyrage.RecipientError):  # said below
        kind = ssh if text.startswith("ssh-ed25519 ") else x25519
        found = kind.Recipient.from_str(text)
    if found is None:
        raise SettingsError(
            f"the recipient '{text[:20]}…' of [audit] is no public key that bundles can be sealed for",
            next_step="give what age-keygen printed after 'Public key:' (age1…), or an ssh-ed25519 public key",
            code="audit.bad_recipient",
        )
    return found


def read_identities(file: Path) -> list[Identity]:
    """The private keys in `file`: one that age-keygen wrote, or an OpenSSH Ed25519 key without a passphrase.

    Raises:
        UsageError: `audit.bad_identity`.
    """
    data, reason = b"", ""
    try:
        with file.open("rb") as opened:
            data = opened.read(_IDENTITY_FILE_MAX_BYTES)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise UsageError(f"the key file {file} can't be read: {reason}", code="audit.bad_identity")
    identities = _identities(data)
    if not identities:
        raise UsageError(
            f"{file} holds no key that is understood here",
            next_step="give the file that age-keygen wrote, or an ssh-ed25519 private key without a passphrase;"
            " for any other use age itself: age -d -i KEYFILE BUNDLE",
            code="audit.bad_identity",
        )
    return identities


def encrypt(data: bytes, recipients: Sequence[Recipient]) -> bytes:
    """`data`, for `recipients` only."""
    sealed: bytes = pyrage.encrypt(data, list(recipients))
    return sealed


def decrypt(sealed: bytes, identities: Sequence[Identity]) -> bytes:
    """What was sealed.

    Raises:
        BundleError: `audit.no_identity`, none of `identities` opens it; `bundle.unreadable`, it is damaged or
            no age file.
    """
    opened: bytes | None = None
    said = ""
    try:
        opened = pyrage.decrypt(sealed, list(identities))
    except pyrage.DecryptError as error:
        said = str(error)
    if opened is not None:
        return opened
    if said == _NO_MATCH:
        raise BundleError(
            "none of the keys that are here opens this bundle; it was sealed for others",
            next_step="give the private key of one of its recipients: --identity KEYFILE",
            code="audit.no_identity",
        )
    raise refusal(Fault.UNREADABLE, "this is no age file, or a damaged one")


def _identities(data: bytes) -> list[Identity]:
    try:
        if data.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----"):  # pragma: allowlist secret
            return [ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode("ascii", "replace").splitlines()]
        return [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:  # its message may quote the key
        return []
