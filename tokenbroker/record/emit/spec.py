"""A draft as a test file for Playwright Test (TypeScript), and what such files share."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Final

from tokenbroker.record.draft import Draft, DraftParam
from tokenbroker.record.emit.layout import WIDTH, bound
from tokenbroker.record.emit.literal import comment, string
from tokenbroker.record.emit.statements import Writer

SUPPORT_NAME: Final = "tokenbroker.ts"
"""What `emit_support` answers is called, in the folder that holds one folder a site."""
_SUPPORT: Final = "support.ts.tmpl"
_OFF: Final = (
    "Traces, screenshots and videos are off, for they would keep passwords and tokens, and so would the page "
    f"snapshot of a failing test, which {SUPPORT_NAME} switches off."
)
_ASKS: Final = (
    "Where a person is needed it pauses in the Playwright Inspector: do it in the page, then press Resume. "
    f"{SUPPORT_NAME} tells how to have it done otherwise."
)
_PERSON_MINUTES: Final = 10
_MINUTES: Final = 2


def spec_path(draft: Draft) -> str:
    """Where the spec of `draft` belongs, in the folder that holds `SUPPORT_NAME`."""
    return f"{draft.site}/{draft.flow}.spec.ts"


def emit_support() -> str:
    """The text of `SUPPORT_NAME`: the same beside all specs."""
    return resources.files(__package__).joinpath(_SUPPORT).read_text(encoding="utf-8")


def emit_spec(draft: Draft) -> str:
    """The text of the spec that does what the flow of `draft` does.

    Of a selector set it uses the primary alternative. Words of the draft stand in literals and comments only.
    """
    writer, body = _written(draft)
    asks = "human" in writer.fixtures
    parts = (
        _header(draft, writer, asks=asks),
        _imports(writer),
        _settings(asks=asks),
        [
            f"const {p.constant} = origin({string(p.variable)}, {string(p.origin)});"
            for p in writer.places.values()
        ],
        [
            f"test({string(f'{draft.site}/{draft.flow}')}, async ({{ {', '.join(_fixtures(writer))} }}) => {{",
            *_values(writer),
            *body,
            "});",
        ],
    )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _written(draft: Draft) -> tuple[Writer, list[str]]:
    """The lines of the steps of `draft`, and what has written them."""
    writer = Writer(params={param.name: param for param in draft.params}, steps=draft.steps)
    for step in draft.steps:
        if "value_ref" in step.options:
            writer.value(str(step.options["value_ref"]))  # these names first: people type them
    return writer, writer.body()


def _fixtures(writer: Writer) -> list[str]:
    return [name for name in ("page", "human", "keep") if name in writer.fixtures]


def _header(draft: Draft, writer: Writer, *, asks: bool) -> list[str]:
    lines = [f"Recorded by tokenbroker: {draft.site}/{draft.flow}. {draft.description}".strip()]
    required, optional = _variables(writer)
    if required:
        lines += ["", "It needs these environment variables:", *(f"  {each}" for each in required)]
    if optional:
        lines += ["", "It takes these, which need not be set:", *(f"  {each}" for each in optional)]
    lines += [
        "",
        f"Run it in the folder of playwright.config.ts, with {SUPPORT_NAME} in the folder above this one:",
    ]
    lines += [f"  npx playwright test {spec_path(draft)}{' --headed' if asks else ''}"]
    if asks:
        lines += ["", _ASKS]
    if "keep" in writer.fixtures:
        lines += [
            "",
            f"The token is forgotten at the end, but for what `keep` does with it: see {SUPPORT_NAME}.",
        ]
    lines += ["", _OFF]
    if draft.notes:
        lines += ["", "To look at before this is used:", *(f"  - {note}" for note in draft.notes)]
    return [f"// {line}".rstrip() for each in lines for line in _wrapped(each)]


def _wrapped(line: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    hanging = indent + ("  " if line.lstrip().startswith("- ") else "")
    return textwrap.wrap(
        comment(line),
        WIDTH - 3,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _variables(writer: Writer) -> tuple[list[str], list[str]]:
    """The environment variables: those that must be set, and those that may be, each with what it is."""
    required, optional = [], []
    for reference, value in writer.values.items():
        param = _param(writer, reference)
        if param is None or _is_required(param):
            label = f" ({param.label})" if param is not None and param.label else ""
            required.append(f"{value.variable}: {reference}{label}")
        else:
            optional.append(f"{value.variable}: {reference}; by default {_default(param) or 'nothing'}")
    optional += [f"{each.variable}: where {each.origin} is" for each in writer.places.values()]
    return required, optional


def _param(writer: Writer, reference: str) -> DraftParam | None:
    source, _, name = reference.partition(":")
    return writer.params.get(name) if source == "param" else None


def _is_required(param: DraftParam) -> bool:
    return param.required and param.default is None


def _default(param: DraftParam) -> str:
    return string(param.default) if param.default else ""


def _imports(writer: Writer) -> Iterator[str]:
    helpers = sorted(
        (writer.imports - {"expect"}) | {"test"} | ({"environment"} if _needed(writer) else set())
    )
    if "expect" in writer.imports:
        yield "import { expect } from '@playwright/test';"
        yield ""
    line = f"import {{ {', '.join(helpers)} }} from '../tokenbroker';"
    if len(line) <= WIDTH:
        yield line
        return
    yield from ("import {", *(f"  {helper}," for helper in helpers), "} from '../tokenbroker';")


def _settings(*, asks: bool) -> Iterable[str]:
    minutes = _PERSON_MINUTES if asks else _MINUTES
    why = "A person is asked in between, and a" if asks else "A"
    return (
        "test.use({ trace: 'off', screenshot: 'off', video: 'off' });",
        f"// {why} second try would create a second token.",
        f"test.describe.configure({{ timeout: {minutes} * 60_000, retries: 0 }});",
    )


def _needed(writer: Writer) -> Mapping[str, str]:
    """The constants whose variables must be set, by the names of these."""
    return {
        value.variable: value.constant
        for reference, value in writer.values.items()
        if (param := _param(writer, reference)) is None or _is_required(param)
    }


def _values(writer: Writer) -> Iterator[str]:
    """The statements that fetch the values, before anything is done."""
    needed = _needed(writer)
    if needed:
        names = ", ".join(
            constant if constant == variable else f"{string(variable)}: {constant}"
            for variable, constant in needed.items()
        )
        asked = [string(variable) for variable in needed]
        yield from bound(f"{{ {names} }}", "environment", asked)
    for reference, value in writer.values.items():
        if value.constant not in needed.values():
            param = _param(writer, reference)
            default = string(param.default or "") if param is not None else "''"
            yield f"  const {value.constant} = process.env.{value.variable} ?? {default};"
    if writer.values:
        yield ""
