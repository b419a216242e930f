"""The sinks of one home by their aliases, each opened when it is first needed; and the databases that they rest in."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError
from tokenbroker.secret import Secret
from tokenbroker.settings import Configuration
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.databases import Database, Databases
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.postgres import PostgresSink


class OpenSinks:
    """The sinks that `configuration` names, beside `local`, whose store and key they use.

    `variables` are those that were taken out of the environment; `learn` is told each further secret, with its label.
    """

    def __init__(
        self,
        local: LocalSink,
        configuration: Configuration,
        *,
        variables: Mapping[str, Secret],
        learn: Callable[[Secret, str], None],
        clock: Clock,
    ) -> None:
        self._local = local
        self._configuration = configuration
        self._variables = variables
        self._learn = learn
        self._clock = clock
        self._sinks: dict[str, Sink] = {"local": local}
        self._databases = Databases()

    def at(self, alias: str) -> Sink:
        """The sink that the settings know as `alias`.

        Raises:
            SettingsError: no sink has that name, or what it needs is not there.
        """
        if alias not in self._sinks:
            inputs = SinkInputs(
                store=self._local.store,
                custody=self._local.custody,
                variables=self._variables,
                clock=self._clock,
                databases=self._databases,
                learn=lambda secret: self._learn(secret, f"sink:{alias}"),
            )
            self._sinks[alias] = open_sink(alias, self._configuration.sink(alias), inputs)
        return self._sinks[alias]

    def databases(self) -> tuple[list[Database], list[BrokerError]]:
        """Where records and audit logs of ours lie: the store of `local`, then the databases that sinks rest in.

        Each once, whatever the ways that lead to it; and why others can't be opened.
        """
        found: dict[str, Database] = {}
        refusals: list[BrokerError] = []
        for opened in (self._of_local, *self._of_sinks()):
            try:
                database = opened()
                found.setdefault(database.identity(), database)
            except BrokerError as error:
                refusals.append(error)
        return [*found.values()], refusals

    def _of_local(self) -> Database:
        return Database(store=self._local.store, keys=self._local.custody.data_keys)

    def _of_sinks(self) -> Iterator[Callable[[], Database]]:
        for alias, settings in self._configuration.settings.sinks.items():
            if settings.type == "postgres":
                yield partial(self._of_sink, alias)

    def _of_sink(self, alias: str) -> Database:
        sink = self.at(alias)
        assert isinstance(sink, PostgresSink)
        return sink.database()

    def close(self) -> None:
        """Close the databases of sinks. The store of `local` is whoever opened it's to close."""
        self._databases.close()
