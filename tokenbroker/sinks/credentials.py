"""What the environment gave a sink to sign in with."""

import re
from collections.abc import Mapping

from tokenbroker.secret import Secret

_OTHER = re.compile(r"[^A-Z0-9]")


def credential(
    what: str, prefix: str, alias: str, variables: Mapping[str, Secret], *others: str
) -> tuple[str, Secret] | None:
    """The first there is, with its variable: that for this alias alone, that for every sink of the kind, then `others`.

    So ``TOKENBROKER_VAULT_TEAM_TOKEN``, then ``TOKENBROKER_VAULT_TOKEN``, then ``VAULT_TOKEN``.
    """
    names = (f"{prefix}{_OTHER.sub('_', alias.upper())}_{what}", f"{prefix}{what}", *others)
    return next(((name, variables[name]) for name in names if name in variables), None)
