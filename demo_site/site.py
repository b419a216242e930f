"""The parts of the running site, joined, and handed to every page through the request."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from demo_site.accounts import Accounts
from demo_site.clock import Clock, system_clock
from demo_site.keys import Keys
from demo_site.phones import Phones
from demo_site.seed import Account
from demo_site.sessions import Sessions

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Everything that a page may need. `delay_ms` slows the client-rendered console, as a network would."""

    accounts: Accounts
    keys: Keys
    sessions: Sessions
    phones: Phones
    templates: Jinja2Templates
    clock: Clock
    delay_ms: int

    def add(self, account: Account) -> str:
        """Put an account with its keys and its phone into the site; answers the phone's device id."""
        record = self.accounts.put(
            email=account.email, password=account.password, device_id=account.device_id or None
        )
        for key in account.keys:
            self.keys.seed(record.id, name=key.name, scopes=key.scopes, key=key.key)
        self.phones.connect(record.device_id)
        return record.device_id


def build_site(connection: sqlite3.Connection, *, delay_ms: int = 300, clock: Clock = system_clock) -> Site:
    """A site without accounts over an open database."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return Site(
        accounts=Accounts(connection),
        keys=Keys(connection, clock),
        sessions=Sessions(clock),
        phones=Phones(),
        templates=Jinja2Templates(env=environment),
        clock=clock,
        delay_ms=delay_ms,
    )


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
