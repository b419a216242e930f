"""What a key that replaces another is called at its site: no two of its names are alike, so the old one can be told."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tokenbroker.errors import UsageError
from tokenbroker.flow.cases import filled
from tokenbroker.lifecycle.ways import Ways, own

_OF_A_ROTATION: Final = re.compile(r"-[0-9]{8}-[0-9a-f]{4}$")
_NAME_MAX: Final = 100
_SUFFIX_LENGTH: Final = len("-20261128-abcd")


def fresh_params(ways: Ways, given: Mapping[str, str], *, now: datetime) -> dict[str, str]:
    """What the flow that gets another key is to be given: as before, but with a name that no other key has.

    `given` are parameters that the person gives; theirs win.

    Raises:
        UsageError: ``rotate.other_target``; or ``rotate.key_name``: the parameter's pattern takes no such name, or the
            given one is the old one's.
    """
    params = own(ways.creator, {**ways.life.params, **given})
    filled_steps = filled(ways.creator, params).steps
    if ways.reference not in {str(step.options.get("secret_ref")) for step in filled_steps}:
        raise UsageError(
            f"with these parameters {ways.creator.id} does not bring the key to {ways.reference}",
            next_step="leave away the parameter that stands in its secret_ref",
            code="rotate.other_target",
        )
    name = ways.name_param
    if not name:
        return params
    param = next(each for each in ways.creator.params if each.name == name)
    old = ways.life.key_name or ways.life.params.get(name) or param.default or ways.creator.site
    if name not in given:
        stem = _OF_A_ROTATION.sub("", old)[: _NAME_MAX - _SUFFIX_LENGTH]
        params[name] = f"{stem}-{now:%Y%m%d}-{secrets.token_hex(2)}"
    if params[name] == old or (param.pattern and not re.fullmatch(param.pattern, params[name])):
        raise UsageError(
            f"the new key of {ways.reference} needs a name of its own at its site"
            + (f", which the pattern of '{name}' takes: {param.pattern}" if param.pattern else ""),
            next_step=f"give --param {name}=NAME",
            code="rotate.key_name",
        )
    return params


def old_params(ways: Ways, given: Mapping[str, str]) -> dict[str, str]:
    """What the flow that revokes the old key is to be given: what its creating run was given, above all its name."""
    if ways.revoker is None:
        return {}
    named = {ways.name_param: ways.life.key_name} if ways.name_param and ways.life.key_name else {}
    known = {**given, **ways.life.params, **named}
    return own(ways.revoker, known)
