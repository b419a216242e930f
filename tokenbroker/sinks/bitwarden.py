"""Bitwarden, by either of its clients."""

from tokenbroker.settings import SinkSettings
from tokenbroker.sinks.sink import Sink, SinkInputs


def open_bitwarden(alias: str, settings: SinkSettings, inputs: SinkInputs) -> Sink:
    """The sink `alias` of kind ``bitwarden``, by the client that the settings name.

    Raises:
        SecretAccessDenied, SettingsError: as that client says.
    """
    if settings.client == "secrets_manager":
        from tokenbroker.sinks.secrets_manager import open_secrets_manager

        return open_secrets_manager(alias, settings, inputs)
    from tokenbroker.sinks.bitwarden_cli import open_bitwarden_cli

    return open_bitwarden_cli(alias, settings, inputs)
