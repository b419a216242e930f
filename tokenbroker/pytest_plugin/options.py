"""What the command-line options of a session say."""

from collections.abc import Sequence

import pytest

from tokenbroker.errors import UsageError


def refuse_guided(mode: str | None) -> None:
    """Raise UsageError (`mode.not_available`) where guided mode is asked for: it is not there yet."""
    if mode == "guided":
        raise UsageError(
            "guided mode is not in this release; the overlay it needs is still to come",
            next_step="leave --mode away to run semi_auto where the flow allows it",
            code="mode.not_available",
        )


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
