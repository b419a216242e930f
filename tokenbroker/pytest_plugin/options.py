"""What the command-line options of a session say."""

from collections.abc import Sequence

import pytest

from tokenbroker.errors import UsageError


def params_of(config: pytest.Config) -> dict[str, str]:
    """The `--param NAME=VALUE` options; raises UsageError where one has no ``=``."""
    return parse_params(config.getoption("--param"))


def parse_params(texts: Sequence[str]) -> dict[str, str]:
    """What each ``NAME=VALUE`` of `texts` says; raises UsageError, without the text, where one has no ``=``."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("--param takes NAME=VALUE")
        pairs[name] = value
    return pairs
