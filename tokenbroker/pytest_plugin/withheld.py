"""Secrets that came by environment, held back before any child process can inherit them.

Playwright's driver gets the environment as it is when the first test asks for it, and that test need not be
a flow. So the variables leave `os.environ` as soon as the session knows its flows.
"""

import os
from collections.abc import Iterable, MutableMapping

import pytest

from tokenbroker.errors import BrokerError
from tokenbroker.jobs.variables import Withheld, secret_names
from tokenbroker.settings import Settings, load_configuration

_WITHHELD = pytest.StashKey[Withheld]()


def withhold(
    config: pytest.Config, names: Iterable[str] = (), *, settings: Settings | None = None
) -> MutableMapping[str, str]:
    """Move the variables `names`, the master key, and those of every sink out of `os.environ`.

    `settings` say which prefixes the sinks read; without them they are read as seen from pytest's root.
    Answers all that was moved so far in this session.
    """
    withheld = config.stash.setdefault(_WITHHELD, Withheld())
    for name in secret_names([*os.environ], settings or _settings(config), names):
        withheld[name] = os.environ.pop(name)
    return withheld


def hold(config: pytest.Config, variables: Withheld) -> None:
    """Begin the session with `variables`, which came another way than by the environment, as withheld."""
    config.stash[_WITHHELD] = variables


def _settings(config: pytest.Config) -> Settings | None:
    try:
        return load_configuration(config.rootpath, dict(os.environ)).settings
    except BrokerError:
        return None  # whoever needs the settings is told what is wrong with them
