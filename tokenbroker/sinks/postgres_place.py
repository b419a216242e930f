"""Where a PostgreSQL database is and how to be let in: what the settings say, and what the environment gave."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import POSTGRES_PREFIX, PostgresUrl, StoreSettings, split_postgres_url
from tokenbroker.sinks.credentials import credential
from tokenbroker.store.engine import Store

if TYPE_CHECKING:  # the driver is an extra
    from tokenbroker.store.postgres import PostgresPlace


class PostgresSettings(Protocol):
    """What the settings say of a database, be it of a sink or of the store."""

    @property
    def url(self) -> str | None: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def timeout_s(self) -> float: ...


def postgres_place(
    what: str,
    name: str,
    settings: PostgresSettings,
    *,
    variables: Mapping[str, Secret],
    learn: Callable[[Secret], None],
) -> "PostgresPlace":
    """Where the database of `what` is; credentials are found by its `name`, and `learn` is told the password.

    Raises:
        SettingsError: the driver is not installed, or no usable URL was given.
    """
    if any(find_spec(module) is None for module in ("psycopg", "psycopg_pool")):
        raise SettingsError(
            f"{what} rests in PostgreSQL, whose driver is not installed",
            next_step="pip install 'tokenbroker[postgres]'",
            code="settings.missing_extra",
        )
    from tokenbroker.store.postgres import PostgresPlace

    url = _url(what, name, settings, variables)
    password = credential("PASSWORD", POSTGRES_PREFIX, name, variables, "PGPASSWORD") or url.password
    if password is not None:
        learn(password)
    return PostgresPlace(
        host=url.host,
        port=url.port,
        user=url.user,
        database=url.database,
        password=password,
        ca_file=settings.ca_file,
        is_local=url.is_local,
        timeout_s=settings.timeout_s,
    )


def open_named_store(
    settings: StoreSettings, *, variables: Mapping[str, Secret], learn: Callable[[Secret], None]
) -> Store | None:
    """The store, open, where the settings name a database for it; else None.

    Raises:
        SettingsError: as :func:`postgres_place` says.
        SecretUnavailable, SecretAccessDenied, SecretTimeout: the database can't be reached or used.
    """
    if settings.url is None:
        return None
    place = postgres_place("the store", "store", settings, variables=variables, learn=learn)
    from tokenbroker.store.postgres import open_postgres_store

    return open_postgres_store(place)


def _url(what: str, name: str, settings: PostgresSettings, variables: Mapping[str, Secret]) -> PostgresUrl:
    if settings.url is not None:
        return split_postgres_url(settings.url)
    given = credential("URL", POSTGRES_PREFIX, name, variables)
    why = "does not know its database"
    if given is not None:
        try:
            return split_postgres_url(given.reveal())
        except ValueError as error:
            why = f"can't use the URL that the environment gave: {error}"
    raise SettingsError(
        f"{what} {why}",
        next_step=f"set the variable {POSTGRES_PREFIX}URL, or url in the settings",
    )
