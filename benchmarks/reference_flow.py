"""The reference flow by the runner against the same steps as a plain Playwright script.

Same browser, same proxy, same simulated person; the script stores nothing and takes no notes. The targets hold
with report and bundle, as every run has them; the runner without them is told beside.
"""

import gc
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.measure import Figure, alternate, ratio, spread
from demo_site.launch import RunningDemo, generate_account, start
from tokenbroker.broker import Broker
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow
from tokenbroker.human.channels import SimulatedPerson
from tokenbroker.human.phone import PhonePage
from tokenbroker.policy.approve import Request
from tokenbroker.run.browser import draws_blocks, launch_options
from tokenbroker.run.chromium import find_browser
from tokenbroker.run.egress import Egress
from tokenbroker.run.result import Status
from tokenbroker.run.runner import execute
from tokenbroker.run.steps import STEPS
from tokenbroker.run.targets.engine import install
from tokenbroker.run.tools import Tools
from tokenbroker.secret import Secret
from tokenbroker.settings import load_configuration
from tokenbroker.store.jobs import finish_job

FLOW = Path(__file__).parent.parent / "flows" / "examplecloud" / "create_api_key.yaml"
PUT_AWAY_S = 0.1
CONSOLE = "https://console.example.com"
RUNNER, RUNNER_RECORDED, RUNNER_PICTURES = (
    "runner, no evidence",
    "runner, pictures off",
    "runner, a picture per step",
)
SCRIPT, SCRIPT_PICTURES, SCRIPT_DIRECT = (
    "script behind the proxy",
    "script behind the proxy, page.screenshot(mask=…) per step",
    "script without proxy",
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What both sides work with."""

    browser: Browser
    egress: Egress
    site: RunningDemo
    email: str
    password: str
    broker: Broker
    block_font: bool

    @property
    def phone(self) -> PhonePage:
        return PhonePage(self.site.phones[self.email], lambda: self.browser)

    def clear(self) -> None:
        """Let a run begin as the first one did.

        The site's list of keys is emptied: it is on the page of each run, and would grow with the runs before. And the
        browser gets the time to put away the context of the run before, whose processes end only after it is closed:
        else whoever comes after a way that does nothing at its end would pay for that.
        """
        with closing(sqlite3.connect(self.site.database, timeout=5.0)) as connection, connection:
            connection.execute("DELETE FROM keys")
        time.sleep(PUT_AWAY_S)

    def run(self, *, pictures: bool, recorded: bool = True, flow: Path = FLOW) -> None:
        """From the decision to the end of the run: job, spool, sink and audit; `recorded`: report and bundle too."""
        broker, loaded = self.broker, loaded_flow(flow)
        person = SimulatedPerson(self.phone)
        plan = broker.approve(loaded, Request(actor="bench", params={}, origin_map={CONSOLE: self.site.url}))
        inputs = broker.inputs(plan, broker.sink)
        broker.preflight(plan, broker.sink, person)
        run = broker.begin(plan, broker.sink)
        tools = Tools(
            browser=self.browser,
            egress=self.egress,
            channel=person,
            inputs=inputs,
            record=run.record,
            redactor=broker.redactor,
            clock=broker.clock,
            step_timeout_s=15,
            human_deadline_s=60,
            pictures=pictures,
            block_font=self.block_font,
            on_event=run.on_event,
            on_checkpoint=run.on_checkpoint,
        )
        result = execute(plan, tools, run_id=run.run_id)
        if recorded:
            run.finish(result)
        else:
            finish_job(broker.local.store, run.run_id, status=result.status.value, actor=plan.actor)
        if result.status is not Status.PASSED:
            raise SystemExit(f"the reference flow failed: {result.failure}")

    def script(self, *, pictures: bool, proxied: bool = True) -> None:
        """The same eleven steps by hand."""
        with ExitStack() as stack:
            proxy = None
            if proxied:
                gate = stack.enter_context(self.egress.open_gate([self.site.url]))
                proxy = {"server": gate.proxy_url}
            context = self.browser.new_context(proxy=proxy, service_workers="block")  # type: ignore[arg-type]
            stack.callback(context.close)
            page = context.new_page()

            def shot() -> None:
                if pictures:
                    page.screenshot(mask=[page.locator("input"), page.locator(".token")])

            page.goto(f"{self.site.url}/login", wait_until="domcontentloaded")
            shot()
            page.fill("#email", self.email)
            shot()
            page.fill("#password", self.password)
            shot()
            page.click("button[type=submit]")
            shot()
            page.wait_for_selector("text=Security code")
            shot()
            page.fill("#code", self.phone.newest_code().reveal())
            page.press("#code", "Enter")
            page.wait_for_url("**/api-keys", wait_until="domcontentloaded")
            shot()
            page.goto(f"{self.site.url}/api-keys", wait_until="domcontentloaded")
            shot()
            page.get_by_role("button", name="Create API Key", exact=True).or_(
                page.get_by_role("link", name="Create API Key", exact=True)
            ).click()
            shot()
            page.fill("#name", "OpenDiscourse Agent")
            shot()
            page.get_by_role("button", name="Create", exact=True).click()
            shot()
            page.inner_text(".token")
            shot()


@cache
def loaded_flow(path: Path) -> Flow:
    """The flow as pytest has it when a run begins: it is loaded when it is collected."""
    return load(path, STEPS)


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything started, in a folder of its own that is gone afterwards."""
    account = generate_account()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tokenbroker-bench-")))
        site = stack.enter_context(start(database=folder / "site.sqlite", accounts=[account]))
        playwright = stack.enter_context(sync_playwright())
        install(playwright.selectors)
        found = find_browser()
        options = launch_options(found.path, headed=False, folder=folder, environ=os.environ, given={})
        browser = playwright.chromium.launch(**options)
        stack.callback(browser.close)
        (folder / "tokenbroker.toml").write_text('home = "home"\n[sinks.bitwarden]\ntype = "local"\n')
        broker = stack.enter_context(Broker(load_configuration(folder, {}), environ={}))
        broker.local.put("example.email", Secret(account.email), put_id="e", actor="bench")
        broker.local.put("example.password", Secret(account.password), put_id="p", actor="bench")
        gc.freeze()  # as a session with flows does, for both: what was imported is not searched for garbage
        stack.callback(gc.unfreeze)
        yield Bench(
            browser=browser,
            egress=stack.enter_context(Egress()),
            site=site,
            email=account.email,
            password=account.password,
            broker=broker,
            block_font=draws_blocks(browser),
        )


def measure(rounds: int) -> list[Figure]:
    """The runner without pictures ≤ 1.10 of the script, with one per step ≤ 1.00; both with report and bundle."""
    with bench() as it:
        seconds = alternate(
            {
                RUNNER: lambda: it.run(pictures=False, recorded=False),
                RUNNER_RECORDED: lambda: it.run(pictures=False),
                SCRIPT: lambda: it.script(pictures=False),
                SCRIPT_DIRECT: lambda: it.script(pictures=False, proxied=False),
            },
            rounds=rounds,
            before=it.clear,
        )
        # By themselves: whatever comes after a run with pictures takes longer.
        seconds |= alternate(
            {
                RUNNER_PICTURES: lambda: it.run(pictures=True),
                SCRIPT_PICTURES: lambda: it.script(pictures=True),
            },
            rounds=rounds,
            before=it.clear,
        )
    for name, taken in seconds.items():
        print(f"{name:<58} {spread(taken)}")
    return [
        ratio("reference flow, pictures off", seconds, RUNNER_RECORDED, SCRIPT, target=1.10),
        ratio("reference flow, a picture per step", seconds, RUNNER_PICTURES, SCRIPT_PICTURES, target=1.00),
        ratio(
            "reference flow, pictures off, against no proxy",
            seconds,
            RUNNER_RECORDED,
            SCRIPT_DIRECT,
            target=None,
        ),
        ratio("reference flow, no evidence", seconds, RUNNER, SCRIPT, target=None),
    ]
