"""What a person does by hand at each console becomes a spec that is green under Playwright Test, and a flow that is."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo_site.launch import Account, RunningDemo, SeedKey, generate_account, start
from tests.peers.playwright_test.runner import PlaywrightTest, Ran
from tests.project import SETTINGS, Ended, Project
from tests.record.by_hand.conftest import open_to_others
from tests.record.by_hand.journeys import EARLIER, FINISH, JOURNEYS, begins_at, sign_in
from tests.record.by_hand.recorded import Recorded, record_journey, replay

pytestmark = [pytest.mark.browser, pytest.mark.req("REC-1", "REC-4")]

USUAL = ("device_key",)
"""A question on the phone; `make soak` does all."""
FLOW = "create_token"
AT_ONCE = 3
CONSOLES = [
    *(pytest.param(each, id=each) for each in USUAL),
    *(pytest.param(each, id=f"{each}-long", marks=pytest.mark.soak) for each in JOURNEYS),
]


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """One console: what was recorded there, and how the flow fared; or why there is none."""

    recorded: Recorded | None = None
    validated: Ended | None = None
    replayed: Ended | None = None
    failure: str = ""


@pytest.fixture(scope="module")
def accounts() -> Mapping[str, Account]:
    """One for each console: none meets another's keys or codes."""
    return {console: generate_account(keys=(SeedKey(name=EARLIER),)) for console in JOURNEYS}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, accounts: Mapping[str, Account]) -> Iterator[RunningDemo]:
    database = tmp_path_factory.mktemp("demo") / "site.sqlite"
    with start(database=database, accounts=[*accounts.values()]) as site:
        yield site


@pytest.fixture(scope="module")
def sittings(
    request: pytest.FixtureRequest,
    peers: Path,
    demo: RunningDemo,
    accounts: Mapping[str, Account],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, Sitting]]:
    """Every console that a chosen test is about, recorded and replayed, several at once."""
    folder = tmp_path_factory.mktemp("recorded")
    chosen = [console for console in JOURNEYS if console in _asked_for(request)]
    projects = {console: Project(folder=folder / console) for console in chosen}
    for console, project in projects.items():
        project.attach_demo(demo, accounts[console])
        project.settle(SETTINGS, origins=f'"https://keys.example.com" = "{demo.keys_url}"\n')
        project.play_person()
        open_to_others(project)
    with ThreadPoolExecutor(AT_ONCE) as several:
        sat = several.map(lambda console: _sit(projects[console], console), chosen)
        yield dict(zip(chosen, sat, strict=True))
    assert [left for project in projects.values() for left in project.end_processes()] == []


def _asked_for(request: pytest.FixtureRequest) -> set[str]:
    items = (each for each in request.session.items if each.path == request.path)
    return {each.callspec.params["console"] for each in items if isinstance(each, pytest.Function)}


def _sit(project: Project, console: str) -> Sitting:
    account = project.account
    assert account is not None
    acts = [*sign_in(account.email, account.password), *JOURNEYS[console], FINISH]
    try:
        # A site of its own: its name is in what the spec reads its account from.
        recorded = record_journey(project, acts, site=console, flow=FLOW, url=begins_at(console))
    except AssertionError as failure:
        return Sitting(failure=str(failure))
    validated = project.tokenbroker("validate", recorded.name)
    return Sitting(recorded=recorded, validated=validated, replayed=replay(project, recorded))


@pytest.fixture(scope="module")
def ran(
    playwright_test: PlaywrightTest,
    demo: RunningDemo,
    accounts: Mapping[str, Account],
    sittings: Mapping[str, Sitting],
    tmp_path_factory: pytest.TempPathFactory,
) -> Ran:
    """All the specs, run by one call."""
    recorded = {console: each.recorded for console, each in sittings.items() if each.recorded is not None}
    variables = {"CONSOLE_EXAMPLE_COM_URL": demo.url, "KEYS_EXAMPLE_COM_URL": demo.keys_url}
    for console, made in recorded.items():
        variables |= {f"{console.upper()}_EMAIL": accounts[console].email}
        variables |= {f"{console.upper()}_PASSWORD": accounts[console].password}
        variables |= {f"PARAM_{name.upper()}": value for name, value in made.params.items()}
    return playwright_test.run(
        tmp_path_factory.mktemp("specs") / "project",
        {f"{console}/{FLOW}.spec.ts": made.spec for console, made in recorded.items()},
        variables=variables,
        phones={f"{console}/{FLOW}": demo.phones[accounts[console].email] for console in recorded},
    )


@pytest.mark.parametrize("console", CONSOLES)
def test_a_recording_becomes_a_flow_that_validates_and_replays(
    console: str, sittings: Mapping[str, Sitting], accounts: Mapping[str, Account]
) -> None:
    sitting = sittings[console]
    assert sitting.recorded is not None, sitting.failure
    assert "no findings" in sitting.recorded.screen
    assert sitting.validated is not None
    assert sitting.validated.code == 0, sitting.validated.text
    assert sitting.replayed is not None
    assert sitting.replayed.code == 0, f"{sitting.recorded.yaml}\n{sitting.replayed.text}"
    for text in (sitting.recorded.yaml, sitting.recorded.spec, sitting.recorded.screen):
        assert accounts[console].email not in text
        assert accounts[console].password not in text


@pytest.mark.parametrize("console", CONSOLES)
def test_its_spec_gets_a_token_that_is_the_accounts(
    console: str,
    sittings: Mapping[str, Sitting],
    ran: Ran,
    demo: RunningDemo,
    accounts: Mapping[str, Account],
) -> None:
    sitting = sittings[console]
    assert sitting.recorded is not None, sitting.failure
    title = f"{console}/{FLOW}"
    assert ran.outcomes.get(title) == "passed", f"{sitting.recorded.spec}\n{ran.output}"
    (kept,) = (each for each in ran.kept if each.title == title)
    live = {each.key_sha256 for each in demo.live_keys() if each.account_email == accounts[console].email}
    assert kept.sha256 in live
