"""How Bitwarden's clients encrypt, done once more for the server of the tests: it has to speak their language.

bitwarden/sdk-internal: ``crates/bitwarden-crypto/src/enc_string/symmetric.rs`` (type 2),
``crates/bitwarden-crypto/src/keys/shareable_key.rs``, ``crates/bitwarden-core/src/auth/access_token.rs``.
"""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand


@dataclass(frozen=True, kw_only=True)
class EncryptionKey:
    """64 bytes: half of them encrypt (AES-256-CBC), half of them authenticate (HMAC-SHA256)."""

    raw: bytes

    def sealed(self, text: str) -> str:
        """``2.IV|CIPHERTEXT|MAC``."""
        iv, padder = os.urandom(16), padding.PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES(self.raw[:32]), modes.CBC(iv)).encryptor()
        padded = padder.update(text.encode()) + padder.finalize()
        data = encryptor.update(padded) + encryptor.finalize()
        return "2." + "|".join(_b64(part) for part in (iv, data, self._mac(iv + data)))

    def opened(self, sealed: str) -> str:
        iv, data, mac = (base64.b64decode(part) for part in sealed.removeprefix("2.").split("|"))
        assert hmac.compare_digest(mac, self._mac(iv + data))
        decryptor = Cipher(algorithms.AES(self.raw[:32]), modes.CBC(iv)).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        return (unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()).decode()

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self.raw[32:], data, "sha256")


def shared_key(secret: bytes) -> EncryptionKey:
    """The key that an access token's 16 bytes stand for."""
    seed = hmac.digest(b"bitwarden-accesstoken", secret, hashlib.sha256)
    return EncryptionKey(raw=HKDFExpand(hashes.SHA256(), 64, b"sm-access-token").derive(seed))


def bearer(organization: str, *, ttl_s: int = 3600) -> str:
    """A JWT as the client reads it; nobody checks its signature but the server, which knows its own."""
    claims = {
        "sub": os.urandom(8).hex(),
        "organization": organization,
        "scope": ["api.secrets"],
        "exp": int((datetime.now(UTC) + timedelta(seconds=ttl_s)).timestamp()),
    }
    parts = (json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode(), os.urandom(8))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def write_certificates(folder: Path) -> tuple[Path, Path]:
    """The files of an authority, and of a server's certificate that it has signed, with its key."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tokenbroker tests authority")])
    hosts = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    authority = (
        _builder(name, name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        _builder(x509.Name([]), name, key)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    trusted, server = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    server.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + _private(key))
    return trusted, server


def write_authority_that_serves(file: Path) -> None:
    """A certificate that is an authority's and the server's own at once, with its key: the SDK refuses it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tokenbroker tests")])
    made = (
        _builder(name, name, key)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + _private(key))


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
