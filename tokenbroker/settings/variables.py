"""The names of the variables that tokenbroker reads."""

import re

PREFIX = "TOKENBROKER_"
SECRET_PREFIX = "TOKENBROKER_SECRET_"  # noqa: S105  a prefix of names, not a secret
KEY_VARIABLES = ("TOKENBROKER_KEY", "MCP_AUTH_ENCRYPTION_KEY")
WITHHELD_VARIABLES = (*KEY_VARIABLES, "OP_SERVICE_ACCOUNT_TOKEN")
"""Variables that hold credentials, ours or a vault's: no child process may inherit them."""
ONEPASSWORD_PREFIX = "TOKENBROKER_ONEPASSWORD_"
VAULT_PREFIX, POSTGRES_PREFIX = "TOKENBROKER_VAULT_", "TOKENBROKER_POSTGRES_"
BITWARDEN_PREFIX, INFISICAL_PREFIX = "TOKENBROKER_BITWARDEN_", "TOKENBROKER_INFISICAL_"
BITWARDENS_OWN = ("BW_CLIENTID", "BW_CLIENTSECRET", "BW_PASSWORD", "BW_SESSION")
SINK_CREDENTIALS = (
    *(VAULT_PREFIX, "VAULT_TOKEN", POSTGRES_PREFIX),
    *(BITWARDEN_PREFIX, *BITWARDENS_OWN, "BWS_ACCESS_TOKEN"),
    *(INFISICAL_PREFIX, "INFISICAL_API_KEY", "INFISICAL_TOKEN", "INFISICAL_UNIVERSAL_AUTH_"),
    *(ONEPASSWORD_PREFIX, "OP_SERVICE_ACCOUNT_TOKEN", "OP_CONNECT_TOKEN"),
)
"""What the variables begin with that hold the credentials of sinks; they are withheld like the others."""
ALIASES = {"MCP_AUTH_BROKER_SECRET_PROVIDER": "TOKENBROKER_INPUTS__SINK"}
VAULT_ADDRESS = "VAULT_ADDR"
CREDENTIALS_OF = {
    VAULT_PREFIX: ("TOKEN", "ROLE_ID", "SECRET_ID"),
    POSTGRES_PREFIX: ("URL", "PASSWORD"),
    BITWARDEN_PREFIX: ("ACCESS_TOKEN", "CLIENT_ID", "CLIENT_SECRET", "PASSWORD", "EMAIL"),
    INFISICAL_PREFIX: ("TOKEN", "CLIENT_ID", "CLIENT_SECRET"),
    ONEPASSWORD_PREFIX: ("TOKEN",),
}
"""How the variables end that hold the credentials of one kind of sink; before that may stand the alias of one sink."""
_OF_SINKS = re.compile(
    "|".join(rf"{prefix}(?:[A-Z0-9_]+_)?(?:{'|'.join(ends)})" for prefix, ends in CREDENTIALS_OF.items())
)
CONFIG = "TOKENBROKER_CONFIG"
_NOT_SETTINGS = frozenset({CONFIG, *KEY_VARIABLES})


def is_no_setting(name: str) -> bool:
    """Whether the variable `name` is one of ours that is read elsewhere."""
    return (
        name in _NOT_SETTINGS
        or name.startswith((SECRET_PREFIX, "TOKENBROKER_TEST_"))
        or _OF_SINKS.fullmatch(name) is not None
    )
