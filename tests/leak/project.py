"""A project as a person has one: settings, a conftest, flows, a filled home; everything below one folder."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import x25519

from tests.leak.canary import Canaries, Canary
from tests.leak.example_site import KEYS_ORIGIN, ORIGIN, ExampleSite
from tests.leak.flow_texts import Written
from tokenbroker.broker import Broker
from tokenbroker.evidence.bundle.keys import bundle_keys
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
    return SITE["origins"]


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
    """The folders of one run; `root` holds all of them and is what is searched.

    `auditor` opens its bundles, if somebody was named; else the home does.
    """

    root: Path
    auditor: x25519.Identity | None = field(default=None, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the environment: where the store is, if that is not the home's own."""

    @property
    def folder(self) -> Path:
        """Where pytest is started."""
        return self.root / "project"

    @property
    def home(self) -> Path:
        """The store and the spool."""
        return self.root / "home"

    @property
    def key_file(self) -> Path:
        """Where the master key of the home is kept."""
        return self.root / "home.key"

    @property
    def temporary(self) -> Path:
        """The TMPDIR of the run."""
        return self.root / "tmp"

    @property
    def out(self) -> Path:
        """Terminal output, JUnit, allure's results, pytest's own temporary folder."""
        return self.root / "out"

    def evidence(self, flow: str) -> list[dict[str, Any]]:
        """Each ``run.json`` of the flow of that name."""
        files = sorted((self.folder / "reports").glob(f"*-{flow}-????????/run.json"))
        return [json.loads(file.read_text()) for file in files]

    def broker(self) -> Broker:
        """The home, opened in this process."""
        environ = dict(self.variables)
        return Broker(load_configuration(self.folder, environ), environ=environ)

    def keys(self) -> "HomeKeys":
        """What the home can open and sign with; makes what it has not made yet."""
        with self.broker() as broker:
            keys = bundle_keys(broker.local.store, broker.local.custody.master_key)
            master = base64.b64decode(broker.local.custody.export_key().reveal())
        return HomeKeys(
            identity=keys.identity,
            signing=keys.signing,
            canaries=(
                _key(keys.signing.private_bytes_raw()),
                _key(str(keys.identity).encode()),
                _key(master),
            ),
        )


@dataclass(frozen=True, kw_only=True)
class HomeKeys:
    """The keys of a home, to be looked for: in clear they may stand nowhere, but for the master key in its file."""

    identity: x25519.Identity = field(repr=False)
    signing: Ed25519PrivateKey = field(repr=False)
    canaries: tuple[Canary, ...]


def _key(key: bytes) -> Canary:
    return Canary(kind="key", value=key.decode("latin-1"))


def make_project(
    root: Path,
    site: ExampleSite,
    flows: Iterable[Written],
    *,
    canaries: Canaries | None,
    conftest: str = "",
    settings: str = "",
    person: str = PERSON,
    auditor: x25519.Identity | None = None,
    variables: Mapping[str, str] | None = None,
) -> Project:
    """Write a project below `root`; with `canaries`, its home holds the account's e-mail address and password."""
    project = Project(root=root, auditor=auditor, variables=variables or {})
    if auditor is not None:
        settings += f'[audit]\nrecipients = ["{auditor.to_public()}"]\n'
    for folder in (project.folder / "flows", project.temporary, project.out, root / "user"):
        folder.mkdir(parents=True)
    (project.folder / "tokenbroker.toml").write_text(SETTINGS.replace("{more}", settings))
    (project.folder / "pytest.ini").write_text("[pytest]\n")
    (project.folder / "conftest.py").write_text(CONFTEST + person + conftest)
    origins = {ORIGIN: site.url, KEYS_ORIGIN: site.keys_url}
    places = {"origins": origins, "url": site.url, "phone": site.phone_url}
    (project.folder / "site.json").write_text(json.dumps(places))
    for flow in flows:
        (project.folder / "flows" / f"{flow.name}.yaml").write_text(flow.text)
    if canaries is not None:
        with project.broker() as broker:
            for canary in (canaries.email, canaries.password):
                path = f"example.{canary.kind}"
                broker.sink("local").put(path, Secret(canary.value), put_id=f"leak-{path}", actor="harness")
    return project
