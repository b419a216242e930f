"""The demo behind the flows: one site, one account and one home for each worker of a test session."""

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from demo_site.launch import SERVICES, Account, RunningDemo, SeedKey, generate_account, start
from tokenbroker.broker import Broker
from tokenbroker.clock import midnight
from tokenbroker.human.channels import SimulatedPerson
from tokenbroker.human.phone import PhonePage
from tokenbroker.secret import Secret
from tokenbroker.store.jobs import begin_job, finish_job, runs_since

SITE = "https://console.example.com"
KEYS_SITE = "https://keys.example.com"
SEEDED = "Retired integration"
ONCE_A_DAY = "examplecloud/too_many_runs"
NOTEBOOK = "Personal notebook token"
TEAMS = ("billing", "search")


@pytest.fixture(scope="session")
def tokenbroker_home(tokenbroker_home: Path) -> Path:
    """The home of the settings, and beside it one for each worker: workers don't share an account."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    return tokenbroker_home.with_name(f"{tokenbroker_home.name}-{worker}") if worker else tokenbroker_home


@pytest.fixture(scope="session")
def demo_account() -> Account:
    """An account made for this session, with a key for each flow that revokes one."""
    keys = [SeedKey(name=name, scopes=("read",)) for name in (SEEDED, NOTEBOOK)]
    keys += [SeedKey(name=SEEDED, service=service.slug) for service in SERVICES]
    return generate_account(keys=tuple(keys))


@pytest.fixture(scope="session")
def demo_accounts(demo_account: Account) -> Mapping[str, Account]:
    """The accounts by the names that the flows' references begin with; teams have one each."""
    return {"example": demo_account} | {team: generate_account() for team in TEAMS}


@pytest.fixture(scope="session")
def demo(
    tmp_path_factory: pytest.TempPathFactory, demo_accounts: Mapping[str, Account]
) -> Iterator[RunningDemo]:
    """Example Cloud, in a process of its own."""
    database = tmp_path_factory.mktemp("demo") / "site.sqlite"
    with start(database=database, accounts=[*demo_accounts.values()]) as site:
        yield site


@pytest.fixture(scope="session")
def tokenbroker_broker(tokenbroker_broker: Broker, demo_accounts: Mapping[str, Account]) -> Broker:
    """The home, filled with what a person would have put there with `tokenbroker secrets put`."""
    sink = tokenbroker_broker.sink("local")
    session = secrets.token_hex(8)  # an id is kept in clear: nothing of the account is in it
    for name, account in demo_accounts.items():
        for path, value in ((f"{name}.email", account.email), (f"{name}.password", account.password)):
            sink.put(path, Secret(value), put_id=f"demo-{session}-{path}", actor="demo")
    _begin_todays_run(tokenbroker_broker)
    return tokenbroker_broker


def _begin_todays_run(broker: Broker) -> None:
    """The one run a day that the flow `policy/too_many_runs.yaml` allows has begun already."""
    store = broker.local.store
    if not runs_since(store, ONCE_A_DAY, midnight(broker.clock())):
        job_id = begin_job(store, flow_id=ONCE_A_DAY, mode="semi_auto", actor="demo", clock=broker.clock)
        finish_job(store, job_id, status="passed", actor="demo", clock=broker.clock)


@pytest.fixture(scope="session")
def origin_map(demo: RunningDemo) -> Mapping[str, str]:
    """Every address of the demo leads to a port of this machine: the console, the frames it embeds, Example ID and its
    services."""
    return {SITE: demo.url, KEYS_SITE: demo.keys_url, **demo.sign_on_origins}


@pytest.fixture
def human_checkpoint(
    demo: RunningDemo, demo_accounts: Mapping[str, Account], request: pytest.FixtureRequest
) -> SimulatedPerson:
    """The demo's person, who reads codes on the phone page, approves there, and solves puzzles in the page.

    A case of a matrix is named as its account: that one's phone is at hand.
    """
    account = demo_accounts.get(request.node.flow.case, demo_accounts["example"])
    phone = demo.phones[account.email]
    return SimulatedPerson(PhonePage(phone, lambda: request.getfixturevalue("flow_browser")))
