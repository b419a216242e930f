"""A draft in words for a person at a terminal: one line for each step. Nothing private is in a draft."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tokenbroker.flow.selector import Family, Selector, SelectorSet, selector_of
from tokenbroker.record.draft import Draft, DraftStep

_NAMED = re.compile(r'role=[a-z]+\[name="([^"\\]+)"\]|text=([^"\\]+)')
_SPOKEN = (Family.ROLE, Family.LABEL, Family.TEXT, Family.PLACEHOLDER)


def steps_in_words(draft: Draft) -> Iterator[str]:
    """Its steps, numbered, with what each works on."""
    width = max((len(each.verb) for each in draft.steps), default=0)
    for number, step in enumerate(draft.steps, 1):
        yield f"  {number:>2}  {step.verb:<{width}}  {_in_words(step)}".rstrip()


def _in_words(step: DraftStep) -> str:
    said = step.options
    target = spoken(selector_of(said["selector"])) if "selector" in said else ""
    match step.verb:
        case "navigate":
            text = str(said["url"])
        case "type":
            text = f"{_what(said)} into {target}"
        case "select":
            text = f"{_what(said)} in {target}"
        case "press":
            text = f"{said['key']}{f' in {target}' if target else ''}"
        case "wait_human":
            kind = f" ({said['kind']})" if "kind" in said else ""
            text = f"{said['reason']}{kind}"
        case "capture_token":
            text = f"{target}, stored as {said['secret_ref']}"
        case _:
            text = target or str(said.get("url", ""))
    return text + _notes(said, step.when)


def _what(options: Mapping[str, Any]) -> str:
    if "value_ref" in options:
        return str(options["value_ref"])
    return f"“{options.get('value', '')}”"


def _notes(options: Mapping[str, Any], when: Any) -> str:
    told = []
    if when is not None:
        told.append(f"only where {spoken(selector_of(when))} is shown")
    if "frame" in options:
        told.append("in a frame")
    if "page" in options:
        told.append(f"in the window {options['page']}")
    if "opens" in options:
        told.append(f"opens the window {options['opens']}")
    if "dialog" in options:
        told.append(f"and {options['dialog']} the dialog")
    if "creates" in options:
        told.append("creates the key")
    return f"  [{', '.join(told)}]" if told else ""


def spoken(selector: Selector) -> str:
    """What a person calls the element: a word that stands on the page, else the selector itself."""
    if isinstance(selector, str):
        named = _NAMED.fullmatch(selector)
        return f"“{named[1] or named[2]}”" if named else selector
    return _of_set(selector)


def _of_set(selector: SelectorSet) -> str:
    for family in _SPOKEN:
        for each in selector.alternatives:
            if each.family is family:
                return f"“{each.name or each.value}”"
    return str(selector.alternatives[0])
