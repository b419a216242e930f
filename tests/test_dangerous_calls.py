"""Calls that a product which holds secrets does without."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for room in ("tokenbroker", "demo_site") for path in (ROOT / room).rglob("*.py"))
PICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve", "jsonpickle"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
SAFE_LOADERS = {"yaml.SafeLoader", "yaml.CSafeLoader"}
YAML_READERS = {
    f"yaml.{name}{all_}" for name in ("load", "compose", "parse", "scan") for all_ in ("", "_all")
}


def dangers(source: str) -> Iterator[str]:
    """What `source` does that it must not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            yield from sorted(name for name in names if name.partition(".")[0] in PICKLERS)
            if isinstance(node, ast.ImportFrom) and node.module == "yaml":
                yield "from yaml import"  # else the calls below could hide behind another name
        if isinstance(node, ast.Call):
            yield from _dangers_of_call(node)


def _dangers_of_call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    if name in ("eval", "exec", "__import__") or name in SHELLS:
        yield name
    if given.get("shell", "False") != "False":
        yield "shell"
    if given.get("verify") == "False" or "_create_unverified_context" in name:
        yield "verify=False"
    if name in ("yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load", "yaml.full_load_all"):
        yield name
    if name in YAML_READERS:
        loader = given.get("Loader") or (ast.unparse(node.args[1]) if len(node.args) > 1 else "")
        if loader not in SAFE_LOADERS:
            yield f"{name} without a safe loader"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_makes_a_dangerous_call(path: Path) -> None:
    assert list(dangers(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import os, marshal",
        "eval('1')",
        "exec(text)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "yaml.load_all(text, yaml.FullLoader)",
        "yaml.unsafe_load(text)",
        "from yaml import load",
        "subprocess.run('ls', shell=True)",
        "subprocess.run('ls', shell=flag)",
        "os.system('ls')",
        "httpx.get(url, verify=False)",
        "ssl._create_unverified_context()",
    ],
)
def test_the_search_finds_each_danger(source: str) -> None:
    assert len(list(dangers(source))) >= 1


@pytest.mark.parametrize(
    "source",
    [
        "yaml.load(text, Loader=yaml.CSafeLoader)",
        "yaml.safe_load(text)",
        "json.load(file)",
        "subprocess.run(['ls'], shell=False)",
        "httpx.get(url, verify=context)",
        "page.evaluate('1')",
    ],
)
def test_the_search_leaves_what_is_safe_alone(source: str) -> None:
    assert list(dangers(source)) == []
