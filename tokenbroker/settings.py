"""Settings: validated together at start, each with where it came from.

Precedence, highest first: command-line options, ``TOKENBROKER_*`` variables, ``tokenbroker.toml``
(the nearest one upwards from the start folder, or ``$TOKENBROKER_CONFIG``), defaults.
"""

import difflib
import ipaddress
import json
import re
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret

FILE_NAME = "tokenbroker.toml"
PREFIX = "TOKENBROKER_"
SECRET_PREFIX = "TOKENBROKER_SECRET_"  # noqa: S105  a prefix of names, not a secret
KEY_VARIABLES = ("TOKENBROKER_KEY", "MCP_AUTH_ENCRYPTION_KEY")
WITHHELD_VARIABLES = (*KEY_VARIABLES, "OP_SERVICE_ACCOUNT_TOKEN", "INFISICAL_API_KEY")
"""Variables that hold credentials, ours or a vault's: no child process may inherit them."""
VAULT_PREFIX = "TOKENBROKER_VAULT_"
SINK_CREDENTIALS = (VAULT_PREFIX, "VAULT_TOKEN")
"""What the variables begin with that hold the credentials of sinks; they are withheld like the others."""
ALIASES = {"MCP_AUTH_BROKER_SECRET_PROVIDER": "TOKENBROKER_INPUTS__SINK"}
Precision = Literal["millisecond", "second", "minute", "hour", "day"]
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}|ssh-ed25519 AAAA[A-Za-z0-9+/=]+( [^\n]*)?")
_VAULT_ADDRESS = "VAULT_ADDR"
_VAULT_VARIABLE = re.compile(rf"{VAULT_PREFIX}(?:[A-Z0-9_]+_)?(?:TOKEN|ROLE_ID|SECRET_ID)")
_SEGMENTS = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*"
_NOT_SETTINGS = frozenset({"TOKENBROKER_CONFIG", *KEY_VARIABLES})


def is_loopback(origin: str) -> bool:
    """Whether `origin` (``scheme://host[:port]``) can only be this machine: localhost or a loopback address."""
    try:
        host = urlsplit(origin).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """The origin of `url` (RFC 6454): scheme, host in lower case, and the port where it is not the default.

    Raises:
        ValueError: `url` is not an absolute http or https URL, or one that browsers read in another way:
            with white space, control characters or backslashes, or a host that is not plain ASCII.
    """
    if not url.isprintable() or any(character in url for character in " \\"):
        raise ValueError("white space, control characters and backslashes don't belong into a URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an absolute http or https URL")
    if not parts.hostname.isascii() or "%" in parts.hostname:
        raise ValueError("a host is written in plain ASCII (xn--…)")
    host = parts.hostname
    if ":" in host:
        host = f"[{ipaddress.IPv6Address(host).compressed}]"
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def checked_origin_map(value: Mapping[str, str]) -> dict[str, str]:
    """`value` with each origin in its one spelling.

    Raises:
        ValueError: a key or a target is no origin, or a target lies beyond this machine.
    """
    checked = {}
    for source, target in value.items():
        try:
            checked[origin_of(source)] = origin_of(target)
        except ValueError:
            raise ValueError("an origin map holds origins such as https://console.example.com") from None
        if not is_loopback(target):
            raise ValueError(
                f"the origin map leads {source} away from this machine; targets must be loopback"
            )
    return checked


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _server(value: str | None) -> str | None:
    if value is None:
        return None
    if any(sign in value for sign in "@?#"):
        raise ValueError("an address holds no user, query or fragment: credentials come by environment")
    try:
        origin = origin_of(value)
    except ValueError:
        raise ValueError("an address is a URL such as https://vault.example.com:8200") from None
    if origin.startswith("http:") and not is_loopback(origin):
        raise ValueError("plain http would show secrets to the network; use https")
    return value.rstrip("/")


class SinkSettings(_Part):
    """One alias under ``[sinks.NAME]``: which kind of store stands behind the name."""

    type: Literal["local", "env", "vault"]
    prefix: str = Field(
        default=SECRET_PREFIX,
        # All variables that begin with it leave the environment: a short one would take PATH and HOME along.
        pattern=r"^[A-Z][A-Z0-9_]{2,}$",
        description="env only: what its variables' names begin with",
    )
    address: Annotated[str | None, AfterValidator(_server)] = Field(
        default=None, description="vault only: the server's URL"
    )
    mount: str = Field(
        default="secret", pattern=f"^{_SEGMENTS}$", description="vault only: where the KV engine is mounted"
    )
    namespace: str | None = Field(default=None, pattern=f"^{_SEGMENTS}$", description="vault only")
    path_prefix: str = Field(
        default="tokenbroker",
        pattern=f"^({_SEGMENTS})?$",
        description="vault only: the folder of the mount below which all paths lie",
    )
    auth: Literal["token", "approle"] = Field(default="token", description="vault only: how to sign in")
    auth_mount: str = Field(
        default="approle", pattern=f"^{_SEGMENTS}$", description="vault only: where AppRole is mounted"
    )
    ca_file: Path | None = Field(default=None, description="vault only: certificates to trust instead")
    timeout_s: float = Field(default=10, gt=0, le=300, description="vault only: how long an answer may take")

    @model_validator(mode="after")
    def _has_a_server(self) -> Self:
        if self.type == "vault" and self.address is None:
            raise ValueError(f"a sink of type vault needs an address (or the variable {_VAULT_ADDRESS})")
        return self


def _sinks(value: dict[str, SinkSettings]) -> dict[str, SinkSettings]:
    for name in ("local", "env"):
        if name in value and value[name].type != name:
            raise ValueError(f"'{name}' is always of the type {name}; give the other sink a name of its own")
    return value


def _recipients(value: tuple[str, ...]) -> tuple[str, ...]:
    # The form only, so that settings need no cryptography; the key itself is looked at before a run begins.
    for text in value:
        if "SECRET-KEY" in text or "PRIVATE KEY" in text:
            raise ValueError("this is a private key; a recipient is the public one (age1… or ssh-ed25519 …)")
        if not _RECIPIENT.fullmatch(text):
            raise ValueError("a recipient is a public key: age1… (of age-keygen) or ssh-ed25519 AAAA…")
    return value


class InputSettings(_Part):
    """Where ``secrets:NAME`` is read from."""

    sink: str = "local"


class HumanSettings(_Part):
    """Checkpoints."""

    deadline_s: float = Field(default=300, gt=0, le=86_400, description="how long a person has to answer")


class AuditSettings(_Part):
    """Who may read the bundles of runs."""

    recipients: Annotated[tuple[str, ...], AfterValidator(_recipients)] = Field(
        default=(), description="public keys that audit bundles are sealed for"
    )


class Settings(BaseSettings):
    """Every setting of the product; ``docs/settings.md`` explains each."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("tokenbroker"),
        description="where the store, the spool and unfinished runs live",
    )
    origin_map: Annotated[dict[str, str], AfterValidator(checked_origin_map)] = Field(
        default_factory=dict, description="origins that lead to a loopback address instead"
    )
    sinks: Annotated[dict[str, SinkSettings], AfterValidator(_sinks)] = Field(
        default_factory=dict, description="aliases of sinks"
    )
    inputs: InputSettings = Field(default_factory=InputSettings, description="where inputs are read from")
    human: HumanSettings = Field(default_factory=HumanSettings, description="checkpoints")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="audit bundles")
    browser: Path | None = Field(default=None, description="the browser's executable")
    reports: Path = Field(default=Path("reports"), description="where evidence of runs is written")
    pictures: bool = Field(default=True, description="a picture of the page after each step")
    timestamps: Precision = Field(default="second", description="how exactly evidence tells when things were")
    step_timeout_s: float = Field(default=15, gt=0, le=3600, description="how long a step may take")
    operator: str | None = Field(
        default=None, description="who runs, in the audit; default: the system's user"
    )

    def sink(self, alias: str) -> SinkSettings:
        """The settings of the sink called `alias`; ``local`` and ``env`` are there without being named.

        Raises:
            SettingsError: no sink has that name.
        """
        if alias in self.sinks:
            return self.sinks[alias]
        if alias in ("local", "env"):
            return SinkSettings(type=alias)  # type: ignore[arg-type]  # narrowed by the line above
        known = ", ".join(sorted({*self.sinks, "local", "env"}))
        raise SettingsError(
            f"no sink is called '{alias}' (known: {known})",
            next_step=f'add to {FILE_NAME}:\n    [sinks.{alias}]\n    type = "local"',
            code="settings.unknown_sink",
        )


class Configuration:
    """Settings with where each came from, and the master key if the environment gave one.

    Attributes:
        settings: the validated settings.
        root: the folder of the settings file, else the start folder; relative paths count from it.
        origins: for each top-level setting, its source in words.
        key: the master key's text, taken out of the environment, or None.
        default_home: whether `home` is the platform's own folder.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        root: Path,
        origins: Mapping[str, str],
        key: Secret | None,
        default_home: bool,
    ) -> None:
        self.settings = settings
        self.root = root
        self.origins = dict(origins)
        self.key = key
        self.default_home = default_home

    def path(self, setting: Path) -> Path:
        """`setting` as an absolute path."""
        return setting if setting.is_absolute() else self.root / setting

    def sink(self, alias: str) -> SinkSettings:
        """The settings of the sink called `alias`, its file by an absolute path.

        Raises:
            SettingsError: no sink has that name.
        """
        settings = self.settings.sink(alias)
        if settings.ca_file is None:
            return settings
        return settings.model_copy(update={"ca_file": self.path(settings.ca_file)})


def load_configuration(start: Path, environ: MutableMapping[str, str]) -> Configuration:
    """Read all settings as seen from the folder `start`.

    The master key is *removed* from `environ`, so that no child process inherits it.

    Raises:
        SettingsError: names every wrong setting and where it came from.
    """
    key = _take_key(environ)
    file = _settings_file(start, environ)
    from_file = _read_file(file) if file else {}
    from_environment, problems = _read_environment(environ)
    merged = _with_vault_address(_merge(from_file, from_environment), environ.get(_VAULT_ADDRESS, ""))
    origins = dict.fromkeys(Settings.model_fields, "default")
    origins.update({name: str(file) for name in from_file})
    origins.update({name: f"environment ({PREFIX}{name.upper()}…)" for name in from_environment})
    try:
        settings = _ExplicitSettings(**merged)
    except ValidationError as error:
        problems += [_problem(item, origins) for item in error.errors(include_input=False, include_url=False)]
    if problems:
        raise SettingsError(
            "\n".join(["the settings are not usable:", *(f"  - {line}" for line in problems)])
        )
    root = file.parent if file else start
    return Configuration(settings, root=root, origins=origins, key=key, default_home="home" not in merged)


class _ExplicitSettings(Settings):
    """Settings built from the merged mapping alone: the sources were read before, to know their names."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic's contract
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def _take_key(environ: MutableMapping[str, str]) -> Secret | None:
    found = [value for name in KEY_VARIABLES if (value := environ.pop(name, ""))]
    return Secret(found[0]) if found else None


def _settings_file(start: Path, environ: Mapping[str, str]) -> Path | None:
    named = environ.get("TOKENBROKER_CONFIG")
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"TOKENBROKER_CONFIG names {named}, which is not a file")
        return Path(named).resolve()
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def _read_file(file: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}") from None
    if "key" in data:
        raise SettingsError(
            f"{file} holds a key; settings files are shared, keys are not: use TOKENBROKER_KEY"
        )
    return data


def _read_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The settings among the variables, and a sentence for each variable that looks like one but is none."""
    given = {name: value for name, value in environ.items() if value}
    own = {ours: given[alias] for alias, ours in ALIASES.items() if alias in given}
    own |= {name: value for name, value in given.items() if name.startswith(PREFIX)}
    problems = []
    groups: dict[str, dict[str, str]] = {}
    for name, value in own.items():
        top = name.removeprefix(PREFIX).split("__")[0].lower()
        if top in Settings.model_fields:
            groups.setdefault(top, {})[name.lower()] = value
        elif not _is_no_setting(name):
            near = difflib.get_close_matches(top, Settings.model_fields, n=1)
            hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
            problems.append(f"{name} (environment): there is no such setting{hint}")
    found: dict[str, Any] = {}
    for top, variables in groups.items():  # one by one, so that one wrong variable doesn't hide another
        source = EnvSettingsSource(Settings)
        source.env_vars = variables
        try:
            found |= source()
        except ValueError as error:
            why = "not valid JSON" if isinstance(error.__cause__, json.JSONDecodeError) else "not readable"
            problems.append(f"{PREFIX}{top.upper()} (environment): {why}")
    return found, problems


def _is_no_setting(name: str) -> bool:
    """Whether the variable `name` is one of ours that is read elsewhere."""
    return (
        name in _NOT_SETTINGS
        or name.startswith((SECRET_PREFIX, "TOKENBROKER_TEST_"))
        or _VAULT_VARIABLE.fullmatch(name) is not None
    )


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _with_vault_address(merged: dict[str, Any], address: str) -> dict[str, Any]:
    """`merged`, where sinks of type vault that name no server have the one of Vault's own variable."""
    sinks = merged.get("sinks")
    if not address or not isinstance(sinks, dict):
        return merged
    addressed = {
        alias: {"address": address, **sink}
        if isinstance(sink, dict) and sink.get("type") == "vault"
        else sink
        for alias, sink in sinks.items()
    }
    return {**merged, "sinks": addressed}


def _problem(item: Any, origins: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    top = str(item["loc"][0]) if item["loc"] else ""
    sentence = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(top, Settings.model_fields, n=1)
        sentence = "there is no such setting" + (
            f"; did you mean '{near[0]}'?" if near and near[0] != top else ""
        )
    return f"{name} ({origins.get(top, 'settings')}): {sentence}"
