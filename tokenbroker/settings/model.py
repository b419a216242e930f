"""Every setting of the product."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tokenbroker.errors import SettingsError
from tokenbroker.settings.origins import checked_origin_map
from tokenbroker.settings.sinks import Part, SinkSettings, StoreSettings, checked_sinks
from tokenbroker.settings.variables import PREFIX

FILE_NAME = "tokenbroker.toml"
ALWAYS_THERE = ("local", "env")
"""The sinks that need not be named."""
Precision = Literal["millisecond", "second", "minute", "hour", "day"]
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}|ssh-ed25519 AAAA[A-Za-z0-9+/=]+( [^\n]*)?")


def _recipients(value: tuple[str, ...]) -> tuple[str, ...]:
    # The form only, so that settings need no cryptography; the key itself is looked at before a run begins.
    told = []
    for text in value:
        if "SECRET-KEY" in text or "PRIVATE KEY" in text:
            told.append("this is a private key; a recipient is the public one (age1… or ssh-ed25519 …)")
        elif not _RECIPIENT.fullmatch(text):
            told.append("a recipient is a public key: age1… (of age-keygen) or ssh-ed25519 AAAA…")
    if told:
        raise ValueError("\n".join(dict.fromkeys(told)))
    return value


class InputSettings(Part):
    """Where ``secrets:NAME`` is read from."""

    sink: str = "local"


class HumanSettings(Part):
    """Checkpoints."""

    deadline_s: float = Field(default=300, gt=0, le=86_400, description="how long a person has to answer")
    after_deadline: Literal["fail", "park"] = Field(
        default="fail", description="what becomes of a question that nobody has answered in time"
    )
    parked_s: float = Field(
        default=86_400, gt=0, le=604_800, description="how long a parked question may still be answered"
    )
    unattended: Literal["fail", "wait"] = Field(
        default="fail", description="what a run without a terminal does: fail at once, or wait for `approve`"
    )

    @property
    def parking_s(self) -> float:
        """How long a question waits on after its deadline, in seconds; 0 where it does not."""
        return self.parked_s if self.after_deadline == "park" else 0.0


class AuditSettings(Part):
    """Who may read the bundles of runs."""

    recipients: Annotated[tuple[str, ...], AfterValidator(_recipients)] = Field(
        default=(), description="public keys that audit bundles are sealed for"
    )


class RotationSettings(Part):
    """What happens once a token was replaced."""

    hook: tuple[str, ...] = Field(
        default=(), description="the command that is told, and its arguments; it gets JSON on standard input"
    )
    hook_timeout_s: float = Field(default=60, gt=0, le=3600, description="how long it may take")


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
    store: StoreSettings = Field(default_factory=StoreSettings, description="where the store is")
    sinks: Annotated[dict[str, SinkSettings], AfterValidator(checked_sinks)] = Field(
        default_factory=dict, description="aliases of sinks"
    )
    inputs: InputSettings = Field(default_factory=InputSettings, description="where inputs are read from")
    human: HumanSettings = Field(default_factory=HumanSettings, description="checkpoints")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="audit bundles")
    rotation: RotationSettings = Field(
        default_factory=RotationSettings, description="what happens once a token was replaced"
    )
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
        if alias in ALWAYS_THERE:
            return SinkSettings(type=alias)  # type: ignore[arg-type]  # narrowed by the line above
        raise SettingsError(
            unknown_sink(alias, self.sinks),
            next_step=f"mend the name, or add the sink to {FILE_NAME}, with the type of your store:\n"
            f'    [sinks.{alias}]\n    type = "local"',
            code="settings.unknown_sink",
        )


def unknown_sink(alias: str, named: Iterable[str]) -> str:
    """The sentence that says that no sink is called `alias`, where the settings have `named` some."""
    known = sorted({*named, *ALWAYS_THERE})
    near = difflib.get_close_matches(alias, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"no sink is called '{alias}' (known: {', '.join(known)}){hint}"
