"""What the environment has to give to a sink: all that is missing is named at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tokenbroker.errors import SecretAccessDenied
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs
from tokenbroker.sinks.bitwarden_cli import account_of
from tokenbroker.sinks.infisical_session import sign_in_of as to_infisical
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.vault_sign_in import sign_in_of as to_vault

APPROLE = SinkSettings(type="vault", address="https://vault.example.com", auth="approle")
UNIVERSAL = SinkSettings(type="infisical", project_id="p", environment="prod")
VAULT, INFISICAL, BITWARDEN = ("TOKENBROKER_VAULT_", "TOKENBROKER_INFISICAL_", "TOKENBROKER_BITWARDEN_")


def signs_in_to_vault(inputs: SinkInputs) -> object:
    return to_vault("team", APPROLE, inputs)


def signs_in_to_infisical(inputs: SinkInputs) -> object:
    return to_infisical("team", UNIVERSAL, inputs)


def signs_in_to_bitwarden(inputs: SinkInputs) -> object:
    return account_of("team", inputs)


@pytest.mark.req("SECRET-3", "OPS-5")
@pytest.mark.parametrize(
    ("sign_in", "prefix", "wanted"),
    [
        (signs_in_to_vault, VAULT, {"ROLE_ID", "SECRET_ID"}),
        (signs_in_to_infisical, INFISICAL, {"CLIENT_ID", "CLIENT_SECRET"}),
        (signs_in_to_bitwarden, BITWARDEN, {"PASSWORD", "CLIENT_ID", "CLIENT_SECRET"}),
    ],
)
def test_every_credential_that_is_missing_is_named_at_once_and_no_other(
    local: LocalSink, sign_in: Callable[[SinkInputs], Any], prefix: str, wanted: set[str]
) -> None:
    for given in (set[str](), *({one} for one in sorted(wanted))):
        variables = {f"{prefix}TEAM_{what}": Secret("demo-only") for what in given}
        inputs = SinkInputs(store=local.store, custody=local.custody, variables=variables)
        with pytest.raises(SecretAccessDenied) as caught:
            sign_in(inputs)
        named = {word for word in caught.value.next_step.split() if word.startswith(prefix)}
        assert named == {f"{prefix}{what}" for what in wanted - given}
