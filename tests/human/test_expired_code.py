"""A code that has expired: the real demo application, whose clock moves when the person lets time pass."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from demo_site.app import create_app
from demo_site.database import open_database
from demo_site.seed import Account, generate_account
from demo_site.site import build_site
from tests.demo_site.conftest import MovableClock
from tests.run.steps.conftest import context, on_page, site
from tokenbroker.human.channels.simulated import Habits, SimulatedPerson
from tokenbroker.human.checkpoint import Outcome
from tokenbroker.human.phone import PhonePage

__all__ = ["context", "on_page", "site"]


@dataclass(frozen=True, kw_only=True)
class TimedDemo:
    """The demo in this process."""

    origin: str
    phone: str
    account: Account
    clock: MovableClock


@pytest.fixture
def timed_demo(tmp_path: Path) -> Iterator[TimedDemo]:
    account, clock = generate_account(), MovableClock()
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    phones: list[str] = []
    ready = threading.Event()
    servers: list[uvicorn.Server] = []

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    def serve() -> None:
        # The database belongs to the thread that opens it.
        with closing(open_database(tmp_path / "site.sqlite")) as connection:
            made = build_site(connection, origin=origin, keys_origin="http://127.0.0.1:9", clock=clock)
            phones.append(f"{origin}/phone/{made.add(account)}")
            config = uvicorn.Config(create_app(made), ws="none", lifespan="off", log_level="warning")
            servers.append(Server(config))
            servers[0].run(sockets=[listener])

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(20)
    yield TimedDemo(origin=origin, phone=phones[0], account=account, clock=clock)
    servers[0].should_exit = True
    thread.join()
    listener.close()


@pytest.mark.browser
@pytest.mark.req("HUMAN-1", "RUN-12")
def test_an_expired_code_is_asked_for_again_and_the_new_one_passes(on_page, flow_browser, timed_demo) -> None:
    demo = timed_demo
    somebody = SimulatedPerson(
        PhonePage(demo.phone, lambda: flow_browser),
        habits=Habits(late_codes=1),
        pause=lambda seconds: demo.clock.advance(timedelta(seconds=seconds)),
    )
    trial = on_page("", person=somebody, origins=[demo.origin])
    noted: list[tuple[int, Outcome]] = []
    trial.stage.on_checkpoint = lambda asked, answer: noted.append((asked.attempt, answer.outcome))
    page = trial.stage.page
    page.goto(f"{demo.origin}/login")
    page.fill("#email", demo.account.email)
    page.fill("#password", demo.account.password)
    page.click("button[type=submit]")
    trial.perform('wait_human: { reason: "Enter the code", kind: otp }', within_s=15)
    assert page.url == f"{demo.origin}/api-keys"
    assert noted == [(1, Outcome.DONE), (2, Outcome.DONE)]
