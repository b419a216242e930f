"""Where secrets rest. One file a kind, one line in :data:`SINKS`.

A *kind* (``local``, ``env``) is code; an *alias* (``bitwarden``) is the name that flows use and the settings
resolve to a kind, so that a flow never changes when the store does.
"""

import difflib
from collections.abc import Callable
from pkgutil import resolve_name

from tokenbroker.errors import SettingsError
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.sink import (
    Reference,
    Sink,
    SinkInputs,
    StoredSecret,
    service_of,
    split_reference,
)

__all__ = [
    "SINKS",
    "Reference",
    "Sink",
    "SinkInputs",
    "StoredSecret",
    "open_sink",
    "service_of",
    "split_reference",
]

SINKS: dict[str, str] = {
    "bitwarden": "tokenbroker.sinks.bitwarden:open_bitwarden",
    "env": "tokenbroker.sinks.env:open_env",
    "local": "tokenbroker.sinks.local:open_alias",
    "postgres": "tokenbroker.sinks.postgres:open_postgres",
    "vault": "tokenbroker.sinks.vault:open_vault",
}
"""What can be loaded, and nothing else. As text: a vendor's client is imported when its sink is opened."""

_Opener = Callable[[str, SinkSettings, SinkInputs], Sink]


def open_sink(alias: str, settings: SinkSettings, inputs: SinkInputs) -> Sink:
    """Open the sink that `settings` describe under the name `alias`.

    Raises:
        SettingsError: there is no such kind.
        SecretUnavailable, SecretAccessDenied, SecretTimeout: as the kind says.
    """
    target = SINKS.get(settings.type)
    if target is None:
        near = difflib.get_close_matches(settings.type, SINKS, n=1)
        raise SettingsError(
            f"the sink '{alias}' has the unknown type '{settings.type}'",
            next_step=f"did you mean '{near[0]}'?" if near else f"use one of: {', '.join(SINKS)}",
            code="settings.unknown_sink",
        )
    opener: _Opener = resolve_name(target)
    return opener(alias, settings, inputs)
