"""Errors with a stable code, a plain sentence and the next thing to do.

A message never holds a secret or a personal value: whoever raises one of these writes names,
addresses and counts only. Foreign errors are translated once, at the edge where they arise.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the ``tokenbroker`` command answers to its shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 10
    NO_PERSON = 11
    UNAVAILABLE = 12


class BrokerError(Exception):
    """An error that a person can read.

    Attributes:
        code: the stable name of what happened, such as ``secret.not_found``.
        sentence: what happened, for a person; no values.
        next_step: what to do about it, or "".
        exit_code: what the command answers when this ends it.
    """

    code: str = "internal"
    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, sentence: str, *, next_step: str = "", code: str | None = None) -> None:
        if code is not None:
            self.code = code
        self.sentence = sentence
        self.next_step = next_step
        super().__init__(self.__str__())

    def __str__(self) -> str:
        text = f"{self.code}: {self.sentence}"
        return f"{text}\n  to do: {self.next_step}" if self.next_step else text


class UsageError(BrokerError):
    """The command, the settings or a file can't be used as given."""

    code = "usage"
    exit_code = ExitCode.USAGE


class SettingsError(UsageError):
    """One or more settings are wrong; the sentence lists all of them with where each came from."""

    code = "settings.invalid"


class FlowError(UsageError):
    """A flow's text is not a flow; the sentence begins with ``path:line:column``.

    Attributes:
        line, column: where, from 1, columns in characters.
        what: what is wrong there, without the place and the excerpt.
    """

    code = "flow.invalid"
    line = 1
    column = 1
    what = ""


class PolicyDenied(BrokerError):
    """Policy says no; nothing was started."""

    code = "policy.denied"
    exit_code = ExitCode.REFUSED


class SecretNotFound(BrokerError):
    """The sink holds nothing under that path."""

    code = "secret.not_found"
    exit_code = ExitCode.FAILED


class SecretAccessDenied(BrokerError):
    """The sink refuses these credentials or this key."""

    code = "secret.access_denied"
    exit_code = ExitCode.UNAVAILABLE


class SecretTimeout(BrokerError):
    """The sink did not answer in time."""

    code = "secret.timeout"
    exit_code = ExitCode.UNAVAILABLE


class SecretUnavailable(BrokerError):
    """The sink or the store can't be used now."""

    code = "secret.unavailable"
    exit_code = ExitCode.UNAVAILABLE


class HumanUnreachable(BrokerError):
    """No channel can reach a person."""

    code = "human.unreachable"
    exit_code = ExitCode.NO_PERSON


class HumanDenied(BrokerError):
    """The person said no."""

    code = "human.denied"
    exit_code = ExitCode.NO_PERSON


class HumanTimeout(BrokerError):
    """The person did not answer before the deadline."""

    code = "human.timed_out"
    exit_code = ExitCode.NO_PERSON


class BrowserUnavailable(BrokerError):
    """No browser could be found, started, or trusted."""

    code = "browser.unavailable"
    exit_code = ExitCode.USAGE


class RunError(BrokerError):
    """The run can't begin or can't go on; its code says why."""

    code = "run.failed"
