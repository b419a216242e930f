"""One flow for several accounts: the cases of its matrix, and parameters in the names of references."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from tokenbroker.errors import UsageError
from tokenbroker.flow.model import Flow, Step

PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z0-9][A-Za-z0-9_.-]*)\}")
_FILLED: Final = ("value_ref", "secret_ref")
_PIECE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_LONGEST: Final = 255  # of the path of a secret, in every sink


def cases_of(flow: Flow) -> tuple[Flow, ...]:
    """Each case of the flow's matrix as a flow of its own; `flow` itself where it has none."""
    return tuple(_case(flow, name) for name in flow.matrix) or (flow,)


def case_of(flow: Flow, name: str) -> Flow:
    """The case `name` of the flow's matrix; `flow` itself for "" where it has none.

    Raises:
        UsageError: `flow.no_case`; there is no such case, or one has to be chosen.
    """
    if name in flow.matrix:
        return _case(flow, name)
    if not name and not flow.matrix:
        return flow
    known = ", ".join(flow.matrix)
    if not known:
        sentence = f"{flow.id} has no matrix, and so no case '{name}'"
    elif name:
        sentence = f"{flow.id} has no case '{name}' (it has: {known})"
    else:
        sentence = f"{flow.id} has a matrix: one of its cases has to be chosen ({known})"
    raise UsageError(sentence, next_step="give --case NAME" if known else "", code="flow.no_case")


def _case(flow: Flow, name: str) -> Flow:
    return filled(replace(flow, case=name), flow.matrix[name])


def filled(flow: Flow, values: Mapping[str, Any]) -> Flow:
    """`flow` with ``${NAME}`` in its references replaced, as far as `values` has them.

    Raises:
        UsageError: `param.not_a_name`; a value that has no place in the name of a reference.
    """
    if not any(PLACEHOLDER.search(said) for _, said in references_in(flow)):
        return flow
    return replace(flow, steps=tuple(_filled(step, values) for step in flow.steps))


def references_in(flow: Flow) -> Iterator[tuple[Step, str]]:
    """Every reference of the flow, with its step."""
    for step in flow.steps:
        yield from ((step, str(step.options[key])) for key in _FILLED if key in step.options)


def _filled(step: Step, values: Mapping[str, Any]) -> Step:
    options = {
        key: _with_values(str(said), values) if key in _FILLED else said for key, said in step.options.items()
    }
    return replace(step, options=options)


def require_filled(flow: Flow) -> None:
    """Refuse a flow of which a reference still waits for a parameter, or has become too long to be a path.

    Raises:
        UsageError: `param.missing` or `param.not_a_name`.
    """
    for step, reference in references_in(flow):
        if waiting := PLACEHOLDER.search(reference):
            raise UsageError(
                f"{flow.id} needs the parameter '{waiting[1]}' for {reference} in step {step.number}",
                next_step=f"give --param {waiting[1]}=VALUE",
                code="param.missing",
            )
        if len(reference) > _LONGEST:
            raise UsageError(
                f"with these parameters the reference of step {step.number} has {len(reference)} characters, and "
                f"{_LONGEST} are the limit",
                code="param.not_a_name",
            )


def _with_values(reference: str, values: Mapping[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in values:
            return found[0]
        if not isinstance(values[name], str) or not is_piece(values[name]):
            # The value is not repeated: it may be a person's.
            raise UsageError(
                f"the value of the parameter '{name}' can't be part of a reference, where {reference} has it: letters, "
                "digits, underscores and hyphens can",
                code="param.not_a_name",
            )
        return str(values[name])

    return PLACEHOLDER.sub(value, reference)


def is_piece(value: str) -> bool:
    """Whether `value` may stand in a reference's name: a dot or slash would lead to another service's secrets."""
    return bool(_PIECE.fullmatch(value))
