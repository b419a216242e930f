"""Mistakes in a flow's matrix that no JSON Schema can tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from tokenbroker.errors import FlowError
from tokenbroker.flow.cases import PLACEHOLDER, is_piece
from tokenbroker.flow.document import Document, NodePath, printable


def matrix_mistakes(
    document: Document, data: Mapping[str, Any], declared: Mapping[str, Any]
) -> Iterator[FlowError]:
    """The mistakes of the matrix in `data`, whose parameters are `declared`; what has not its form is passed over."""
    matrix = data.get("matrix")
    cases = (
        {name: case for name, case in matrix.items() if isinstance(case, dict)}
        if isinstance(matrix, dict)
        else {}
    )
    in_names = {name for reference in _references(data) for name in PLACEHOLDER.findall(reference)}
    seen: dict[tuple[tuple[str, Any], ...], str] = {}
    for case, values in cases.items():
        for name, value in values.items():
            yield from _value_mistakes(document, ("matrix", case, name), name, value, declared, in_names)
        said = tuple(sorted(values.items(), key=lambda each: str(each[0]))) if _are_texts(values) else ()
        if said and said in seen:
            sentence = f"this case is the same as '{printable(seen[said])}'"
            yield document.error(("matrix", case), sentence, key=True, code="flow.same_case")
        seen[said] = case
    if len(cases) > 1:
        yield from _shared_references(document, data, declared, cases)


def _value_mistakes(
    document: Document,
    path: NodePath,
    name: str,
    value: Any,
    declared: Mapping[str, Any],
    in_names: set[str],
) -> Iterator[FlowError]:
    if name not in declared:
        sentence = f"the parameter '{printable(name)}' is not declared under 'params'"
        yield document.error(path, sentence, key=True, code="flow.unknown_param")
        return
    spec = declared[name] if isinstance(declared[name], dict) else {}
    if spec.get("personal") is True:
        sentence = (
            f"the parameter '{printable(name)}' is personal: its value would stand in this file. Store it, and type "
            'value_ref: "secrets:${account}.email" with a parameter that names the account'
        )
        yield document.error(path, sentence, key=True, code="flow.personal_value")
    elif isinstance(value, str) and name in in_names and not is_piece(value):
        sentence = "this is to be a part of a reference: letters, digits, underscores and hyphens can be"
        yield document.error(path, sentence, code="flow.bad_case")


def _shared_references(
    document: Document,
    data: Mapping[str, Any],
    declared: Mapping[str, Any],
    cases: Mapping[str, Mapping[str, Any]],
) -> Iterator[FlowError]:
    """Captures of two cases that go to the same reference: one would take the place of the other."""
    defaults = {
        name: spec["default"]
        for name, spec in declared.items()
        if isinstance(spec, dict) and "default" in spec
    }
    for index, entry in enumerate(data["steps"]):
        options = entry.get("capture_token") if isinstance(entry, dict) else None
        reference = options.get("secret_ref") if isinstance(options, dict) else None
        seen: dict[str, str] = {}
        for case, values in cases.items() if isinstance(reference, str) else ():
            full = _filled(str(reference), {**defaults, **values})
            if full in seen:
                sentence = (
                    f"the cases '{printable(seen[full])}' and '{printable(case)}' would store their tokens here under "
                    "the same reference, one in the place of the other: name a parameter that differs, such as "
                    "tokens:${account}/key"
                )
                path: NodePath = ("steps", index, "capture_token", "secret_ref")
                yield document.error(path, sentence, code="flow.shared_reference")
                break
            seen[full] = case


def _filled(reference: str, values: Mapping[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda hole: str(values.get(hole[1], hole[0])), reference)


def _references(data: Mapping[str, Any]) -> Iterator[str]:
    for entry in data["steps"]:
        for options in entry.values() if isinstance(entry, dict) else ():
            if isinstance(options, dict):
                yield from (str(options[key]) for key in ("value_ref", "secret_ref") if key in options)


def _are_texts(values: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) for value in values.values())
