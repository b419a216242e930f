"""The parts of the running site, joined, and handed to every page through the request."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from demo_site.accounts import Accounts
from demo_site.challenge import new_code
from demo_site.clock import Clock, system_clock
from demo_site.handles import Handles
from demo_site.keys import Keys, new_key
from demo_site.phones import Phones
from demo_site.presses import Presses
from demo_site.seed import Account
from demo_site.sessions import Sessions
from demo_site.sso.services import BY_SLUG
from demo_site.sso.sign_on import SignOn, build_sign_on
from demo_site.unseen import UnseenKeys

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Everything that a page may need.

    `delay_ms` slows the client-rendered consoles, as a network would. `origin` is the console's,
    `keys_origin` that of the frames in which Payments shows its keys; neither ends with a slash.
    """

    origin: str
    keys_origin: str
    accounts: Accounts
    keys: Keys
    presses: Presses
    unseen_keys: UnseenKeys
    handles: Handles
    sessions: Sessions
    phones: Phones
    sign_on: SignOn
    templates: Jinja2Templates
    clock: Clock
    new_code: Callable[[], str]
    delay_ms: int

    def add(self, account: Account) -> str:
        """Put an account with its keys and its phone into the site; answers the phone's device id."""
        record = self.accounts.put(
            email=account.email, password=account.password, device_id=account.device_id or None
        )
        for key in account.keys:
            if key.service:
                self.sign_on.keys.seed(BY_SLUG[key.service], record.id, name=key.name, key=key.key)
            else:
                self.keys.seed(record.id, name=key.name, scopes=key.scopes, key=key.key)
        self.phones.connect(record.device_id)
        return record.device_id


def build_site(
    connection: sqlite3.Connection,
    *,
    origin: str = "http://console.invalid",
    keys_origin: str = "http://keys.invalid",
    sign_on_origin_of: Callable[[str], str] = "http://{}.invalid".format,
    delay_ms: int = 300,
    clock: Clock = system_clock,
    new_code: Callable[[], str] = new_code,
    new_key: Callable[[], str] = new_key,
) -> Site:
    """A site without accounts over an open database. Without origins of its own it embeds nothing that loads.

    `sign_on_origin_of` answers the origin of Example ID for "id", and that of a service for its slug.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return Site(
        origin=origin,
        keys_origin=keys_origin,
        accounts=Accounts(connection),
        keys=Keys(connection, clock, new_key),
        presses=Presses(connection, clock),
        unseen_keys=UnseenKeys(clock),
        handles=Handles(clock),
        sessions=Sessions(clock),
        phones=Phones(),
        sign_on=build_sign_on(connection, clock, sign_on_origin_of),
        templates=Jinja2Templates(env=environment),
        clock=clock,
        new_code=new_code,
        delay_ms=delay_ms,
    )


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
