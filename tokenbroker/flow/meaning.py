"""Mistakes that no JSON Schema can tell: names used twice or never given, patterns and addresses that are none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from tokenbroker.errors import FlowError
from tokenbroker.flow.basis import bases_of, resting_on
from tokenbroker.flow.cases import PLACEHOLDER
from tokenbroker.flow.document import Document, NodePath, printable
from tokenbroker.flow.matrix import matrix_mistakes
from tokenbroker.flow.model import StepType
from tokenbroker.flow.schema import MAX_RETRIES
from tokenbroker.flow.selector import Family, SelectorSet, selector_of
from tokenbroker.settings import origin_of

POLICY_DATES: Final = ("reviewed", "review_expires")
_DATE_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def meaning_mistakes(
    document: Document, data: Mapping[str, Any], steps: Mapping[str, StepType]
) -> Iterator[FlowError]:
    """The mistakes of `data`, whose `steps` are a list; what has not the form it must have is passed over."""
    params = data.get("params")
    declared = params if isinstance(params, dict) else {}
    seen: set[str] = set()
    windows: set[str] = set()
    captured: list[str] = []
    for index, entry in enumerate(data["steps"]):
        if not isinstance(entry, dict):
            continue
        yield from _id_mistakes(document, ("steps", index, "id"), entry.get("id"), seen)
        for verb in entry.keys() & steps.keys():
            value = entry[verb]
            options: Mapping[Any, Any] = value if isinstance(value, dict) else {steps[verb].shorthand: value}
            path: NodePath = ("steps", index, verb)
            yield from _retry_mistakes(document, ("steps", index, "retry"), entry.get("retry"), steps[verb])
            yield from _param_mistakes(document, (*path, "value_ref"), options.get("value_ref"), declared)
            for key in ("value_ref", "secret_ref"):
                yield from _placeholder_mistakes(document, (*path, key), options.get(key), declared)
            yield from _address_mistakes(document, (*path, "url"), options.get("url"))
            yield from _frame_mistakes(document, (*path, "frame"), options.get("frame"))
            yield from _life_mistakes(document, (*path, "life", "expires_at"), options.get("life"))
            yield from _capture_pattern_mistakes(document, (*path, "pattern"), options.get("pattern"))
            yield from _window_mistakes(document, path, options, windows)
            if "token" in steps[verb].requires:
                yield from _token_mistakes(document, path, options.get("secret_ref"), captured)
            elif isinstance(options.get("secret_ref"), str):
                captured.append(options["secret_ref"])
            # A literal is typed into what the primary alternative leads to.
            if not steps[verb].looks and "value" not in options:
                yield from _set_mistakes(document, (*path, "selector"), options.get("selector"))
    for name, spec in declared.items():
        pattern = spec.get("pattern") if isinstance(spec, dict) else None
        if isinstance(pattern, str) and _compiled(pattern) is None:
            sentence = "this is not a regular expression"
            yield document.error(("params", name, "pattern"), sentence, code="flow.bad_pattern")
    yield from matrix_mistakes(document, data, declared)
    yield from _policy_mistakes(document, data.get("policy"))
    origins = data.get("origins")
    for index, origin in enumerate(origins if isinstance(origins, list) else []):
        yield from _address_mistakes(document, ("origins", index), origin)
    yield from _sign_on_mistakes(document, data)


def _sign_on_mistakes(document: Document, data: Mapping[str, Any]) -> Iterator[FlowError]:
    sign_on, said = data.get("sign_on"), data.get("origins")
    if not isinstance(sign_on, str):
        return
    yield from _address_mistakes(document, ("sign_on",), sign_on)
    addresses = said if isinstance(said, list) else _navigated(data["steps"])
    provider = _origin(sign_on)  # "": told already that it is none
    if provider and provider not in map(_origin, addresses):
        sentence = "the flow may not go there: it is none of its origins"
        yield document.error(("sign_on",), sentence, code="flow.foreign_sign_on")


def _navigated(entries: Sequence[Any]) -> list[Any]:
    found = [entry.get("navigate") for entry in entries if isinstance(entry, dict)]
    return [each.get("url") if isinstance(each, dict) else each for each in found]


def _origin(address: Any) -> str:
    try:
        return origin_of(address) if isinstance(address, str) else ""
    except ValueError:
        return ""


def _life_mistakes(document: Document, path: NodePath, life: Any) -> Iterator[FlowError]:
    said = life.get("expires_at") if isinstance(life, dict) else None
    if isinstance(said, str) and _day(said) is None:
        yield document.error(path, "there is no such day", code="flow.bad_date")


def _day(said: str) -> date | None:
    """The day that `said` names; date.max where it has not the form of one, which the schema tells."""
    try:
        return date.fromisoformat(said) if _DATE_FORM.fullmatch(said) else date.max
    except ValueError:
        return None


def _policy_mistakes(document: Document, policy: Any) -> Iterator[FlowError]:
    said = policy if isinstance(policy, dict) else {}
    dates: list[date] = []
    for key in POLICY_DATES:
        day = _day(said[key]) if isinstance(said.get(key), str) else date.max
        if day is None:
            yield document.error(("policy", key), "there is no such day", code="flow.bad_date")
        elif day is not date.max:
            dates.append(day)
    if len(dates) == 2 and dates[1] < dates[0]:
        sentence = "the review would expire before it was made"
        yield document.error(("policy", POLICY_DATES[1]), sentence, code="flow.bad_date")


def _token_mistakes(
    document: Document, path: NodePath, reference: Any, captured: Sequence[str]
) -> Iterator[FlowError]:
    if not captured:
        yield document.error(path, "no step before this one captures a token", code="flow.not_captured")
    elif isinstance(reference, str) and reference not in captured:
        sentence = f"no step before this one captures '{printable(reference)}'"
        yield document.error((*path, "secret_ref"), sentence, code="flow.not_captured")


def _id_mistakes(document: Document, path: NodePath, step_id: Any, seen: set[str]) -> Iterator[FlowError]:
    if not isinstance(step_id, str):
        return
    if step_id in seen:
        sentence = f"the id '{printable(step_id)}' is used twice"
        yield document.error(path, sentence, code="flow.duplicate_id")
    seen.add(step_id)


def _retry_mistakes(document: Document, path: NodePath, retry: Any, step: StepType) -> Iterator[FlowError]:
    why = ""
    if step.requires & {"human", "sink"} and retry is not None:
        why = f"'{step.verb}' is never done again by itself"
    elif step.idempotent and isinstance(retry, dict):
        why = f"'{step.verb}' may be done again without any proof: retry takes a number here"
    elif not step.idempotent and retry in range(1, MAX_RETRIES + 1):
        why = (
            f"'{step.verb}' is done again only on proof that it had no effect: "
            "retry: { times: 2, expect: { selector: … } }"
        )
    if why:
        yield document.error(path, why, code="flow.bad_retry")


def _param_mistakes(
    document: Document, path: NodePath, ref: Any, declared: Mapping[str, Any]
) -> Iterator[FlowError]:
    if isinstance(ref, str) and ref.startswith("param:") and ref[6:] not in declared:
        sentence = f"the parameter '{printable(ref[6:])}' is not declared under 'params'"
        yield document.error(path, sentence, code="flow.unknown_param")


def _placeholder_mistakes(
    document: Document, path: NodePath, reference: Any, declared: Mapping[str, Any]
) -> Iterator[FlowError]:
    for name in PLACEHOLDER.findall(reference) if isinstance(reference, str) else ():
        if name not in declared:
            sentence = f"the parameter '{printable(name)}' is not declared under 'params'"
            yield document.error(path, sentence, code="flow.unknown_param")
        elif isinstance(declared[name], dict) and declared[name].get("personal") is True:
            sentence = (
                f"the parameter '{printable(name)}' is personal, and the name of a reference is shown everywhere: give "
                "the account a name that tells nothing"
            )
            yield document.error(path, sentence, code="flow.personal_name")


def _set_mistakes(document: Document, path: NodePath, selector: Any) -> Iterator[FlowError]:
    """A set without a fingerprint acts where two pieces of evidence agree: it must hold two."""
    if not isinstance(selector, list) or not all(map(_is_alternative, selector)):
        return
    found = selector_of(selector)
    if isinstance(found, SelectorSet) and len(found.alternatives) > 1 and len({*bases_of(found)}) == 1:
        sentence = (
            f"all of these rest on {resting_on(bases_of(found)[0])}, which is one piece of evidence, and it takes two "
            "to act: add an alternative of another kind, or the fingerprint"
        )
        yield document.error(path, sentence, code="flow.one_evidence")


def _is_alternative(said: Any) -> bool:
    if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
        return False
    return len(said.keys() & {*Family}) == 1


def _window_mistakes(
    document: Document, path: NodePath, options: Mapping[Any, Any], windows: set[str]
) -> Iterator[FlowError]:
    page, opens = options.get("page"), options.get("opens")
    if isinstance(page, str) and page not in windows:
        sentence = f"no step before this one says 'opens: {printable(page)}'"
        yield document.error((*path, "page"), sentence, code="flow.unknown_page")
    if isinstance(opens, str):
        windows.add(opens)


def _frame_mistakes(document: Document, path: NodePath, frame: Any) -> Iterator[FlowError]:
    if isinstance(frame, dict):
        yield from _address_mistakes(document, (*path, "url"), frame.get("url"))
    for index, each in enumerate(frame if isinstance(frame, list) else []):
        if isinstance(each, dict):
            yield from _address_mistakes(document, (*path, index, "url"), each.get("url"))


def _capture_pattern_mistakes(document: Document, path: NodePath, pattern: Any) -> Iterator[FlowError]:
    if not isinstance(pattern, str):
        return
    compiled = _compiled(pattern)
    if compiled is None:
        yield document.error(path, "this is not a regular expression", code="flow.bad_pattern")
    elif compiled.groups != 1:
        sentence = f"this has {compiled.groups} groups; exactly one, '(…)', must say which part is the token"
        yield document.error(path, sentence, code="flow.bad_pattern")


def _address_mistakes(document: Document, path: NodePath, value: Any) -> Iterator[FlowError]:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return  # no address; where one must stand, the schema says so
    try:
        origin_of(value)
    except ValueError:
        yield document.error(path, "this address has no origin that can be told", code="flow.bad_address")


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
