"""Settings that mean nothing to a sink of their kind are refused: whoever wrote them believed that they do something."""

import json
from pathlib import Path

import pytest

from tests.settings.given import configured, refused
from tokenbroker.settings import SinkSettings

pytestmark = pytest.mark.req("SECRET-1")

ID = "f4e44a7f-1190-432a-9d4a-af96013127cb"
SINKS = {
    "local": {"type": "local"},
    "env": {"type": "env"},
    "postgres": {"type": "postgres"},
    "vault": {"type": "vault", "address": "https://vault.example.com"},
    "approle": {"type": "vault", "address": "https://vault.example.com", "auth": "approle"},
    "cli": {"type": "bitwarden"},
    "manager": {
        "type": "bitwarden",
        "client": "secrets_manager",
        "organization_id": ID,
        "project_id": ID,
    },
    "infisical": {"type": "infisical", "project_id": ID, "environment": "dev"},
    "account": {"type": "onepassword", "vault": "Automation"},
    "connect": {
        "type": "onepassword",
        "vault": "Automation",
        "client": "connect",
        "address": "https://connect.example.com",
    },
}
SERVED = {*SINKS} - {"local", "env"}
BELONGS: dict[str, tuple[object, set[str]]] = {
    "prefix": ("DEMO_", {"env"}),
    "address": ("https://a.example.com", {"vault", "approle", "cli", "manager", "infisical", "connect"}),
    "url": ("postgresql://demo@db.example.com/demo", {"postgres"}),
    "mount": ("kv", {"vault", "approle"}),
    "namespace": ("team", {"vault", "approle"}),
    "path_prefix": ("team", {"vault", "approle", "infisical"}),
    "auth": ("token", {"vault", "approle", "infisical"}),
    "auth_mount": ("team", {"approle"}),
    "client": ("cli", {"cli", "manager", "account", "connect"}),
    "vault": ("Team", {"account", "connect"}),
    "command": ("bw", {"cli"}),
    "organization_id": (ID, {"cli", "manager"}),
    "collection_id": (ID, {"cli"}),
    "ca_file": ("ca.pem", SERVED - {"account"}),
    "timeout_s": (5, SERVED),
    "project_id": (ID, {"manager", "infisical"}),
    "environment": ("dev", {"infisical"}),
    "cache_s": (5, {"infisical"}),
}


def test_of_each_setting_it_is_said_whose_it_is() -> None:
    assert {*BELONGS} | {"type"} == {*SinkSettings.model_fields}


@pytest.mark.parametrize("name", BELONGS)
def test_a_setting_that_means_nothing_to_a_sink_of_that_kind_is_refused(tmp_path: Path, name: str) -> None:
    value, owners = BELONGS[name]
    for kind in SINKS.keys() - owners:
        told = refused(tmp_path, toml({**SINKS[kind], name: value})).sentence.splitlines()[1:]
        assert len(told) == 1
        assert "sinks.s" in told[0]
        assert f"{name} means nothing" in told[0], (kind, told)
    for kind in owners - {"manager", "account", "connect", "approle"}:
        more = {"organization_id": ID} if name == "collection_id" else {}
        configured(tmp_path, toml({**SINKS[kind], **more, name: value}))


def test_all_that_mean_nothing_are_told_at_once_with_what_they_belong_to(tmp_path: Path) -> None:
    error = refused(tmp_path, toml({**SINKS["cli"], "cache_s": 5, "auth_mount": "team", "project_id": ID}))
    (told,) = error.sentence.splitlines()[1:]
    assert 'auth_mount means nothing here, but to a sink with type = "vault" and auth = "approle"' in told
    assert "cache_s" in told
    assert (
        'project_id means nothing here, but to a sink with type = "bitwarden" and client = "secrets_manager", '
        'or type = "infisical"' in told
    )


@pytest.mark.parametrize("kind", SINKS)
def test_a_sink_with_its_own_settings_only_is_one(tmp_path: Path, kind: str) -> None:
    configured(tmp_path, toml(SINKS[kind]))


def toml(sink: dict[str, object]) -> str:
    return "\n".join(("[sinks.s]", *(f"{name} = {json.dumps(value)}" for name, value in sink.items()), ""))
