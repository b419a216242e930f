"""Settings: validated together at start, each with where it came from.

Precedence, highest first: command-line options, ``TOKENBROKER_*`` variables, ``tokenbroker.toml``
(the nearest one upwards from the start folder, or ``$TOKENBROKER_CONFIG``), defaults.
"""

from tokenbroker.settings.load import Configuration, load_configuration
from tokenbroker.settings.model import FILE_NAME, AuditSettings, Precision, Settings
from tokenbroker.settings.origins import checked_origin_map, is_loopback, origin_of
from tokenbroker.settings.postgres_url import PostgresUrl, split_postgres_url
from tokenbroker.settings.sinks import SinkSettings, StoreSettings
from tokenbroker.settings.variables import (
    ALIASES,
    BITWARDEN_PREFIX,
    KEY_VARIABLES,
    POSTGRES_PREFIX,
    PREFIX,
    SECRET_PREFIX,
    SINK_CREDENTIALS,
    VAULT_PREFIX,
    WITHHELD_VARIABLES,
)

__all__ = [
    "ALIASES",
    "BITWARDEN_PREFIX",
    "FILE_NAME",
    "KEY_VARIABLES",
    "POSTGRES_PREFIX",
    "PREFIX",
    "SECRET_PREFIX",
    "SINK_CREDENTIALS",
    "VAULT_PREFIX",
    "WITHHELD_VARIABLES",
    "AuditSettings",
    "Configuration",
    "PostgresUrl",
    "Precision",
    "Settings",
    "SinkSettings",
    "StoreSettings",
    "checked_origin_map",
    "is_loopback",
    "load_configuration",
    "origin_of",
    "split_postgres_url",
]
