"""The file of allowed signers: as strict as ssh-keygen, and never more lenient."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokenbroker.errors import UsageError
from tokenbroker.evidence.bundle.signers import allowed_signers_line, parse_allowed_signers
from tokenbroker.evidence.bundle.sshsig import public_key

pytestmark = pytest.mark.req("AUDIT-2")

# Not random: they stand in the tests' ids, which must be alike in all workers.
KEY, OTHER = (public_key(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in range(2))


@pytest.mark.parametrize(
    "text",
    [
        allowed_signers_line(KEY),
        f"# of the machine in the cellar\n\n{allowed_signers_line(KEY)}\n",
        f"tokenbroker {KEY.text}",
        f"{KEY.text} a comment with 'quotes",
        f'git,token* namespaces="git,tokenbroker-*" {KEY.text} x',
        f"somebody {OTHER.text}\ntokenbroker {KEY.text}\n",
        f'tokenbroker namespaces="git" {OTHER.text}\ntokenbroker {KEY.text}\n',
        f"tokenbroker ssh-rsa AAAAB3NzaC1yc2E=\ntokenbroker {KEY.text}\n",
    ],
)
def test_the_key_for_bundles_is_found(text: str) -> None:
    assert parse_allowed_signers(text, origin="file") == (KEY,)


def test_several_homes_may_be_trusted() -> None:
    lines = f"{allowed_signers_line(KEY)}\n{allowed_signers_line(OTHER)}\n"
    assert parse_allowed_signers(lines, origin="file") == (KEY, OTHER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tokenbroker",
        f"somebody {KEY.text}",
        f'tokenbroker namespaces="file" {KEY.text}',
        f'tokenbroker valid-before="20200101" {KEY.text}',
        f'tokenbroker namespaces="tokenbroker-bundle",valid-before="20200101" {KEY.text}',
        f"tokenbroker cert-authority {KEY.text}",
        f"tokenbroker {KEY.text[:-8]}",
        "tokenbroker ssh-ed25519 AAAA",
        f"token*,!tokenbroker {KEY.text}",
        f"!tokenbroker,* {KEY.text}",
        f"[t]okenbroker {KEY.text}",
        f'tokenbroker namespaces="!tokenbroker-bundle,*" {KEY.text}',
        f'tokenbroker namespaces="[a-z]okenbroker-bundle" {KEY.text}',
        "ssh-ed25519 not/base64=x",
    ],
)
def test_whatever_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_allowed_signers(text, origin="file")
    assert refused.value.code == "audit.bad_signer"
