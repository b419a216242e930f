"""The cookbook: ten situations, each with a flow that is collected and valid, and stands there as it runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("FLOW-2", "FLOW-5")

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/cookbook.md").read_text(encoding="utf-8")
_FLOW = re.compile(r"^<!-- flow: (\S+) -->\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FOR_EDITORS = "# yaml-language-server: "
SITUATIONS = {
    section.partition("\n")[0]: section
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    if "<!-- flow:" in section
}
FLOWS = [name for section in SITUATIONS.values() for name, _ in _FLOW.findall(section)]


def command(*words: str) -> str:
    """What the module prints that `words` name and give arguments; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_are_ten_situations_with_a_flow_of_their_own():
    assert len(SITUATIONS) == len(set(FLOWS)) == len(FLOWS) == 10


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_shows_the_file_byte_by_byte_links_it_and_says_what_to_change(situation):
    section = SITUATIONS[situation]
    ((name, shown),) = _FLOW.findall(section)
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
    assert shown == "".join(lines[1:] if lines[0].startswith(_FOR_EDITORS) else lines)
    said = section.rpartition("```")[2]
    assert said.startswith(f"\n\n[`{name}`](../{name}). For your site: ")


def test_make_flows_collects_every_flow_of_the_page():
    told = command("pytest", "flows/", "--collect-only", "-q", "-p", "no:cacheprovider")
    assert set(FLOWS) <= {line.partition("::")[0] for line in told.splitlines()}


def test_nothing_is_found_against_the_flows_of_the_page():
    assert command("tokenbroker", "validate", *FLOWS).startswith("10 files checked: 0 findings")


def test_the_page_is_up_to_date(script):
    assert script("docs/make_cookbook.py").page(PAGE) == PAGE, "make docs"


def test_a_marker_gets_its_flow_whether_it_has_none_or_an_old_one(script):
    cookbook = script("docs/make_cookbook.py")
    marker = f"<!-- flow: {FLOWS[0]} -->\n"
    wanted = f"{marker}```yaml\n{cookbook.flow_text(FLOWS[0])}```\n\nwords\n"
    for old in ("", "```yaml\nversion: 1\n```\n"):
        assert cookbook.page(f"{marker}{old}\nwords\n") == wanted


def test_a_flow_that_is_gone_fails_the_check_in_one_line(script, tmp_path, monkeypatch, capsys):
    cookbook = script("docs/make_cookbook.py")
    monkeypatch.setattr(cookbook, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / cookbook.PAGE).write_text("<!-- flow: flows/gone.yaml -->\n", encoding="utf-8")
    assert cookbook.main(["--check"]) == 1
    assert "flows/gone.yaml" in capsys.readouterr().err
