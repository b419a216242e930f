"""A guest of Example ID and its services: origins that are ports of one host, as on a machine, so that cookies are shared."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from demo_site.database import open_database
from demo_site.seed import SeedKey, generate_account
from demo_site.site import Site, build_site
from demo_site.sso.service import Service
from demo_site.sso.services import SERVICES
from tests.demo_site.conftest import MovableClock, Visitor

PORTS = {name: 9000 + number for number, name in enumerate(("id", *(service.slug for service in SERVICES)))}


class Guest(Visitor):
    """A visitor who signs in with Example ID."""

    def at(self, service: Service | None, path: str | None = None) -> str:
        """The address of a path at `service` (its console's unless given), or at Example ID."""
        origin = f"http://testserver:{PORTS[service.slug if service else 'id']}"
        return origin + ((service.path if service else "/") if path is None else path)

    @property
    def is_asked(self) -> bool:
        """Whether the page that is open asks to sign in."""
        return str(self.page.url).startswith(self.at(None, "/login"))

    def give_password(self, password: str | None = None) -> httpx2.Response:
        """Fill in the sign-in that is open."""
        fields = {"email": self.account.email, "password": password or self.account.password}
        return self.submit(self.at(None, "/login"), fields)

    def give_code(self, code: str) -> httpx2.Response:
        return self.submit(self.at(None, "/login/verify"), {"code": code})

    def enter(self, service: Service) -> httpx2.Response:
        """Open the service's console, signing in where that is asked for."""
        self.open(self.at(service))
        if self.is_asked:
            self.give_password()
            self.give_code(self.codes()[-1])
        assert str(self.page.url) == self.at(service)
        return self.page

    def authorize(self, service: Service) -> str:
        """The address with which Example ID sends a signed-in guest back to `service`, not yet gone to."""
        asked = self.client.get(self.at(service), follow_redirects=False).headers["location"]
        answered: str = self.client.get(asked, follow_redirects=False).headers["location"]
        return answered

    def make(self, service: Service, name: str = "demo-only-key", **fields: str) -> httpx2.Response:
        """Send the form for a new key as it stands, with `fields` changed."""
        self.open(self.at(service) + ("/new" if service.form == "page" else ""))
        given = {
            "scope": next(iter(service.scopes), ""),
            "life_days": str(next(iter(service.lives_days), "")),
            "agree": "yes",
        }
        return self.submit(self.at(service), {**given, "name": name, **fields})

    def made(self, service: Service, name: str = "demo-only-key", **fields: str) -> str:
        """The key that was made."""
        text = html.unescape(self.make(service, name, **fields).text)
        found = re.search(re.escape(service.prefix) + r"[0-9A-Za-z]{32}", text)
        assert found is not None, text
        return found.group()

    def end(self, service: Service, name: str = "demo-only-key") -> httpx2.Response:
        """Revoke the key of that name as the console offers it."""
        self.open(f"{self.at(service)}?name={name}")
        if service.revoking == "by_name":
            return self.submit(f"{self.at(service)}/revoke", {"name": name})
        (address,) = set(re.findall(r'(?:href|action)="([^"]+/revoke)"', self.page.text))
        if service.revoking == "page":
            self.open(self.at(service, address))
        return self.submit(self.at(service, address), {})

    def ask_api(self, service: Service, key: str) -> int:
        """The status with which the service's API answers `key`."""
        address, headers = self.at(service, "/v1/me"), {"Authorization": f"Bearer {key}"}
        return self.client.get(address, headers=headers).status_code


@pytest.fixture
def site(tmp_path: Path, clock: MovableClock) -> Iterator[Site]:
    with closing(open_database(tmp_path / "site.sqlite")) as connection:
        yield build_site(
            connection,
            origin="http://testserver",
            sign_on_origin_of=lambda name: f"http://testserver:{PORTS[name]}",
            clock=clock,
        )


@pytest.fixture
def guest_with(site: Site, clock: MovableClock) -> Callable[..., Guest]:
    """A factory: a guest with an account of his own and these keys."""

    def make(*keys: SeedKey) -> Guest:
        account = generate_account(keys=keys)
        site.add(account)
        return Guest(site, account, clock)

    return make


@pytest.fixture
def guest(guest_with: Callable[..., Guest]) -> Guest:
    return guest_with()
