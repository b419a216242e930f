"""What a flow is given from outside: which of it is not there, each with the line that gives it."""

from collections.abc import Callable, Mapping, Sequence

from tokenbroker.errors import SecretNotFound, UsageError
from tokenbroker.flow.cases import PLACEHOLDER, is_piece
from tokenbroker.flow.model import Flow
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.env import variable_for

_BELOW = "\n         "
"""Between the lines of a next step: they stand below each other where it is printed."""


def line_that_gives(reference: str, alias: str, settings: SinkSettings) -> str:
    """What to type so that `reference` is there; `alias` is the sink of inputs, with its `settings`."""
    kind, _, name = reference.partition(":")
    if kind == "param":
        return f"--param {name}=…"
    if kind == "env":
        return f"export {name}=…"
    if settings.type == "env":
        return f"export {variable_for(name, settings.prefix)}=…"
    return f"tokenbroker secrets put {name if alias == 'local' else f'{alias}:{name}'}"


def lacking(flow: Flow, given: Mapping[str, str], is_there: Callable[[str], bool | None]) -> list[str]:
    """What `flow` types and is not there, by reference; parameters that it must have are asked for before.

    Where the parameters `given` are not all, a reference that waits for one is passed over, as is one of which
    `is_there` can't tell.
    """
    values = {**given, **flow.matrix.get(flow.case, {})}
    known = {name: value for name, value in values.items() if is_piece(value)}
    wanted = [
        PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), f"{kind}{name}")
        for kind in ("secrets:", "env:")
        for name in flow.references(kind)
    ]
    left_away = {
        f"param:{param.name}"
        for param in flow.params
        if not param.required and param.default is None and param.name not in values
    }
    return [
        *(ref for ref in dict.fromkeys(wanted) if not PLACEHOLDER.search(ref) and is_there(ref) is False),
        *(f"param:{name}" for name in flow.references("param:") if f"param:{name}" in left_away),
    ]


def not_there(flow: Flow, references: Sequence[str], alias: str, settings: SinkSettings) -> SecretNotFound:
    """The refusal of a run of `flow` that names all that is missing."""
    lines = [line_that_gives(reference, alias, settings) for reference in references]
    *others, last = references
    names = f"{', '.join(others)} and {last}, which are" if others else f"{last}, which is"
    return SecretNotFound(f"{flow.id} needs {names} not there", next_step=_BELOW.join(lines))


def and_not_there(error: UsageError, references: Sequence[str], lines: Sequence[str]) -> UsageError:
    """`error`, which asks for parameters, with all else that is missing."""
    return UsageError(
        f"{error.sentence}; not there either: {', '.join(references)}",
        next_step=_BELOW.join((error.next_step, *lines)),
        code=error.code,
    )
