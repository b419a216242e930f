"""What users read is so: commands, options, settings, codes, fixtures and examples of the documentation."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from tokenbroker import pytest_plugin
from tokenbroker.cli import app
from tokenbroker.flow.load import loads
from tokenbroker.pytest_plugin import fixtures
from tokenbroker.run import failure
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import ALIASES, KEY_VARIABLES, PREFIX, Settings, load_configuration
from tokenbroker.sinks import SINKS
from tokenbroker.sinks.place import REMOVED

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    if path.name != "traceability.md"
}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_REASON = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_MINIMAL = {
    "version": "version: 1\n",
    "site": "site: example\n",
    "flow": "flow: example\n",
    "allowed_automation": "allowed_automation: semi_auto\n",
    "steps": 'steps:\n  - navigate: "https://console.example.com/"\n',
}


def fences(page: str, language: str) -> list[str]:
    return [text for found, text in _FENCE.findall(PAGES[page]) if found == language]


def every_fence(language: str) -> list[Any]:
    found = [(page, text) for page in PAGES for text in fences(page, language)]
    return [pytest.param(text, id=f"{page}-{number}") for number, (page, text) in enumerate(found)]


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Each command of the product with its options."""
    options = [param.opts for param in command.params if param.param_type_name == "option"]
    yield words, {option for names in options for option in names if option.startswith("--")}
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from commands(command.get_command(None, name), (*words, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def usages() -> Iterator[tuple[str, str]]:
    """Each `tokenbroker …` of the pages, with the indented lines that go on with it."""
    for page, text in PAGES.items():
        shell = "\n".join(fences(page, ""))
        yield from (
            (page, found)
            for found in re.findall(r"^(?:\$ )?(tokenbroker .*(?:\n {8,}.*)*)", shell, re.MULTILINE)
        )
        yield from (
            (page, code) for code in _CODE.findall(_FENCE.sub("", text)) if code.startswith("tokenbroker ")
        )


def command_of(usage: str) -> tuple[str, ...]:
    words = tuple(itertools.takewhile(re.compile(r"[a-z-]+").fullmatch, usage.split()[1:]))
    return next((words[:n] for n in range(len(words), 0, -1) if words[:n] in COMMANDS), ())


def test_every_command_and_option_stands_in_a_usage_line():
    written: dict[tuple[str, ...], str] = {}
    for _, usage in usages():
        written[command_of(usage)] = written.get(command_of(usage), "") + f" {usage}"
    missing = [
        f"tokenbroker {' '.join(words)} {option}"
        for words, options in COMMANDS.items()
        if words not in (("secrets",), ("config",), ("policy",))
        for option in options or {words[-1]}
        if not re.search(rf"(?<![\w-]){option}(?![\w-])", written.get(words, ""))
    ]
    assert missing == []


def test_every_command_and_option_that_a_page_names_exists():
    wrong = []
    for page, usage in usages():
        words = command_of(usage)
        known = COMMANDS[words] | {"--help"}
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", usage.split("  ")[0]))
        if not named <= known or (not words and not named):
            wrong.append(f"{page}: {usage}")
    assert wrong == []


def test_every_make_target_that_a_page_names_exists(script):
    targets = script(".ci/targets.py").TARGETS
    for page, text in PAGES.items():
        named = re.findall(r"^make (?:\w+=\S+ )?([a-z-]+)", "\n".join(fences(page, "")), re.MULTILINE)
        named += re.findall(r"`make (?:\w+=\S+ )?([a-z-]+)", text) + re.findall(
            r"bootstrap\.py ([a-z-]+)", text
        )
        assert [name for name in named if name not in targets] == [], page


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [
            kind
            for kind in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if isinstance(kind, type)
        ]
        inner = [kind for kind in kinds if issubclass(kind, BaseModel)]
        if not inner:
            yield f"{prefix}{name}"
        elif inner[0] is field.annotation:
            yield from setting_names(inner[0], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
            yield from setting_names(inner[0], f"{prefix}{name}.NAME.")


@pytest.mark.req("OPS-5")
def test_every_setting_and_its_variable_is_explained():
    page = PAGES["docs/settings.md"]
    for name in setting_names(Settings):
        row = re.search(rf"^\| `{re.escape(name)}` \|.*$", page, re.MULTILINE)
        assert row, name
        if ".NAME." not in name:
            assert f"`{PREFIX}{name.upper().replace('.', '__')}`" in row[0]
    for variable in (*KEY_VARIABLES, *ALIASES):
        assert f"`{variable}`" in page


@pytest.mark.req("SECRET-1")
def test_every_sink_is_explained():
    for kind in SINKS:
        assert re.search(rf"^\| `{kind}` \|", PAGES["docs/settings.md"], re.MULTILINE), kind


@pytest.mark.req("SECRET-1")
def test_of_every_sink_it_is_said_what_a_removed_secret_leaves():
    _, _, table = PAGES["docs/secrets.md"].partition("## What a removed secret leaves")
    for kind in SINKS:
        assert re.search(rf"^\| [^|]*`{kind}`[^|]* \|", table, re.MULTILINE), kind
    assert REMOVED in table


class _Options:
    """Takes what the plugin registers, in the place of pytest's parser."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def getgroup(self, name: str, description: str) -> "_Options":
        return self

    def addoption(self, name: str, **_: object) -> None:
        self.names.append(name)

    def addini(self, name: str, _help: str, **_: object) -> None:
        self.names.append(name)


@pytest.mark.req("RUN-1")
def test_every_pytest_option_and_ini_setting_is_explained():
    options = _Options()
    pytest_plugin.pytest_addoption(options)  # type: ignore[arg-type]
    assert options.names
    for name in options.names:
        assert re.search(rf"^\| `{name}[ `]", PAGES["docs/running.md"], re.MULTILINE), name


@pytest.mark.req("RUN-2")
def test_every_fixture_is_explained():
    tree = ast.parse(Path(fixtures.__file__).read_text(encoding="utf-8"))
    names = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("pytest.fixture" in ast.unparse(d) for d in node.decorator_list)
    ]
    assert names
    for name in names:
        assert f"| `{name}` |" in PAGES["docs/running.md"], name


def codes_in_the_package() -> set[str]:
    """Each text of the package that stands for a code, or that looks like one of a family of codes."""
    said: set[str] = set()
    texts: set[str] = set()
    for path in (ROOT / "tokenbroker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _REASON.fullmatch(node.value)
            ):
                texts.add(node.value)
            value = getattr(node, "value", None)
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                named = {target.id for target in _targets(node) if isinstance(target, ast.Name)}
                if (
                    isinstance(node, ast.keyword) and node.arg in ("code", "timeout_code")
                ) or "code" in named:
                    said.add(value.value)
    said |= {code for _, code, _ in failure._TROUBLE}  # a table of foreign messages and our codes for them
    families = {code.partition(".")[0] for code in said if "." in code} | {"policy"}
    files = re.compile(r".*\.(?:json|toml|tmpl|yaml|key|db)")
    return said | {text for text in texts if text.partition(".")[0] in families and not files.fullmatch(text)}


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


@pytest.mark.req("RUN-3")
def test_the_table_of_reason_codes_is_that_of_the_code():
    table = PAGES["docs/running.md"].partition("## Reason codes")[2]
    explained = set(re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE))
    found = codes_in_the_package()
    assert len(found) > 50
    assert explained - found == set()
    assert (
        found - {"interrupted"} - explained == set()
    )  # a step's word in run.json; the run says run.interrupted
    assert "`interrupted`" in table


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", PAGES[page]), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("place", PAGES)
def test_relative_links_lead_somewhere(place):
    for link in _LINK.findall(_FENCE.sub("", PAGES[place])):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / place).parent.joinpath(path).resolve() if path else ROOT / place
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.relative_to(ROOT).as_posix()), link


@pytest.mark.req("FLOW-2")
def test_the_reference_of_the_flow_language_is_up_to_date(script):
    reference = script("docs/make_flow_reference.py")
    assert reference.page(PAGES["docs/flows.md"]) == PAGES["docs/flows.md"], "make docs"
    assert reference.EXAMPLES.keys() == STEPS.keys()


@pytest.mark.req("FLOW-1")
@pytest.mark.parametrize("text", every_fence("yaml"))
def test_each_flow_in_the_pages_loads(text):
    """A whole flow as it stands; steps and keys in a flow that holds what they leave out."""
    body = f"steps:\n{text}" if text.startswith("- ") else text
    names = set(re.findall(r"^(\w+):", body, re.MULTILINE))
    flow = loads("".join(line for key, line in _MINIMAL.items() if key not in names) + body, STEPS)
    assert flow.steps


def test_the_reference_flow_in_the_pages_is_the_one_that_runs():
    flow = (ROOT / "flows/examplecloud/create_api_key.yaml").read_text(encoding="utf-8")
    assert flow in fences("docs/flows.md", "yaml")


@pytest.mark.req("OPS-5")
@pytest.mark.parametrize("text", every_fence("toml"))
def test_each_settings_file_in_the_pages_is_valid(text, tmp_path):
    (tmp_path / "tokenbroker.toml").write_text(text, encoding="utf-8")
    assert load_configuration(tmp_path, {}).root == tmp_path


def test_the_examples_of_extending_work():
    space: dict[str, Any] = {"__name__": "example"}
    for text in fences("docs/extending.md", "python"):
        exec(compile(text, "docs/extending.md", "exec"), space)
    steps = {**STEPS, "hover": space["HOVER"]}
    flow = loads("".join(_MINIMAL.values()) + "  - hover: text=Menu\n", steps)
    assert flow.steps[-1].options == {"selector": "text=Menu"}
    assert space["AlwaysNo"]().unreachable() is None
    assert space["TestVendorSink"].test_a_put_is_found_by_its_id
