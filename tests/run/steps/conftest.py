"""One step at a time, on a page that the test writes, in a real browser."""

import http.server
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tokenbroker.flow.load import loads
from tokenbroker.flow.model import Step
from tokenbroker.human.checkpoint import Answer, Checkpoint, Outcome, PageSays
from tokenbroker.policy.approve import Plan, Request, approve
from tokenbroker.redact import Redactor
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps import STEPS, perform
from tokenbroker.secret import Secret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class PageSite:
    """Serves pages that a test sets, and keeps what was posted."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Callable[[], str | Iterable[str]]] = {}
        """A page, or what makes it each time: whole, or piece by piece."""
        self.posts: list[str] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        """The path and the headers of each GET."""
        self.leads_to: dict[str, str] = {}
        self.status: dict[str, int] = {}
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers)))
                page = site.pages.get(self.path.split("?")[0])
                body = page() if callable(page) else page
                self.send_response(site.status.get(self.path, 200 if body is not None else 404))
                if self.path in site.leads_to:
                    self.send_header("Location", site.leads_to[self.path])
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                for piece in [body or "gone"] if isinstance(body, str | None) else body:
                    self.wfile.write(piece.encode())

            def do_POST(self) -> None:
                site.posts.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.do_GET()

            def log_message(self, *args: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Keeping:
    """Remembers what a step announced and kept."""

    pressed: list[int] = field(default_factory=list)
    kept: list[Secret] = field(default_factory=list)
    foreseen: list[int] = field(default_factory=list)
    retracted: int = 0
    pressed_any: bool = False
    careful: bool = True
    """Whether each act is announced, as that of a creating step is; else a step may look and act in one go."""

    def announces(self, step: Step) -> bool:
        return self.careful

    def before_press(self, step: Step) -> None:
        self.pressed.append(step.number)

    def foresee(self, step: Step, page_address: str) -> bool:
        self.foreseen.append(step.number)
        return True

    @property
    def in_doubt(self) -> bool:
        return self.pressed_any

    @property
    def may_retract(self) -> bool:
        return True

    def retract(self) -> None:
        self.retracted += 1

    def keep(self, step: Step, token: Secret) -> str:
        self.kept.append(token)
        return "local:kept@1"


@dataclass
class Person:
    """Answers checkpoints from a list; the last answer is repeated."""

    name: str = "test"
    codes: list[str] = field(default_factory=list)
    outcome: Outcome = Outcome.DONE
    asked: list[Checkpoint] = field(default_factory=list)
    on_ask: Callable[[], None] | None = None
    waits_for_page: bool = False

    def unreachable(self) -> str | None:
        return None

    def ask(self, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        self.asked.append(checkpoint)
        if self.on_ask:
            self.on_ask()
        said = None
        while self.waits_for_page and (said := page_says()) is None:
            pass
        code = self.codes[min(len(self.asked), len(self.codes)) - 1] if self.codes else None
        return Answer(
            outcome=said or self.outcome,
            code=Secret(code) if code else None,
            who="tester",
            channel=self.name,
            at=NOW,
        )


class PersonAtPage(Person):
    """A person who sees the run's page; `on_ask` acts in it."""

    has_hands = True

    def ask_at_page(self, page: Page, checkpoint: Checkpoint, page_says: PageSays) -> Answer:
        return self.ask(checkpoint, page_says)


@pytest.fixture
def site() -> Iterator[PageSite]:
    made = PageSite()
    yield made
    made.close()


@pytest.fixture
def other_site() -> Iterator[PageSite]:
    """A site of another origin."""
    made = PageSite()
    yield made
    made.close()


@pytest.fixture
def context(flow_browser: Browser) -> Iterator[BrowserContext]:
    made = flow_browser.new_context(permissions=[])  # as a run has it
    yield made
    made.close()


@dataclass
class Trial:
    """A page, ready for steps."""

    stage: Stage
    keeping: Keeping
    person: Person
    plan_of: Callable[..., Plan]

    def perform(self, step_yaml: str, *, within_s: float = 5) -> str:
        """Do the one step that `step_yaml` (a YAML flow mapping) describes; answers its remark."""
        return self.perform_all(step_yaml, within_s=within_s)[0]

    def perform_all(self, *steps_yaml: str, within_s: float = 5) -> list[str | None]:
        """Do the steps one after the other, as the runner does; answers their remarks, None of one left out."""
        remarks = []
        self.stage.plan = self.plan_of(*steps_yaml)
        for step in self.stage.plan.flow.steps[1:]:
            self.stage.begin(step, within_s)
            applies = self.stage.applies()
            remarks.append(perform(step, self.stage) if applies else None)
        return remarks


@pytest.fixture
def on_page(site: PageSite, context: BrowserContext) -> Callable[..., Trial]:
    """``on_page(html, inputs=…, person=…, origins=…)``: open a page with `html` as its body.

    `origins` are allowed beside the page's own.
    """

    def open_page(
        html: str,
        *,
        inputs: Mapping[str, str | Secret] | None = None,
        person: Person | None = None,
        origins: Sequence[str] = (),
    ) -> Trial:
        site.pages["/"] = f"<!doctype html><title>t</title><body>{html}"
        keeping, person = Keeping(), person or Person()

        def plan_of(*steps_yaml: str) -> Plan:
            lines = [f"- navigate: {site.origin}/", *(f"- {step}" for step in steps_yaml)]
            text = (
                f"version: 1\nsite: test\nflow: one\nallowed_automation: semi_auto\n"
                f"params: {{ who: {{ required: false }} }}\n"
                f"{f'origins: {json.dumps([site.origin, *origins])}' if origins else ''}\n"
                f"steps:\n" + "".join(f"  {line}\n" for line in lines)
            )
            request = Request(actor="tester", params={}, origin_map={})
            return approve(loads(text, STEPS), request, clock=lambda: NOW)

        page = context.new_page()
        page.goto(f"{site.origin}/")
        stage = Stage(
            page=page,
            plan=plan_of(),
            inputs=inputs or {},
            redactor=Redactor(),
            channel=person,
            keeper=keeping,
            clock=lambda: NOW,
            human_deadline_s=5,
            on_checkpoint=lambda checkpoint, answer: None,
        )
        return Trial(stage=stage, keeping=keeping, person=person, plan_of=plan_of)

    return open_page
