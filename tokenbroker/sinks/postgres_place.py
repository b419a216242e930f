"""Where a PostgreSQL database is and how to be let in: what the settings say, and what the environment gave."""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import POSTGRES_PREFIX, PostgresUrl, StoreSettings, split_postgres_url
from tokenbroker.sinks.credentials import credential

if TYPE_CHECKING:  # the driver is an extra
    from tokenbroker.store.postgres import PostgresPlace

_OLDEST_LIBPQ = 160_000
"""The first that knows ``require_auth``."""


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
    _require_driver(what)
    from tokenbroker.store.postgres import PostgresPlace

    url, named_by = _url(what, name, settings, variables)
    given = credential("PASSWORD", POSTGRES_PREFIX, name, variables)
    password, password_from = (given[1], given[0]) if given else (url.password, named_by)
    if password is not None:
        learn(password)
    if settings.ca_file is not None and not os.access(settings.ca_file, os.R_OK):
        raise SettingsError(
            f"{what} names the certificates {settings.ca_file}, which is not a file that can be read",
            next_step="correct ca_file in the settings",
        )
    return PostgresPlace(
        host=url.host,
        port=url.port,
        user=url.user,
        database=url.database,
        password=password,
        password_from=password_from,
        ca_file=settings.ca_file,
        is_local=url.is_local,
        timeout_s=settings.timeout_s,
    )


def named_store(
    settings: StoreSettings, *, variables: Mapping[str, Secret], learn: Callable[[Secret], None]
) -> "PostgresPlace | None":
    """Where the store is, where the settings name a database for it; else None.

    Raises:
        SettingsError: as :func:`postgres_place` says.
    """
    if settings.url is None:
        return None
    return postgres_place("the store", "store", settings, variables=variables, learn=learn)


def _require_driver(what: str) -> None:
    why_not = ""
    try:
        for module in ("psycopg_pool", "psycopg.pq"):
            found = import_module(module)  # found is not enough: without libpq it can't be used
        if found.version() < _OLDEST_LIBPQ:
            why_not = "needs a newer libpq: before version 16 it gives the password to whoever asks for it"
    except ImportError:
        why_not = "is not installed"
    if why_not:
        raise SettingsError(
            f"{what} rests in PostgreSQL, whose driver {why_not}",
            next_step="pip install 'tokenbroker[postgres]'",
            code="settings.missing_extra",
        )


def _url(
    what: str, name: str, settings: PostgresSettings, variables: Mapping[str, Secret]
) -> tuple[PostgresUrl, str]:
    """The URL, and the variable that gave it, or ""."""
    if settings.url is not None:
        return split_postgres_url(settings.url), ""
    given = credential("URL", POSTGRES_PREFIX, name, variables)
    if given is None:
        raise SettingsError(
            f"{what} does not know its database",
            next_step=f"set the variable {POSTGRES_PREFIX}URL, or url in the settings",
        )
    variable, text = given
    try:
        return split_postgres_url(text.reveal()), variable
    except ValueError as error:
        why = str(error)
    raise SettingsError(f"{what} can't use the URL in {variable}: {why}", next_step=f"correct {variable}")
