"""`tokenbroker heal`: a run that was healed proposes a patch of its flow, which nothing applies unasked (RESIL-3)."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo_site import launch
from demo_site.launch import generate_account, start
from tests.evidence.healing.records import RUN, TEXT, leave, record
from tests.project import Ended, Project
from tests.run.steps.conftest import PageSite

pytestmark = pytest.mark.req("RESIL-3")

PAGE = """<!doctype html><title>t</title><main><h1>Keys</h1>
<form onsubmit="this.outerHTML = '<p class=done>Created</p><code class=token id=token>exk_demo_0123456789abcdef</code>'; return false">
<label for=title>Title</label><input id=title><input id=pin type=password aria-label=Pin>
<button id=make>Create key</button></form></main>"""
REDESIGNED = (
    PAGE.replace("Create key", "Add key")
    .replace("id=title", "id=key-title")
    .replace("for=title", "for=key-title")
)
STEPS = """\
steps:
  - navigate: "{origin}/"
  - type:
      selector:
        - label: Title          # as the page calls it
        - css: '#title'         # as its makers do
      value: ci
  - click:
      selector: [{{ role: button, name: "Create key" }}, {{ css: "#make" }}, {{ xpath: "//form/button" }}]  # the press
      creates: {{ name: ci }}
  - expect: ".done"
"""


def flow(origin: str, steps: str = STEPS) -> str:
    head = "# Gets a key, for a test.\nversion: 1\nsite: example\nflow: keys\nallowed_automation: semi_auto\n"
    return head + steps.format(origin=origin)


@pytest.fixture
def site() -> Iterator[PageSite]:
    made = PageSite()
    made.pages["/"] = PAGE
    yield made
    made.close()


@pytest.fixture
def file(project: Project, site: PageSite) -> Path:
    return project.write("flows/keys.yaml", flow(site.origin))


def ran(project: Project, *options: str) -> dict[str, Any]:
    """A run of the flow that passes; answers its record."""
    ended = project.tokenbroker("run", "flows/keys.yaml", "--no-pictures", "--json", *options)
    assert ended.code == 0, ended.text
    record = Path(project.folder, json.loads(ended.out)["evidence"], "run.json")
    return json.loads(record.read_text())


def heal(project: Project, *options: str) -> Ended:
    return project.tokenbroker("heal", "flows/keys.yaml", *options)


@pytest.mark.browser
def test_after_a_redesign_the_run_passes_heal_shows_the_patch_and_only_apply_writes_it(
    project: Project, site: PageSite, file: Path
) -> None:
    before = file.read_bytes()
    site.pages["/"] = REDESIGNED
    healed = ran(project)
    assert [bool(each["target"] and each["target"]["healed"]) for each in healed["steps"]] == [
        False, True, True, False,
    ]  # fmt: skip
    assert healed["notes"][-1] == "`tokenbroker heal` shows what would mend the flow, as a patch"

    shown = heal(project)
    assert (shown.code, file.read_bytes()) == (1, before), shown.text
    assert healed["run"] in shown.out
    assert "role failed; css, xpath led to the element" in shown.out
    patch = [line for line in shown.out.splitlines() if line.startswith(("+ ", "- "))]
    assert patch == [
        "-        - css: '#title'         # as its makers do",
        "+        - css: '#key-title'         # as its makers do",
        '-      selector: [{ role: button, name: "Create key" }, { css: "#make" }, { xpath: "//form/button" }]  # the press',
        '+      selector: [{ role: button, name: "Add key" }, { css: "#make" }, { xpath: "//form/button" }]  # the press',
    ]

    applied = heal(project, "--apply")
    assert applied.code == 0, applied.text
    after = before.replace(b"'#title'", b"'#key-title'").replace(b"Create key", b"Add key")
    assert file.read_bytes() == after
    assert heal(project).refusal() == "heal.flow_changed"

    again = ran(project, "--again")
    assert [each["target"]["failed"] for each in again["steps"] if each["target"]] == [[], []]
    assert not any("healed" in note for note in again["notes"])
    nothing = heal(project)
    assert (nothing.code, "nothing is to be mended" in nothing.out) == (0, True)


ROOT = Path(__file__).resolve().parents[2]
REDESIGN = {
    'for="name"': 'for="key_name"',
    'id="name"': 'id="key_name"',
    ">Create</button>": ">Make key</button>",
}


@pytest.mark.browser
@pytest.mark.soak
def test_the_demos_flow_is_mended_after_a_redesign_of_its_site(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "demo_site", tmp_path / "site" / "demo_site")
    page = tmp_path / "site/demo_site/templates/new_key.html"
    text = page.read_text()
    for before, after in REDESIGN.items():
        assert before in text
        text = text.replace(before, after)
    page.write_text(text)
    # The site is started from the folder that its launcher lies in.
    monkeypatch.setattr(launch, "__file__", str(tmp_path / "site/demo_site/launch.py"))
    account = generate_account()
    with start(database=tmp_path / "site.sqlite", accounts=[account]) as site:
        project.attach_demo(site, account)
        project.play_person()
        flow = (ROOT / "flows/examplecloud/create_api_key_with_sets.yaml").read_text()
        file = project.write("flows/keys.yaml", flow)
        ran(project)
        assert heal(project).code == 1
        assert file.read_text() == flow
        assert heal(project, "--apply").code == 0
        assert file.read_text().partition("fingerprint:")[0] == flow.partition("fingerprint:")[0].replace(
            "#name", "#key_name"
        ).replace('name: "Create" }', 'name: "Make key" }')
        again = ran(project, "--again")
    assert not any(each["target"] and each["target"]["failed"] for each in again["steps"])


@pytest.fixture
def told(project: Project) -> Path:
    """A flow of which a run, made by hand, proposes a patch."""
    leave(project.folder / "reports", record())
    return project.write("flows/keys.yaml", TEXT)


def test_before_any_run_it_says_what_to_do(project: Project) -> None:
    project.write("flows/keys.yaml", TEXT)
    ended = heal(project)
    assert (ended.code, ended.refusal()) == (2, "heal.no_run")
    assert "to do: run it: tokenbroker run flows/keys.yaml" in ended.err
    assert project.tokenbroker("heal", "flows/none.yaml").refusal() == "usage"
    assert not project.home.exists()


def test_a_newer_run_that_failed_is_named_and_is_a_finding(project: Project, told: Path) -> None:
    newer = "20261120T130000-keys-4567cdef"
    healthy = record(healed=False, failed=[], agreed=["role", "css", "xpath"])
    leave(project.folder / "reports", healthy)
    assert heal(project).code == 0
    leave(project.folder / "reports", {**record(run=newer), "status": "failed"})
    ended = heal(project)
    assert (ended.code, newer in ended.out) == (1, True)


def test_of_a_flow_without_sets_it_says_that_there_is_nothing_to_heal(project: Project, told: Path) -> None:
    said = record()
    for step in said["steps"]:
        step["target"] = None
    leave(project.folder / "reports", said)
    ended = heal(project)
    assert (ended.code, "none of its steps has a selector set" in ended.out) == (0, True), ended.text


def test_where_no_run_has_passed_it_says_that_a_patch_takes_one(project: Project) -> None:
    project.write("flows/keys.yaml", TEXT)
    leave(project.folder / "reports", {**record(), "status": "failed"})
    ended = heal(project)
    assert (ended.code, ended.refusal()) == (2, "heal.no_run")
    assert "a patch takes a run that passed" in ended.err


def test_what_is_no_record_of_a_run_ends_it_and_nothing_is_written(project: Project, told: Path) -> None:
    leave(project.folder / "reports", "{}", folder=RUN)
    ended = heal(project, "--apply")
    assert (ended.code, ended.refusal()) == (2, "heal.bad_record")
    assert told.read_text() == TEXT


def test_as_json_a_machine_reads_the_same(project: Project, told: Path) -> None:
    ended = heal(project, "--json")
    said = json.loads(ended.out)
    assert (ended.code, said["applied"], said["run"]) == (1, False, RUN)
    (step,) = said["steps"]
    assert step["changes"] == [
        {"was": {"role": "button", "name": "Create"}, "becomes": {"role": "button", "name": "Add key"}},
        {"was": {"xpath": "//form/button"}, "becomes": None},
    ]
    assert (step["failed"], step["agreed"], step["fingerprint"]) == (
        ["role", "xpath"],
        ["css"],
        ["name", "form"],
    )
    assert told.read_text() == TEXT
    applied = heal(project, "--apply", "--json")
    assert (applied.code, json.loads(applied.out)["applied"]) == (0, True)


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no `patch` here")
def test_what_is_shown_is_a_patch_that_patch_takes(project: Project, told: Path) -> None:
    patch = json.loads(heal(project, "--json").out)["patch"]
    project.write("shown.patch", patch + "\n")
    assert project.run("patch", "-p0", "-i", "shown.patch").code == 0
    by_patch = told.read_text()
    told.write_text(TEXT)
    assert heal(project, "--apply").code == 0
    assert told.read_text() == by_patch


def test_the_line_ends_and_the_byte_order_mark_of_the_file_stay(project: Project, told: Path) -> None:
    text = TEXT.replace("\n", "\r\n")
    leave(project.folder / "reports", record(text))
    told.write_bytes(b"\xef\xbb\xbf" + text.encode())
    ended = heal(project, "--apply")
    assert ended.code == 0, ended.text
    raw = told.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf# The flow.\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == TEXT.count("\n") - 1
    assert b"Add key" in raw


def test_what_has_to_be_done_by_hand_is_a_finding_that_apply_does_not_settle(
    project: Project, told: Path
) -> None:
    leave(project.folder / "reports", record(mend={"by_hand": "frame", "proposals": []}))
    for options in ((), ("--apply",)):
        ended = heal(project, *options)
        assert (ended.code, told.read_text()) == (1, TEXT)
        assert "add `frame` to the step" in ended.out


@pytest.mark.req("SECRET-7")
def test_a_patch_that_leaves_something_to_be_mended_is_written_and_still_a_finding(
    project: Project, told: Path
) -> None:
    proposals = [
        {"number": 0, "family": "role", "act": "replace", "with": {"role": "button", "name": "Add key"}},
        {"number": 2, "family": "xpath", "act": "keep", "with": None},
    ]
    leave(project.folder / "reports", record(mend={"by_hand": "", "proposals": proposals}))
    ended = heal(project, "--apply")
    assert (ended.code, "Add key" in told.read_text()) == (1, True), ended.text


def test_a_secret_that_stands_in_the_file_is_not_printed(project: Project, told: Path) -> None:
    secret = "demo-only-" + "Xk3vN8qT2w"
    text = TEXT.replace('      value_ref: "secrets:pin"\n', f'      value: "{secret}"\n').replace(
        "Pin", "Password"
    )
    leave(project.folder / "reports", record(text))
    told.write_text(text)
    for options in ((), ("--json",), ("--apply",)):
        ended = heal(project, *options)
        assert "Add key" in ended.out
        assert secret not in ended.text
    assert secret in told.read_text()


def test_colours_are_for_terminals(project: Project, told: Path) -> None:
    assert "\x1b" not in heal(project).out
    with project.terminal("heal", "flows/keys.yaml") as terminal:
        assert terminal.end() == 1
        assert "\x1b[32m+          - { role: button, name: Add key }  # words\x1b[0m" in terminal.screen
