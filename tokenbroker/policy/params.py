"""The values of a flow's parameters: all that are needed, and no others."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from tokenbroker.errors import UsageError
from tokenbroker.flow.cases import case_of, waited_for
from tokenbroker.flow.model import Flow, Param
from tokenbroker.secret import Secret

PARAM_MISSING: Final = "param.missing"


def params_of(flow: Flow, given: Mapping[str, str]) -> dict[str, str | Secret]:
    """The values of the parameters of `flow`: `given`, its case's, or their defaults; the personal ones as secrets.

    Raises:
        UsageError: `param.missing`, which names all that are; `param.unknown`, `param.fixed` or `param.pattern`.
    """
    fixed = case_of(flow, flow.case).matrix.get(flow.case, {})
    if twice := [name for name in given if name in fixed]:
        raise UsageError(
            f"the case '{flow.case}' of {flow.site}/{flow.name} sets the parameter '{twice[0]}' itself",
            next_step=f"leave --param {twice[0]} away",
            code="param.fixed",
        )
    own = [param.name for param in flow.params]
    if unknown := [name for name in given if name not in own]:
        known = ", ".join(own) or "none"
        raise UsageError(f"{flow.id} has no {_named(unknown)} (it has: {known})", code="param.unknown")
    values: dict[str, str | Secret] = {}
    for param in flow.params:
        value = fixed.get(param.name, given.get(param.name, param.default))
        if value:
            _check(param, value)
            values[param.name] = Secret(value) if param.personal else value
        elif value is not None and not param.required:
            values[param.name] = ""  # left empty on purpose; nothing personal is in it
    _require_all(flow, values)
    return values


def _require_all(flow: Flow, values: Mapping[str, str | Secret]) -> None:
    places = waited_for(flow)
    lacking = [param for param in flow.params if param.name not in values]
    missing = [param.name for param in lacking if param.required or param.name in places]
    if not missing:
        return
    optional = {param.name for param in lacking if not param.required}
    # Of a parameter that may be left away one asks what for.
    why = f" {places[missing[0]]}" if len(missing) == 1 and missing[0] in optional else ""
    raise UsageError(
        f"{flow.id} needs the {_named(missing)}{why}",
        next_step=f"give {' '.join(f'--param {name}=VALUE' for name in missing)}",
        code=PARAM_MISSING,
    )


def _named(names: Sequence[str]) -> str:
    *others, last = (f"'{name}'" for name in names)
    return f"parameters {', '.join(others)} and {last}" if others else f"parameter {last}"


def _check(param: Param, value: str) -> None:
    if param.pattern is not None and not re.fullmatch(param.pattern, value):
        # The value may be personal: the sentence names the parameter and the pattern only.
        raise UsageError(
            f"the value given for '{param.name}' does not match its pattern {param.pattern}",
            code="param.pattern",
        )
