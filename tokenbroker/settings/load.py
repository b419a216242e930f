"""Settings are read together at start: each wrong one is named, with where it came from."""

import json
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from tokenbroker.errors import SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings.meant import meant
from tokenbroker.settings.model import FILE_NAME, Settings
from tokenbroker.settings.problems import Sources, misled, problems
from tokenbroker.settings.sinks import SinkSettings, StoreSettings
from tokenbroker.settings.variables import ALIASES, KEY_VARIABLES, PREFIX, VAULT_ADDRESS, is_no_setting

_Rests = TypeVar("_Rests", SinkSettings, StoreSettings)


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
        return self._with_whole_path(self.settings.sink(alias))

    def store(self) -> StoreSettings:
        """The settings of the store, its file by an absolute path."""
        return self._with_whole_path(self.settings.store)

    def _with_whole_path(self, settings: _Rests) -> _Rests:
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
    variables = _own_variables(environ)
    from_environment, told = _read_environment(variables)
    merged = _with_vault_address(_merge(from_file, from_environment), environ.get(VAULT_ADDRESS, ""))
    origins = dict.fromkeys(Settings.model_fields, "default")
    origins.update({name: str(file) for name in from_file})
    origins.update({name: f"environment ({PREFIX}{name.upper()}…)" for name in from_environment})
    read = frozenset(name for name in variables if _top(name) in from_environment)
    sources = Sources(file=file, from_file=from_file, variables=read)
    try:
        settings = _ExplicitSettings(**merged)
    except ValidationError as error:
        told += problems(error, merged, sources)
    told += misled(merged, sources)
    if told:
        raise SettingsError("\n".join(["the settings are not usable:", *(f"  - {line}" for line in told)]))
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


def _own_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that begin as ours do, and those that stand for one of them."""
    given = {name: value for name, value in environ.items() if value}
    own = {ours: given[alias] for alias, ours in ALIASES.items() if alias in given}
    return own | {name: value for name, value in given.items() if name.startswith(PREFIX)}


def _top(name: str) -> str:
    """The setting that the variable `name` is of."""
    return name.removeprefix(PREFIX).split("__")[0].lower()


def _read_environment(own: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The settings among the variables, and a sentence for each variable that looks like one but is none."""
    told = []
    groups: dict[str, dict[str, str]] = {}
    for name, value in own.items():
        top = _top(name)
        if top in Settings.model_fields:
            groups.setdefault(top, {})[name.lower()] = value
        elif not is_no_setting(name):
            near = meant(name)
            hint = f"; did you mean {near}?" if near else ""
            told.append(f"{name} (environment): there is no such setting{hint}")
    found: dict[str, Any] = {}
    for variables in groups.values():  # one by one, so that one wrong variable doesn't hide another
        source = EnvSettingsSource(Settings)
        source.env_vars = variables
        try:
            found |= source()
        except ValueError as error:
            is_json = isinstance(error.__cause__, json.JSONDecodeError)
            why = "not valid JSON, in which lists and tables are given" if is_json else "not readable"
            told.append(f"{', '.join(map(str.upper, variables))} (environment): {why}")
    return found, told


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
