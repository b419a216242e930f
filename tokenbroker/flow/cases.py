"""One flow for several accounts: the cases of its matrix, and parameters in the names of references."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from tokenbroker.errors import UsageError
from tokenbroker.flow.model import Flow, Step

PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z0-9][A-Za-z0-9_.-]*)\}")
_REFERENCES: Final = ("value_ref", "secret_ref")
TEXTS: Final = ("selector", "text", "until", "creates")
"""The other options of a step that take the value of a parameter: what the page says of a key, and the key's name."""
_PIECE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_WORDS: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
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
    """`flow` with ``${NAME}`` in its references and in :data:`TEXTS` replaced, as far as `values` has them.

    Raises:
        UsageError: `param.not_a_name`; a value that has no place in the name of a reference or in a selector.
    """
    if not any(PLACEHOLDER.search(said) for _, said in (*references_in(flow), *texts_in(flow))):
        return flow
    # A personal one must not stand in what reports show.
    shown = {
        **values,
        **{param.name: None for param in flow.params if param.personal and param.name in values},
    }
    return replace(flow, steps=tuple(_filled(step, values, shown) for step in flow.steps))


def references_in(flow: Flow) -> Iterator[tuple[Step, str]]:
    """Every reference of the flow, with its step."""
    for step in flow.steps:
        yield from ((step, str(step.options[key])) for key in _REFERENCES if key in step.options)


def texts_in(flow: Flow) -> Iterator[tuple[Step, str]]:
    """Every text of :data:`TEXTS`, with its step."""
    for step in flow.steps:
        for key in TEXTS:
            yield from ((step, text) for text in _strings(step.options.get(key)))


def _strings(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping | list | tuple):
        for each in said.values() if isinstance(said, Mapping) else said:
            yield from _strings(each)


def _filled(step: Step, values: Mapping[str, Any], shown: Mapping[str, Any]) -> Step:
    def option(key: str, said: Any) -> Any:
        if key in _REFERENCES:
            return _with_values(str(said), values, _reference_value)
        return _in_texts(said, shown) if key in TEXTS else said

    return replace(step, options={key: option(key, said) for key, said in step.options.items()})


def _in_texts(said: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(said, str):
        return _with_values(said, values, _text_value)
    if isinstance(said, Mapping):
        return {key: _in_texts(each, values) for key, each in said.items()}
    return [_in_texts(each, values) for each in said] if isinstance(said, list | tuple) else said


def waited_for(flow: Flow) -> dict[str, str]:
    """The parameters that references and texts of the flow wait for, each with where the first of these stands."""
    own = {param.name for param in flow.params}
    found: dict[str, str] = {}
    for step, text in (*references_in(flow), *texts_in(flow)):
        for name in PLACEHOLDER.findall(text):
            if name in own:
                found.setdefault(name, f"for '{text}' in step {step.number}")
    return found


def require_paths(flow: Flow) -> None:
    """Refuse a flow of which a reference has become too long to be a path.

    Raises:
        UsageError: `param.not_a_name`.
    """
    for step, reference in references_in(flow):
        if len(reference) > _LONGEST:
            raise UsageError(
                f"with these parameters the reference of step {step.number} has {len(reference)} characters, and "
                f"{_LONGEST} are the limit",
                code="param.not_a_name",
            )


def _with_values(said: str, values: Mapping[str, Any], told: Callable[[str, str, Any], str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        return told(said, name, values[name]) if name in values else found[0]

    return PLACEHOLDER.sub(value, said)


def _reference_value(reference: str, name: str, value: Any) -> str:
    if not isinstance(value, str) or not is_piece(value):
        # The value is not repeated: it may be a person's.
        raise UsageError(
            f"the value of the parameter '{name}' can't be part of a reference, where {reference} has it: letters, "
            "digits, underscores and hyphens can",
            code="param.not_a_name",
        )
    return value


def _text_value(text: str, name: str, value: Any) -> str:
    # A sign could change what a selector means.
    if not isinstance(value, str) or not _WORDS.fullmatch(value):
        raise UsageError(
            f"the value of the parameter '{name}' can't stand in '{text}': letters, digits, spaces, dots, underscores "
            "and hyphens can, and nothing personal",
            code="param.not_a_name",
        )
    return value


def is_piece(value: str) -> bool:
    """Whether `value` may stand in a reference's name: a dot or slash would lead to another service's secrets."""
    return bool(_PIECE.fullmatch(value))
