"""Secrets that came by environment, held back before any child process can inherit them.

Playwright's driver gets the environment as it is when the first test asks for it, and that test need not be
a flow. So the variables leave `os.environ` as soon as the session knows its flows.
"""

import os
from collections.abc import Iterable, MutableMapping

import pytest

from tokenbroker.errors import BrokerError
from tokenbroker.settings import SECRET_PREFIX, WITHHELD_VARIABLES, Settings, load_configuration


class _Withheld(dict[str, str]):
    """Shows its names only: a traceback with locals may print it."""

    def __repr__(self) -> str:
        return f"<withheld: {', '.join(sorted(self))}>"


_WITHHELD = pytest.StashKey[_Withheld]()


def withhold(
    config: pytest.Config, names: Iterable[str] = (), *, settings: Settings | None = None
) -> MutableMapping[str, str]:
    """Move the variables `names`, the master key, and those of every sink out of `os.environ`.

    `settings` say which prefixes the sinks read; without them they are read as seen from pytest's root.
    Answers all that was moved so far in this session.
    """
    withheld = config.stash.setdefault(_WITHHELD, _Withheld())
    prefixes = tuple(_prefixes(settings or _settings(config)))
    wanted = {*WITHHELD_VARIABLES, *names}
    for name in [*os.environ]:
        if name in wanted or name.startswith(prefixes):
            withheld[name] = os.environ.pop(name)
    return withheld


def _prefixes(settings: Settings | None) -> set[str]:
    return (
        {SECRET_PREFIX, *(sink.prefix for sink in settings.sinks.values())} if settings else {SECRET_PREFIX}
    )


def _settings(config: pytest.Config) -> Settings | None:
    try:
        return load_configuration(config.rootpath, dict(os.environ)).settings
    except BrokerError:
        return None  # whoever needs the settings is told what is wrong with them
