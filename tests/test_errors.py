"""Errors: a code, a sentence, the next step, and what the command answers."""

import inspect
import re

import pytest

from tokenbroker import errors
from tokenbroker.errors import BrokerError, ExitCode, HumanDenied, PolicyDenied, SecretUnavailable, UsageError

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, BrokerError)]


@pytest.mark.parametrize("error", CLASSES, ids=lambda each: each.__name__)
def test_every_error_has_a_code_an_exit_code_and_a_meaning(error: type[BrokerError]) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z_]+)*", error.code)
    assert error.exit_code is not ExitCode.DONE
    assert error.__doc__
    assert error("something").code == error.code


def test_no_two_errors_have_one_code() -> None:
    assert len({each.code for each in CLASSES}) == len(CLASSES)


def test_the_text_is_code_sentence_and_next_step() -> None:
    error = UsageError("this is so", next_step="do that", code="usage.example")
    assert str(error) == "usage.example: this is so\n  to do: do that"
    assert str(UsageError("this is so")) == "usage: this is so"


def test_a_code_of_its_own_belongs_to_the_one_error_only() -> None:
    UsageError("x", code="usage.example")
    assert UsageError("x").code == "usage"


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (UsageError, 2),
        (PolicyDenied, 10),
        (HumanDenied, 11),
        (SecretUnavailable, 12),
        (errors.SecretNotFound, 1),
        (errors.FlowError, 2),
        (errors.HumanTimeout, 11),
        (errors.BrowserUnavailable, 2),
        (errors.RunError, 1),
    ],
)
def test_exit_codes_are_the_documented_ones(error: type[BrokerError], exit_code: int) -> None:
    assert error("x").exit_code == exit_code
