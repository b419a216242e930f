"""Log records made safe: a filter for :mod:`logging`."""

import logging
import traceback
from collections.abc import Mapping

from tokenbroker.redact.redactor import Redactor

_STANDARD = frozenset(vars(logging.makeLogRecord({})))
_DEPTH = 8


class RedactingFilter(logging.Filter):
    """Redacts whatever passes the handler it is added to.

    The message is formatted here and its arguments dropped; a traceback becomes redacted text. Add it to
    handlers, not loggers: a logger's filters don't see the records of its children.

    Attributes:
        redactor: what knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self.redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record` in place, for every handler that comes after; never drops it."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - logging would print the arguments to stderr, in clear
            message = f"a log message of {record.name} that its arguments don't fit"
        record.msg, record.args = self.redactor.text(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.exc_info = None  # else a formatter of its own might print frames and locals
        if record.exc_text:
            record.exc_text = self.redactor.text(record.exc_text)
        if record.stack_info:
            record.stack_info = self.redactor.text(record.stack_info)
        for name in record.__dict__.keys() - _STANDARD:
            record.__dict__[name] = _clean(self.redactor, record.__dict__[name])
        return True


def _clean(redactor: Redactor, value: object, depth: int = 0) -> object:
    """`value` as it is if it holds no secret; else its redacted likeness."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, bytes):
        return redactor.data(value)
    if isinstance(value, BaseException):
        return redactor.exception_text(value)
    if depth < _DEPTH:
        if isinstance(value, Mapping):
            return {_clean(redactor, k, _DEPTH): _clean(redactor, v, depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_clean(redactor, item, depth + 1) for item in value]
    # A number may be a one-time code; another object shows itself by its str or repr.
    for shown in (str(value), repr(value)):
        redacted = redactor.text(shown)
        if redacted != shown:
            return redacted
    return value
