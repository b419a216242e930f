"""Bitwarden, by either of its clients."""

from tokenbroker.errors import SettingsError
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.bitwarden_cli import open_bitwarden_cli
from tokenbroker.sinks.sink import Sink, SinkInputs


def open_bitwarden(alias: str, settings: SinkSettings, inputs: SinkInputs) -> Sink:
    """The sink `alias` of kind ``bitwarden``, by the client that the settings name.

    Raises:
        SecretAccessDenied, SettingsError: as that client says.
    """
    if settings.client == "cli":
        return open_bitwarden_cli(alias, settings, inputs)
    raise SettingsError(
        f"the sink '{alias}' names the client '{settings.client}', which is not there yet",
        next_step='use client = "cli"',
    )
