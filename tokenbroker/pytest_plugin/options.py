"""What the command-line options of a session say."""

from collections.abc import Sequence

import pytest

from tokenbroker.errors import UsageError
from tokenbroker.flow.model import Mode

GIVEN_PARAMS = pytest.StashKey[dict[str, str]]()
"""Parameters that came another way than by the command line, which a session's config shows to every plugin."""


def parse_mode(text: str) -> Mode | None:
    """The mode of that name, None for "", which leaves the choice to the flow; raises UsageError for another word."""
    if text and text not in (*Mode,):
        raise UsageError(f"a mode is {' or '.join(Mode)}, not {text}", next_step="leave the mode away")
    return Mode(text) if text else None


def params_of(config: pytest.Config) -> dict[str, str]:
    """The `--param NAME=VALUE` options and those in the stash; raises as `parse_params` does."""
    given: dict[str, str] = config.stash.get(GIVEN_PARAMS, {})
    return parse_params(config.getoption("--param")) | given


def parse_params(texts: Sequence[str]) -> dict[str, str]:
    """What each ``NAME=VALUE`` of `texts` says.

    Raises:
        UsageError: one has no ``=``, which is said without the text; `param.twice`, two are of one name.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("--param takes NAME=VALUE")
        if name in pairs:
            raise UsageError(
                f"--param {name}=… is given twice, and a run takes one value",
                next_step="leave one of them away, here or in pytest's addopts",
                code="param.twice",
            )
        pairs[name] = value
    return pairs
