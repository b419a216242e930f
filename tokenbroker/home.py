"""A home opened: its store, its sinks, its spool, its bundles, and what is redacted."""

import getpass
import os
from collections.abc import MutableMapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tokenbroker.clock import Clock, system_clock
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.redact import Redactor
from tokenbroker.run.spool import Spool
from tokenbroker.secret import Secret
from tokenbroker.settings import SINK_CREDENTIALS, Configuration
from tokenbroker.sinks import Sink
from tokenbroker.sinks.env import take_environment
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.open_sinks import OpenSinks
from tokenbroker.sinks.postgres_place import named_store
from tokenbroker.store.engine import Store
from tokenbroker.store.lives import Life, known_lives
from tokenbroker.store.sqlite import FILE_NAME

if TYPE_CHECKING:  # the driver is an extra
    from tokenbroker.store.postgres import PostgresPlace


class Home:
    """What one home holds, each part opened when it is first needed. Close it after use (it is a context manager).

    Attributes:
        configuration: the settings and where they came from.
        redactor: knows every secret that this process has touched.
        taken: the variables that flows name, once they were taken out of the environment.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        environ: MutableMapping[str, str],
        home: Path | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.configuration = configuration
        self.redactor = Redactor()
        self.clock = clock
        own_home = configuration.path(configuration.settings.home).absolute()
        self.home = home.absolute() if home else own_home
        # A home that a caller names is not the platform's own: its key must not go where that one's is.
        self._default_home = configuration.default_home and self.home == own_home
        prefixes = {sink.prefix for sink in configuration.settings.sinks.values()}
        self._variables: dict[str, Secret] = {}
        for prefix in prefixes | {configuration.settings.sink("env").prefix, *SINK_CREDENTIALS}:
            self._variables |= take_environment(environ, prefix)
        self._environ = environ
        self.taken: dict[str, Secret] = {}
        # From here on, not from their first use on: what fails before it may show them.
        if configuration.key is not None:
            self.redactor.add(configuration.key, label="master-key")
        for name, value in self._variables.items():
            self.redactor.add(value, label=f"env:{name}")
        self._local: LocalSink | None = None
        self._sinks: OpenSinks | None = None
        self._spool: Spool | None = None
        self._bundles: HomeBundles | None = None

    @property
    def actor(self) -> str:
        """Who acts, for the audit: the operator of the settings, else the system's user."""
        if self.configuration.settings.operator:
            return self.configuration.settings.operator
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return str(os.getuid())

    @property
    def local(self) -> LocalSink:
        """The embedded sink of this home, opened when first needed."""
        if self._local is None:
            self._local = open_local(
                self.home,
                default_home=self._default_home,
                key=self.configuration.key,
                store=self._named_store(),
                clock=self.clock,
            )
            self.redactor.add(self._local.custody.export_key(), label="master-key")
        return self._local

    def _named_store(self) -> Store | None:
        """The store, open, where the settings name a database for it; else None."""
        place = self._named_place()
        if place is None:
            return None
        from tokenbroker.store.postgres import open_postgres_store  # late: its driver is an extra

        return open_postgres_store(place)

    def _named_place(self) -> "PostgresPlace | None":
        settings = self.configuration.store()
        return named_store(
            settings, variables=self._variables, learn=partial(self.redactor.add, label="store")
        )

    def has_home(self) -> bool:
        """Whether there is a store: asking does not make one.

        Raises:
            BrokerError: the settings name a database for it, which can't be reached.
        """
        place = self._named_place() if self._local is None else None
        if place is None:
            return self._local is not None or (self.home / FILE_NAME).exists()
        from tokenbroker.store.postgres import is_set_up

        return is_set_up(place)

    @property
    def spool(self) -> Spool:
        """The write-ahead spool of this home."""
        if self._spool is None:
            key = self.local.custody.master_key.derive("spool")
            self._spool = Spool(self.home / "spool", key, self.clock)
        return self._spool

    @property
    def bundles(self) -> HomeBundles:
        """The audit bundles of this home."""
        if self._bundles is None:
            self._bundles = HomeBundles(
                store=self.local.store,
                master_key=self.local.custody.master_key,
                settings=self.configuration.settings.audit,
                reports=self.reports(),
            )
        return self._bundles

    @property
    def sinks(self) -> OpenSinks:
        """The sinks of this home, and the databases that they rest in."""
        if self._sinks is None:
            self._sinks = OpenSinks(
                self.local,
                self.configuration,
                variables=self._variables,
                learn=lambda secret, label: self.redactor.add(secret, label=label),
                clock=self.clock,
            )
        return self._sinks

    def sink(self, alias: str) -> Sink:
        """The sink that the settings know as `alias`, opened once.

        Raises:
            SettingsError: no sink has that name.
        """
        return self.sinks.at(alias)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The sinks that this project has to do with: ``local``, those of the settings, and where inputs come from."""
        settings = self.configuration.settings
        return tuple(dict.fromkeys(["local", *settings.sinks, settings.inputs.sink]))

    def take_variables(self, names: tuple[str, ...]) -> None:
        """Take the variables that flows name with ``env:`` out of the environment, before any child starts."""
        for name in names:
            value = self._environ.pop(name, "")
            if value:
                self.taken[name] = Secret(value)
                self.redactor.add(self.taken[name], label=f"env:{name}")

    def lives(self) -> dict[tuple[str, str, int], Life]:
        """What is known of the life of tokens in this project's sinks, by sink, path and version."""
        return known_lives(self.local.store, self.aliases)

    def reports(self) -> Path:
        """The folder that takes the evidence of runs."""
        return self.configuration.path(self.configuration.settings.reports)

    def close(self) -> None:
        """Close what was opened."""
        with ExitStack() as stack:
            if self._local is not None:
                stack.callback(self._local.close)
            if self._sinks is not None:
                stack.callback(self._sinks.close)
            self._local = self._sinks = self._bundles = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
