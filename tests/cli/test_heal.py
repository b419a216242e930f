"""`tokenbroker heal`: a run that was healed proposes a patch of its flow, which nothing applies unasked (RESIL-3)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
    assert all("`tokenbroker heal` shows how" in note for note in healed["notes"] if "healed" in note)

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
