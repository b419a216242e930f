"""A spec that is written from a draft runs green under the real Playwright Test, and leaves no secret behind."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from demo_site.launch import Account, RunningDemo, SeedKey, generate_account, start
from tests.leak.canary import Canary
from tests.leak.search import search_tree
from tests.peers.playwright_test.drafts import draft_of
from tests.peers.playwright_test.runner import PlaywrightTest, Ran
from tests.record.emit.hostile import hostile_drafts
from tokenbroker.record.draft import Draft, DraftStep
from tokenbroker.record.emit.spec import emit_spec, spec_path

pytestmark = [pytest.mark.browser, pytest.mark.req("REC-4")]

SHAPE = "exk_live_[A-Za-z0-9]{20,40}"
FLOWS = (
    "create_api_key", "create_api_key_with_sets", "create_key_in_modal", "input_key", "clipboard_key", "embedded_key",
    "shadow_key", "popup_key", "sentence_key", "wrapped_key", "device_key", "captcha_key", "one_key", "deep_link",
    "slow_key", "strict_key",
)  # fmt: skip
WITHOUT_A_SHAPE = ("create_api_key", "wrapped_key", "shadow_key")
WRONG_PASSWORD, WRONG_SHAPE, LATER, AMBIGUOUS = "wrong_password", "wrong_shape", "later", "ambiguous"
"""Specs that fail, and the accounts that they sign in with."""
NOTEBOOK = "Personal notebook token"
"""What the flow `one_key` revokes first."""


@pytest.fixture(scope="module")
def accounts() -> Mapping[str, Account]:
    """One for each flow, by the name that its references begin with: none meets another's keys or codes."""
    return {
        name: generate_account(keys=(SeedKey(name=NOTEBOOK),))
        for name in (*FLOWS, WRONG_PASSWORD, WRONG_SHAPE, LATER, AMBIGUOUS)
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, accounts: Mapping[str, Account]) -> Iterator[RunningDemo]:
    database = tmp_path_factory.mktemp("demo") / "site.sqlite"
    with start(database=database, accounts=[*accounts.values()]) as site:
        yield site


@pytest.fixture(scope="module")
def places(demo: RunningDemo) -> Mapping[str, str]:
    return {"CONSOLE_EXAMPLE_COM_URL": demo.url, "KEYS_EXAMPLE_COM_URL": demo.keys_url}


@pytest.fixture(scope="module")
def ran(
    playwright_test: PlaywrightTest,
    demo: RunningDemo,
    accounts: Mapping[str, Account],
    places: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Ran:
    """All flows as specs, run by one call."""
    drafts = [draft_of(name, account=name, shape="" if name in WITHOUT_A_SHAPE else SHAPE) for name in FLOWS]
    return playwright_test.run(
        tmp_path_factory.mktemp("specs") / "project",
        {spec_path(draft): emit_spec(draft) for draft in drafts},
        variables={**places, **credentials(accounts, FLOWS)},
        phones={f"examplecloud/{name}": demo.phones[accounts[name].email] for name in FLOWS},
    )


@pytest.fixture(scope="module")
def failing(
    playwright_test: PlaywrightTest,
    demo: RunningDemo,
    accounts: Mapping[str, Account],
    places: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Ran:
    """Specs that end in various misfortunes, run with everything switched on that keeps what a page shows."""
    names = (WRONG_PASSWORD, WRONG_SHAPE, LATER, AMBIGUOUS)
    drafts = [_misfortune(name) for name in (*names, "unset")]
    return playwright_test.run(
        tmp_path_factory.mktemp("failing") / "project",
        {spec_path(draft): emit_spec(draft) for draft in drafts},
        variables={
            **places,
            **credentials(accounts, names),
            "WRONG_PASSWORD_PASSWORD": accounts[WRONG_SHAPE].password,
        },
        phones={f"examplecloud/{name}": demo.phones[accounts[name].email] for name in names},
        arguments=("--trace=on",),
        patience_s=3,
    )


def _misfortune(name: str) -> Draft:
    """The flow of the modal, in which something goes wrong."""
    shape = "another_[0-9]{40}" if name == WRONG_SHAPE else SHAPE
    draft = draft_of("create_key_in_modal", account=name, shape=shape)
    *_, capture, close, is_gone = draft.steps
    steps = {
        # What shows the token does not go, for nobody has pressed the button.
        LATER: tuple(step for step in draft.steps if step is not close),
        # The token is shown by one of two.
        AMBIGUOUS: tuple(_of_two(step) if step is capture else step for step in draft.steps),
    }
    assert is_gone.options["state"] == "hidden"
    return replace(draft, flow=name, steps=steps.get(name, draft.steps))


def _of_two(capture: DraftStep) -> DraftStep:
    return replace(capture, options={**capture.options, "selector": f"{capture.options['selector']}, header"})


def secrets(ran: Ran, accounts: Mapping[str, Account], names: tuple[str, ...]) -> tuple[Canary, ...]:
    """What nothing that a run leaves may hold."""
    return (
        *(Canary(kind="token", value=each.token) for each in ran.kept),
        *(Canary(kind="password", value=accounts[name].password) for name in names),
        *(Canary(kind="email", value=accounts[name].email) for name in names),
    )


def credentials(accounts: Mapping[str, Account], names: tuple[str, ...]) -> dict[str, str]:
    """The variables that the specs of `names` read."""
    values = {f"{name.upper()}_EMAIL": accounts[name].email for name in names}
    return values | {f"{name.upper()}_PASSWORD": accounts[name].password for name in names}


@pytest.mark.req("REC-1")
@pytest.mark.parametrize("name", FLOWS)
def test_a_spec_gets_a_token_that_is_its_accounts(
    name: str, ran: Ran, demo: RunningDemo, accounts: Mapping[str, Account]
) -> None:
    assert ran.outcomes.get(f"examplecloud/{name}") == "passed", ran.output
    (kept,) = (each for each in ran.kept if each.title == f"examplecloud/{name}")
    live = {each.key_sha256 for each in demo.live_keys() if each.account_email == accounts[name].email}
    assert kept.sha256 in live


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
def test_no_report_of_a_green_run_holds_a_secret(ran: Ran, accounts: Mapping[str, Account]) -> None:
    assert ran.code == 0, ran.output
    assert list(search_tree(secrets(ran, accounts, FLOWS), ran.folder)) == []


@pytest.mark.leak
@pytest.mark.req("SECRET-7")
def test_no_report_of_a_failing_run_holds_a_secret(failing: Ran, accounts: Mapping[str, Account]) -> None:
    assert set(failing.outcomes.values()) == {"failed"}, failing.output
    assert {each.title for each in failing.kept} == {f"examplecloud/{LATER}"}
    wanted = secrets(failing, accounts, (WRONG_PASSWORD, WRONG_SHAPE, LATER, AMBIGUOUS))
    assert list(search_tree(wanted, failing.folder)) == []
    texts = [path.read_bytes() for path in failing.folder.rglob("*") if path.is_file()]
    assert not any(re.search(SHAPE.encode(), text) for text in texts)  # of specs that got none, too
    pictures = [path.name for path in failing.folder.rglob("*") if path.suffix in (".png", ".webm", ".zip")]
    assert pictures == []


def test_a_missing_variable_is_named_before_anything_is_done(failing: Ran) -> None:
    assert "Set these environment variables first: UNSET_EMAIL, UNSET_PASSWORD" in failing.output


def test_a_token_of_another_shape_is_not_taken(failing: Ran) -> None:
    assert "in vain for a token of the recorded shape" in failing.output


def test_where_nobody_is_there_a_run_without_a_window_says_what_to_do(
    playwright_test: PlaywrightTest, tmp_path: Path
) -> None:
    nobody = tmp_path / "nobody.ts"
    nobody.write_text("export const human = undefined;\nexport const keep = undefined;\n")
    asks = DraftStep(verb="wait_human", options={"reason": "Enter the code"})
    draft = Draft(site="examplecloud", flow="asks", description="", steps=(asks,))
    ran = playwright_test.run(
        tmp_path / "project", {spec_path(draft): emit_spec(draft)}, variables={}, phones={}, person=nobody
    )
    assert ran.outcomes == {"examplecloud/asks": "failed"}
    assert "A person is needed here: Enter the code. Run with --headed" in ran.output


@pytest.mark.req("REC-1")
def test_what_is_written_passes_the_strictest_checks_of_types(
    playwright_test: PlaywrightTest, tmp_path: Path
) -> None:
    drafts = [draft_of(name) for name in FLOWS] + list(hostile_drafts())
    folder = tmp_path / "project"
    playwright_test.lay_out(folder, {f"examplecloud/{n}.spec.ts": emit_spec(d) for n, d in enumerate(drafts)})
    assert playwright_test.complaints(folder) == ""
