"""The fixtures of a flow item; a project's own conftest may override each of them."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from tokenbroker.broker import Broker
    from tokenbroker.human.checkpoint import Channel
    from tokenbroker.run.egress import Egress
    from tokenbroker.settings import Configuration
    from tokenbroker.sinks import Sink


@pytest.fixture(scope="session")
def tokenbroker_configuration(pytestconfig: pytest.Config) -> "Configuration":
    """The settings as seen from pytest's root folder."""
    from tokenbroker.pytest_plugin.withheld import withhold
    from tokenbroker.settings import load_configuration

    return load_configuration(pytestconfig.rootpath, {**os.environ, **withhold(pytestconfig)})


@pytest.fixture(scope="session")
def tokenbroker_home(tokenbroker_configuration: "Configuration") -> Path:
    """The folder of the store and the spool."""
    return tokenbroker_configuration.path(tokenbroker_configuration.settings.home)


@pytest.fixture(scope="session")
def tokenbroker_broker(
    tokenbroker_configuration: "Configuration", tokenbroker_home: Path, request: pytest.FixtureRequest
) -> "Iterator[Broker]":
    """The opened home."""
    from tokenbroker.broker import Broker
    from tokenbroker.pytest_plugin import REDACTOR
    from tokenbroker.pytest_plugin.items import FlowItem
    from tokenbroker.pytest_plugin.withheld import withhold

    flows = [item.flow for item in request.session.items if isinstance(item, FlowItem)]
    names = tuple({name for flow in flows for name in flow.references("env:")})
    environ = withhold(request.config, names, settings=tokenbroker_configuration.settings)
    with Broker(tokenbroker_configuration, environ=environ, home=tokenbroker_home) as broker:
        # At once: a set-up that fails after this has a report too.
        request.config.stash[REDACTOR] = broker.redactor
        broker.take_variables(names)
        yield broker


@pytest.fixture(scope="session")
def origin_map(tokenbroker_configuration: "Configuration") -> Mapping[str, str]:
    """Origins that lead to a loopback address instead: a test site in the place of the real one."""
    return tokenbroker_configuration.settings.origin_map


@pytest.fixture(scope="session")
def secret_sink(tokenbroker_broker: "Broker") -> "Callable[[str], Sink]":
    """Opens the sink of an alias: ``secret_sink("bitwarden").get(path, actor=…)``."""
    return tokenbroker_broker.sink


@pytest.fixture(scope="session")
def flow_browser_is_seen(browser_type_launch_args: dict[str, Any]) -> bool:
    """Whether somebody can see the browser of the flows and act in it."""
    from tokenbroker.run.hands import shows_itself

    is_headless = browser_type_launch_args.get("headless") is not False
    return shows_itself(browser_type_launch_args.get("args", ()), is_headless=is_headless)


@pytest.fixture
def human_checkpoint(
    tokenbroker_broker: "Broker",
    tokenbroker_configuration: "Configuration",
    flow_browser_is_seen: bool,
    pytestconfig: pytest.Config,
) -> "Channel":
    """How a person is asked: at the terminal, and in the page that they see; `tokenbroker approve` at another terminal
    may answer first."""
    from tokenbroker.human.board import Board
    from tokenbroker.human.channels import AnywhereChannel, OverlayChannel, TerminalChannel
    from tokenbroker.pytest_plugin.running import FOLLOWER, Follower

    board = Board(lambda: tokenbroker_broker.local.store)
    waits = tokenbroker_configuration.settings.human.unattended == "wait"
    follower = pytestconfig.stash.get(FOLLOWER, Follower())
    asking = OverlayChannel(TerminalChannel()) if flow_browser_is_seen else TerminalChannel()
    return AnywhereChannel(asking, board, waits=waits, on_waiting=follower.waiting, on_parked=follower.parked)


@pytest.fixture(scope="session")
def tokenbroker_egress() -> "Iterator[Egress]":
    """The allow-list proxy of this process."""
    from tokenbroker.run.egress import Egress

    with Egress() as egress:
        yield egress


@pytest.fixture(scope="session")
def flow_browser(
    tokenbroker_configuration: "Configuration",
    launch_browser: "Callable[..., Browser]",
    browser_type_launch_args: dict[str, Any],
    playwright: "Playwright",
) -> "Iterator[Browser]":
    """The browser of the flows: pytest-playwright starts it, with our arguments added to the project's own."""
    from tokenbroker.run.browser import launch_options, require_display, started
    from tokenbroker.run.chromium import find_browser
    from tokenbroker.run.targets.engine import install

    install(playwright.selectors)
    headed = browser_type_launch_args.get("headless") is False
    found = find_browser(tokenbroker_configuration.settings.browser, headed=headed)
    if headed:
        require_display(os.environ)
    with tempfile.TemporaryDirectory(prefix="tokenbroker-") as folder:
        options = launch_options(
            found.path, headed=headed, folder=Path(folder), environ=os.environ, given=browser_type_launch_args
        )
        with started(lambda: launch_browser(**options), found.path) as browser:
            yield browser


@pytest.fixture(scope="session")
def proven_flow_browser(flow_browser: "Browser") -> "Browser":
    """`flow_browser`, once it is proven that no fixture or wrapper has dropped our arguments."""
    from tokenbroker.run.browser import prove_arguments

    prove_arguments(flow_browser)
    return flow_browser


@pytest.fixture(scope="session")
def flow_browser_draws_blocks(proven_flow_browser: "Browser") -> bool:
    """Whether the browser is proven to draw every character alike; without that, evidence is a wireframe."""
    from tokenbroker.run.browser import draws_blocks

    return draws_blocks(proven_flow_browser)
