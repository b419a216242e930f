"""What the environment gave a sink to sign in with."""

import re
from collections.abc import Mapping, Sequence

from tokenbroker.errors import SecretAccessDenied
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


def needed(
    vendor: str, prefix: str, alias: str, variables: Mapping[str, Secret], **others: Sequence[str]
) -> dict[str, Secret]:
    """What the sink `alias` signs in to `vendor` with: each of `others`, which names more variables that may hold it.

    Raises:
        SecretAccessDenied: names the variable of each that is missing.
    """
    found = {what: credential(what, prefix, alias, variables, *more) for what, more in others.items()}
    given = {what: each[1] for what, each in found.items() if each is not None}
    if missing := [what for what in others if what not in given]:
        raise nothing_given(vendor, prefix, alias, missing)
    return given


def nothing_given(vendor: str, prefix: str, alias: str, missing: Sequence[str]) -> SecretAccessDenied:
    """The refusal that names the variables of all that is `missing`."""
    variables = " and ".join(f"{prefix}{what}" for what in missing)
    return SecretAccessDenied(
        f"the sink '{alias}' has nothing to sign in to {vendor} with",
        next_step=f"set the variable{'s' if len(missing) > 1 else ''} {variables}",
    )
