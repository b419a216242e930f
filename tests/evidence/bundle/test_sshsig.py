"""Signatures: what `ssh-keygen` makes of ours, and what we make of changed ones."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tokenbroker.evidence.bundle.signers import NAMESPACE, PRINCIPAL, allowed_signers_line
from tokenbroker.evidence.bundle.sshsig import parse, parse_key, public_key, sign

pytestmark = pytest.mark.req("AUDIT-2")

KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()
MESSAGE = b"demo-only message"
SIGNED = sign(KEY, MESSAGE, namespace=NAMESPACE)
needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not here")


def ssh_accepts(
    folder: Path,
    armored: str,
    message: bytes = MESSAGE,
    *,
    trusted: Ed25519PrivateKey = KEY,
    namespace: str = NAMESPACE,
) -> bool:
    (folder / "signature").write_text(armored)
    (folder / "allowed").write_text(allowed_signers_line(public_key(trusted)) + "\n")
    command = [
        "ssh-keygen",
        "-Y",
        "verify",
        "-f",
        "allowed",
        "-I",
        PRINCIPAL,
        "-n",
        namespace,
        "-s",
        "signature",
    ]
    done = subprocess.run(command, cwd=folder, input=message, capture_output=True, timeout=30, check=False)
    return done.returncode == 0


@needs_ssh_keygen
def test_ssh_keygen_accepts_what_we_sign(tmp_path: Path) -> None:
    assert ssh_accepts(tmp_path, SIGNED)


@needs_ssh_keygen
def test_ssh_keygen_refuses_another_message_signer_or_namespace(tmp_path: Path) -> None:
    assert not ssh_accepts(tmp_path, SIGNED, MESSAGE + b".")
    assert not ssh_accepts(tmp_path, SIGNED, trusted=OTHER)
    assert not ssh_accepts(tmp_path, sign(KEY, MESSAGE, namespace="file"))
    assert not ssh_accepts(tmp_path, SIGNED, namespace="file")


@needs_ssh_keygen
def test_we_accept_what_ssh_keygen_signs(tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True, timeout=30
    )
    (tmp_path / "message").write_bytes(MESSAGE)
    command = [
        "ssh-keygen",
        "-q",
        "-Y",
        "sign",
        "-f",
        tmp_path / "key",
        "-n",
        NAMESPACE,
        tmp_path / "message",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    signature = parse((tmp_path / "message.sig").read_text(), namespace=NAMESPACE)
    assert signature.fits(MESSAGE, namespace=NAMESPACE)
    assert signature.key == parse_key((tmp_path / "key.pub").read_text().split()[1])
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], check=True, capture_output=True, timeout=30
    )
    assert signature.key.fingerprint in shown.stdout.decode()


def test_a_signature_fits_its_message_key_and_namespace_only() -> None:
    signature = parse(SIGNED, namespace=NAMESPACE)
    assert signature.key == public_key(KEY)
    assert signature.fits(MESSAGE, namespace=NAMESPACE)
    assert not signature.fits(MESSAGE + b".", namespace=NAMESPACE)
    assert not signature.fits(MESSAGE, namespace="file")
    with pytest.raises(ValueError, match="namespace"):
        parse(SIGNED, namespace="file")


def test_one_message_has_one_signature() -> None:
    assert sign(KEY, MESSAGE, namespace=NAMESPACE) == SIGNED


@given(position=st.integers(0, len(SIGNED) - 1), other=st.integers(1, 127))
def test_a_changed_character_anywhere_in_a_signature_is_refused(position: int, other: int) -> None:
    changed = SIGNED[:position] + chr(ord(SIGNED[position]) ^ other) + SIGNED[position + 1 :]
    try:
        signature = parse(changed, namespace=NAMESPACE)
    except ValueError:
        return
    assert signature.key != public_key(KEY) or not signature.fits(MESSAGE, namespace=NAMESPACE)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: " " + text,
        lambda text: text.replace("SSH SIGNATURE", "PGP SIGNATURE"),
    ],
)
def test_another_spelling_of_a_signature_is_refused(change) -> None:
    with pytest.raises(ValueError):
        parse(change(SIGNED), namespace=NAMESPACE)


@given(st.binary(max_size=200))
def test_what_is_no_signature_is_refused_in_our_words(blob: bytes) -> None:
    text = base64.b64encode(b"SSHSIG" + blob).decode()
    with pytest.raises(ValueError):
        parse(f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n", namespace=NAMESPACE)
    with pytest.raises(ValueError):
        parse_key(text)
