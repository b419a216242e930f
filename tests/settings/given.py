"""Settings as a project and its environment give them."""

from pathlib import Path

import pytest

from tokenbroker.errors import SettingsError
from tokenbroker.settings import (
    Configuration,
    load_configuration,
)


def configured(
    folder: Path, text: str | bytes | None = None, /, **variables: str
) -> tuple[Configuration, dict[str, str]]:
    """The configuration of `folder`, with `text` as its settings file; and what is left of the environment."""
    if text is not None:
        (folder / "tokenbroker.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    environ = dict(variables)
    return load_configuration(folder, environ), environ


def refused(folder: Path, text: str | bytes | None = None, /, **variables: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        configured(folder, text, **variables)
    assert caught.value.__cause__ is None
    return caught.value
