"""What Example ID and its services share in this process: who they are here, who is signed in, and codes."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from demo_site.clock import Clock
from demo_site.sessions import Sessions
from demo_site.sso.codes import AuthorisationCodes
from demo_site.sso.log import Log
from demo_site.sso.service_keys import ServiceKeys
from demo_site.sso.services import SERVICES

PROVIDER_NAME = "Example ID"
PROVIDER_ORIGIN = "https://id.example.com"
"""The address by which a flow calls it; on this machine it has another."""

PROVIDER_SESSION_LIFE = timedelta(minutes=15)
SERVICE_SESSION_LIFE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrance:
    """One origin as this machine has it (no slash at its end), with the cookie and the sessions of its visitors."""

    origin: str
    cookie: str
    sessions: Sessions

    @property
    def callback(self) -> str:
        """The one redirect URI that Example ID knows of a service; it is compared whole (RFC 9700 section 2.1)."""
        return f"{self.origin}/callback"


@dataclass(frozen=True, kw_only=True, slots=True)
class SignOn:
    """Everything that a page of Example ID or of a service may need beside the site; `services` is by slug."""

    provider: Entrance
    services: Mapping[str, Entrance]
    codes: AuthorisationCodes
    keys: ServiceKeys
    log: Log

    @property
    def origins(self) -> dict[str, str]:
        """Where the addresses that flows use lead on this machine."""
        here = {service.origin: self.services[service.slug].origin for service in SERVICES}
        return {PROVIDER_ORIGIN: self.provider.origin, **here}


def build_sign_on(connection: sqlite3.Connection, clock: Clock, origin_of: Callable[[str], str]) -> SignOn:
    """The parts over an open database; `origin_of` answers where "id" and each service's slug are here."""
    return SignOn(
        provider=Entrance(
            origin=origin_of("id"),
            cookie="example_id_session",
            sessions=Sessions(clock, PROVIDER_SESSION_LIFE),
        ),
        services={
            service.slug: Entrance(
                origin=origin_of(service.slug),
                cookie=service.cookie,
                sessions=Sessions(clock, SERVICE_SESSION_LIFE),
            )
            for service in SERVICES
        },
        codes=AuthorisationCodes(clock),
        keys=ServiceKeys(connection, clock),
        log=Log(connection, clock),
    )
