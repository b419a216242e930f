"""Whose signature a bundle must bear: the ``allowed_signers`` file of ``ssh-keygen -Y verify``."""

import re
from fnmatch import fnmatchcase

from tokenbroker.errors import UsageError
from tokenbroker.evidence.bundle.sshsig import KEY_TYPE, PublicKey, parse_key

NAMESPACE = "tokenbroker-bundle"
"""What the signatures are for; one of another namespace is refused (PROTOCOL.sshsig)."""
PRINCIPAL = "tokenbroker"
"""The name under which a file of allowed signers lists a home's key: ``ssh-keygen -I``."""

_LINE = re.compile(
    rf'(?P<principals>\S+)(?:\s+(?P<options>\S+|[\w,=-]+="[^"]*"))?\s+{KEY_TYPE}\s+(?P<key>[\w+/=]+)(?:\s.*)?'
)
_NAMESPACES = re.compile(r'namespaces="?(?P<patterns>[^"\s]+)"?')


def allowed_signers_line(key: PublicKey) -> str:
    """The line that lets ``ssh-keygen`` accept bundles of `key`, and nothing else that it signs."""
    return f'{PRINCIPAL} namespaces="{NAMESPACE}" {key.text} tokenbroker bundles'


def parse_allowed_signers(text: str, *, origin: str) -> tuple[PublicKey, ...]:
    """The keys that `text` allows to sign bundles as :data:`PRINCIPAL`; a ``.pub`` line is taken too.

    Lines for others, for other namespaces and for other kinds of key are passed over, as ``ssh-keygen`` does.

    Raises:
        UsageError: `audit.bad_signer`; there is no such key, or a line has an option that only ``ssh-keygen``
            can judge.
    """
    keys = []
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith(f"{KEY_TYPE} "):
            keys.append(_key(stripped.split()[1], origin))
            continue
        found = _LINE.fullmatch(stripped)
        if found and _is_for_bundles(found["principals"], found["options"] or "", origin):
            keys.append(_key(found["key"], origin))
    if not keys:
        raise _bad(f"{origin} names no {KEY_TYPE} key that may sign as '{PRINCIPAL}'")
    return tuple(keys)


def _is_for_bundles(principals: str, options: str, origin: str) -> bool:
    if any(character in principals + options for character in "![]"):
        # To ssh-keygen "!" excludes and brackets are plain characters; fnmatch takes both otherwise.
        raise _bad(
            f"{origin} has a pattern with '!' or brackets, which is not understood here; only * and ? are"
        )
    if not any(fnmatchcase(PRINCIPAL, pattern) for pattern in principals.strip('"').split(",")):
        return False
    if not options:
        return True
    namespaces = _NAMESPACES.fullmatch(options)
    if namespaces is None:
        # valid-before, cert-authority …: to overlook one would be to trust more than its owner does.
        raise _bad(f"{origin} has an option that is not understood here; only namespaces= is")
    return any(fnmatchcase(NAMESPACE, pattern) for pattern in namespaces["patterns"].split(","))


def _key(encoded: str, origin: str) -> PublicKey:
    reason = ""
    try:
        return parse_key(encoded)
    except ValueError as error:
        reason = str(error)
    raise _bad(f"{origin} holds a damaged key: {reason}")


def _bad(sentence: str) -> UsageError:
    return UsageError(
        sentence,
        next_step="use the line that 'tokenbroker audit signer' printed in the home that seals",
        code="audit.bad_signer",
    )
