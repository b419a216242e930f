"""A project as a person has one: settings, a conftest, flows, a filled home; everything below one folder."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.leak.example_site import ORIGIN, ExampleSite
from tests.leak.flow_texts import FlowText
from tests.leak.search import Canaries
from tokenbroker.broker import Broker
from tokenbroker.secret import Secret
from tokenbroker.settings import load_configuration

SETTINGS = """home = "../home"
{more}
[sinks.bitwarden]
type = "local"
"""
CONFTEST = '''"""What a project with a test site writes."""
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tokenbroker.human.channels import SimulatedPerson
from tokenbroker.human.checkpoint import Answer, Outcome
from tokenbroker.human.phone import PhonePage

SITE = json.loads(Path(__file__).with_name("site.json").read_text())


@pytest.fixture(scope="session")
def origin_map():
    return {SITE["origin"]: SITE["url"]}


class Unwilling:
    name = "unwilling"

    def unreachable(self):
        return None

    def ask(self, checkpoint, page_says):
        return Answer(outcome=Outcome.DENIED, who="somebody", channel=self.name, at=datetime.now(UTC))

'''
PERSON = """

@pytest.fixture
def human_checkpoint(request):
    if request.node.name == "denied":
        return Unwilling()
    return SimulatedPerson(PhonePage(SITE["phone"], lambda: request.getfixturevalue("flow_browser")))
"""


@dataclass(frozen=True, kw_only=True)
class Project:
    """The folders of one run; `root` holds all of them and is what is searched."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where pytest is started."""
        return self.root / "project"

    @property
    def home(self) -> Path:
        """The store and the spool."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """The TMPDIR of the run."""
        return self.root / "tmp"

    @property
    def out(self) -> Path:
        """Terminal output, JUnit, allure's results, pytest's own temporary folder."""
        return self.root / "out"

    def evidence(self, flow: str) -> list[dict[str, object]]:
        """Each ``run.json`` of the flow of that name."""
        files = sorted((self.folder / "reports").glob(f"*-{flow}-????????/run.json"))
        return [json.loads(file.read_text()) for file in files]


def make_project(
    root: Path,
    site: ExampleSite,
    flows: Iterable[FlowText],
    *,
    canaries: Canaries | None,
    conftest: str = "",
    settings: str = "",
    person: str = PERSON,
) -> Project:
    """Write a project below `root`; with `canaries`, its home holds the account's e-mail address and password."""
    project = Project(root=root)
    for folder in (project.folder / "flows", project.temporary, project.out, root / "user"):
        folder.mkdir(parents=True)
    (project.folder / "tokenbroker.toml").write_text(SETTINGS.replace("{more}", settings))
    (project.folder / "pytest.ini").write_text("[pytest]\n")
    (project.folder / "conftest.py").write_text(CONFTEST + person + conftest)
    places = {"origin": ORIGIN, "url": site.url, "phone": site.phone_url}
    (project.folder / "site.json").write_text(json.dumps(places))
    for flow in flows:
        (project.folder / "flows" / f"{flow.name}.yaml").write_text(flow.text)
    if canaries is not None:
        with Broker(load_configuration(project.folder, {}), environ={}) as broker:
            for canary in (canaries.email, canaries.password):
                path = f"example.{canary.kind}"
                broker.sink("local").put(path, Secret(canary.value), put_id=f"leak-{path}", actor="harness")
    return project
