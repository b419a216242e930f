"""`--no-human=skip-test`: a flow that needs a person where none can be reached is skipped, but never hides a key."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import SETTINGS, Project, marking_browser
from tests.run.steps.conftest import PageSite

pytestmark = [pytest.mark.req("HUMAN-2"), pytest.mark.browser]

SKIP = ("--no-human=skip-test", "-rs")
ASK = '  - wait_human: { reason: "May it go on?" }\n'
BY_HAND = '  - wait_human: { reason: "Sort the pictures", kind: action }\n'
CAPTCHA = "<div class=g-recaptcha data-sitekey=demo-only>I am no robot</div>"
BEHIND_A_CAPTCHA = '  - click: "#behind"\n    timeout: 500ms\n'
PRESS = '  - click: { selector: "#make", creates: { name: Reporting } }\n'
CAPTURE_NO_MORE = '  - capture_token: { selector: "#never-shown", secret_ref: "bitwarden:example/key" }\n'
CAPTURE = '  - capture_token: { selector: "#key", secret_ref: "bitwarden:example/key" }\n'
NO_CAPTCHA = "<!doctype html><p>no CAPTCHA here</p>"
PERSON = """
import pytest


class Person:
    name = "a person"

    def unreachable(self):
        return None

    def ask(self, checkpoint, page_says):
        raise AssertionError("nobody was to be asked")


@pytest.fixture
def human_checkpoint():
    return Person()
"""


@pytest.fixture
def site() -> Iterator[PageSite]:
    made = PageSite()
    made.pages["/"] = (
        f"<!doctype html><button id=make>Make</button><code id=key>demo-only-shown-key</code>{CAPTCHA}"
    )
    yield made
    made.close()


def flow(project: Project, site: PageSite, steps: str, *, head: str = "") -> None:
    project.flow("needs", f"  - navigate: {site.origin}/\n{steps}", head=head)


def record(project: Project) -> dict[str, Any]:
    """What the one run has left as evidence."""
    (file,) = project.folder.glob("reports/*/run.json")
    found: dict[str, Any] = json.loads(Path(file).read_text())
    return found


def ends(project: Project) -> list[str]:
    """How the audit says that runs have ended."""
    return [result for action, _, result in project.audit() if action == "finish_flow"]


@pytest.mark.parametrize(
    ("steps", "head"),
    [(ASK, ""), ("", "policy: { approval: required }\n")],
    ids=["a step", "the approval"],
)
def test_a_flow_that_needs_a_person_is_skipped_before_a_browser_starts_with_its_code_and_sentence(
    project: Project, site: PageSite, steps: str, head: str
) -> None:
    program, mark = marking_browser(project.folder)
    project.variables["TOKENBROKER_BROWSER"] = str(program)
    flow(project, site, steps, head=head)
    failed = project.pytest("-rs")
    assert failed.outcomes() == {"failed": 1}, "by default it fails"
    ended = project.pytest(*SKIP)
    assert (ended.code, ended.outcomes()) == (0, {"skipped": 1}), ended.text
    (reason,) = [line for line in ended.out.splitlines() if line.startswith("SKIPPED")]
    assert "human.unreachable: " in reason
    assert "and this process has no terminal" in reason
    assert not mark.exists()


@pytest.mark.req("RUN-7", "AUDIT-1")
@pytest.mark.parametrize(
    "workers", [(), pytest.param(("-n", "1"), marks=pytest.mark.soak)], ids=["alone", "in a worker"]
)
@pytest.mark.parametrize(
    ("steps", "code"), [(BEHIND_A_CAPTCHA, "human.captcha"), (BY_HAND, "human.no_window")]
)
def test_in_mid_run_too_it_is_skipped_and_the_evidence_and_the_audit_say_how_the_run_ended(
    project: Project, site: PageSite, workers: tuple[str, ...], steps: str, code: str
) -> None:
    project.write("conftest.py", PERSON)
    flow(project, site, steps)
    if steps == BY_HAND:
        site.pages["/"] = NO_CAPTCHA
    ended = project.pytest(*SKIP, *workers)
    assert (ended.code, ended.outcomes()) == (0, {"skipped": 1}), ended.text
    assert f"{code}: " in ended.out
    assert "evidence:" in ended.out
    assert (record(project)["status"], record(project)["failure"]["code"]) == ("failed", code)
    assert ends(project) == [code]
    failed = project.pytest("-rs")
    assert failed.outcomes() == {"failed": 1}, "by default it fails"


@pytest.mark.req("RUN-7", "RUN-10")
@pytest.mark.parametrize(
    ("steps", "named"),
    [
        (PRESS + BEHIND_A_CAPTCHA + CAPTURE_NO_MORE, "the key 'Reporting' may have been created"),
        (PRESS + BEHIND_A_CAPTCHA, "human.captcha"),
        (CAPTURE + BEHIND_A_CAPTCHA, "bitwarden:example/key@1"),
    ],
    ids=["may have been made", "was made and is not to be captured", "was captured"],
)
def test_where_a_key_was_or_may_have_been_made_it_fails_and_names_it(
    project: Project, site: PageSite, steps: str, named: str
) -> None:
    project.write("tokenbroker.toml", SETTINGS)
    project.write("conftest.py", PERSON)
    flow(project, site, steps)
    ended = project.pytest(*SKIP)
    assert ended.outcomes() == {"failed": 1}, ended.text
    assert "human.captcha: " in ended.out
    assert named in ended.out
    assert ends(project) == ["human.captcha"]


def test_a_run_whose_evidence_can_t_be_written_is_not_skipped(project: Project, site: PageSite) -> None:
    no_record = (
        "\n\n@pytest.fixture(autouse=True)\ndef no_evidence(monkeypatch):\n"
        "    from tokenbroker.evidence.collect import Evidence\n\n"
        "    def full(*_):\n        raise OSError(28, 'No space left on device')\n\n"
        "    monkeypatch.setattr(Evidence, 'finish', full)\n"
    )
    project.write("conftest.py", PERSON + no_record)
    site.pages["/"] = NO_CAPTCHA
    flow(project, site, BY_HAND)
    ended = project.pytest(*SKIP)
    assert ended.outcomes() == {"failed": 1}, ended.text
    assert "human.no_window: " in ended.out
    assert "the evidence could not be written" in ended.out


def test_another_failure_is_no_reason_to_skip(project: Project, site: PageSite) -> None:
    project.write("conftest.py", PERSON)
    site.pages["/"] = NO_CAPTCHA
    flow(project, site, BEHIND_A_CAPTCHA)
    assert project.pytest(*SKIP).outcomes() == {"failed": 1}
