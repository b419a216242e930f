"""A sink in a PostgreSQL database, which several machines may share: records sealed with AES-256-GCM.

Its rows of the audit log lie in that database, each in the transaction of its act. Where the database can't be
reached, the row that says so lies in this home's store.
"""

import builtins
from collections.abc import Callable

from tokenbroker.clock import Clock
from tokenbroker.errors import BrokerError
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.data_key import DataKeys
from tokenbroker.sinks.databases import Database
from tokenbroker.sinks.key_check import keys_of
from tokenbroker.sinks.key_source import VARIABLE
from tokenbroker.sinks.postgres_place import postgres_place
from tokenbroker.sinks.sealed import SealedSink, entry_of
from tokenbroker.sinks.sink import Reference, Sink, SinkInputs, StoredSecret
from tokenbroker.store.audit_log import AuditEntry, record
from tokenbroker.store.engine import Store

_JOIN = (
    f"a home has one key, and all that share a database need the same: give it in {VARIABLE} from the first command of "
    "a new home on"
)


def open_postgres(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "PostgresSink":
    """The sink `alias` of kind ``postgres``; nothing connects yet.

    Raises:
        SettingsError: the driver is not installed, or no usable URL was given.
    """
    place = postgres_place(
        f"the sink '{alias}'", alias, settings, variables=inputs.variables, learn=inputs.learn
    )
    custody = inputs.custody

    def prove(store: Store) -> DataKeys:
        return keys_of(
            store, custody.master_key, where=custody.key_place(), clock=inputs.clock, next_step=_JOIN
        )

    return PostgresSink(
        name=alias,
        database=lambda: inputs.databases.at(place, prove),
        home=inputs.store,
        fingerprint_key=custody.master_key.derive("fingerprint"),
        clock=inputs.clock,
    )


class PostgresSink(Sink):
    """Secrets in a database that is opened with the first act.

    `home` takes the audit rows of acts that did not reach the database.
    """

    writable = True

    def __init__(
        self,
        *,
        name: str,
        database: Callable[[], Database],
        home: Store,
        fingerprint_key: bytes,
        clock: Clock,
    ) -> None:
        self.name = name
        self._database = database
        self._home = home
        self._fingerprint_key = fingerprint_key
        self._clock = clock

    def probe(self) -> None:
        self._reached().probe()

    def put(self, path: str, secret: Secret, *, put_id: str, actor: str) -> Reference:
        return self._reached("set_token", path, actor).put(path, secret, put_id=put_id, actor=actor)

    def get(self, path: str, *, version: int | None = None, actor: str) -> Secret:
        return self._reached("get_token", path, actor).get(path, version=version, actor=actor)

    def find(self, put_id: str) -> Reference | None:
        return self._reached().find(put_id)

    def list(self) -> builtins.list[StoredSecret]:
        return self._reached().list()

    def remove(self, path: str, *, actor: str) -> int:
        return self._reached("delete_token", path, actor).remove(path, actor=actor)

    def database(self) -> Database:
        """The open database.

        Raises:
            SecretUnavailable, SecretAccessDenied, SecretTimeout: it can't be reached, or its key is another.
        """
        return self._database()

    def _reached(self, action: str = "", path: str = "", actor: str = "") -> SealedSink:
        """The sink in the open database; that it can't be opened is noted for an act that has an `action`."""
        failure: BrokerError | None = None
        try:
            database = self._database()
            return SealedSink(
                name=self.name,
                store=database.store,
                keys=database.keys,
                fingerprint_key=self._fingerprint_key,
                clock=self._clock,
                missed=self._note,
            )
        except BrokerError as error:
            failure = error
        if action:
            self._note(entry_of(self.name, action, path, actor, failure.code))
        raise failure

    def _note(self, entry: AuditEntry) -> None:
        record(self._home, entry, at=self._clock())
