"""The embedded sink: records sealed with AES-256-GCM, in the store of this home."""

from pathlib import Path
from typing import Self

from tokenbroker.clock import Clock, system_clock
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.custody import KeyCustody, open_custody
from tokenbroker.sinks.sealed import SealedSink
from tokenbroker.sinks.sink import SinkInputs
from tokenbroker.store.engine import Store
from tokenbroker.store.sqlite import FILE_NAME, open_store


def open_local(
    home: Path,
    *,
    default_home: bool,
    key: Secret | None = None,
    store: Store | None = None,
    clock: Clock = system_clock,
) -> "LocalSink":
    """Open the sink ``local`` of `home`, setting up its store and master key where they are new.

    `default_home` says that `home` is the platform's own folder: only then is the system's keyring used.
    `key` is the text of ``TOKENBROKER_KEY``, if there was one. `store` is the open one, where it is not the file in
    `home`. Close the sink after use, or use ``with``: that closes the store, too.

    Raises:
        SecretUnavailable: the store or its key can't be reached.
        SecretAccessDenied: the key is not the store's.
        SettingsError: the key is malformed.
    """
    home = home.absolute()
    store = store or open_store(home / FILE_NAME)
    try:
        custody = open_custody(store, home, default_home=default_home, key=key, clock=clock)
    except BaseException:
        store.close()
        raise
    return LocalSink(store=store, custody=custody, clock=clock)


def open_alias(alias: str, settings: SinkSettings, inputs: SinkInputs) -> "LocalSink":  # noqa: ARG001  no options
    """The sink `alias` of kind ``local``: records of its own, in the store that is already open."""
    return LocalSink(store=inputs.store, custody=inputs.custody, name=alias, clock=inputs.clock)


class LocalSink(SealedSink):
    """Secrets in this home's store, with the custody of its master key.

    Attributes:
        custody: the master key, its place and its backup.
    """

    def __init__(
        self, *, store: Store, custody: KeyCustody, name: str = "local", clock: Clock = system_clock
    ) -> None:
        super().__init__(
            name=name,
            store=store,
            keys=custody.data_keys,
            fingerprint_key=custody.master_key.derive("fingerprint"),
            clock=clock,
        )
        self.custody = custody

    def close(self) -> None:
        """Close the store, which every alias of it shares."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
