"""Log records made safe: a filter for :mod:`logging`, a processor for structlog."""

import logging
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from types import TracebackType

from tokenbroker.redact.redactor import Redactor

_STANDARD = frozenset(vars(logging.makeLogRecord({})))
_DEPTH = 8


class RedactingFilter(logging.Filter):
    """Redacts whatever passes the handler it is added to.

    The message is formatted here and its arguments dropped; a traceback becomes redacted text. Add it to
    handlers, not loggers: a logger's filters don't see the records of its children.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record` in place, for every handler that comes after; never drops it."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - logging would print the arguments to stderr, in clear
            message = f"a log message of {record.name} that its arguments don't fit"
        record.msg, record.args = self._redactor.text(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.exc_info = None  # else a formatter of its own might print frames and locals
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.text(record.stack_info)
        for name in record.__dict__.keys() - _STANDARD:
            record.__dict__[name] = _clean(self._redactor, record.__dict__[name])
        return True


def log_processor(
    redactor: Redactor,
) -> Callable[[object, str, MutableMapping[str, object]], MutableMapping[str, object]]:
    """A structlog processor that redacts keys, values and exceptions; put it last before the renderer."""

    def redact(
        _logger: object, _method: str, event: MutableMapping[str, object]
    ) -> MutableMapping[str, object]:
        error = event.pop("exc_info", None)
        lines = _traceback_of(error)
        if lines:
            event["exception"] = "".join(lines).rstrip()
        return {redactor.text(str(key)): _clean(redactor, value) for key, value in event.items()}

    return redact


def _traceback_of(error: object) -> list[str]:
    if isinstance(error, BaseException):
        return traceback.format_exception(error)
    if isinstance(error, tuple) and len(error) == 3 and isinstance(error[1], BaseException):
        kind, value, frames = error
        return traceback.format_exception(kind, value, frames if isinstance(frames, TracebackType) else None)
    current = sys.exception() if error else None
    return traceback.format_exception(current) if current else []


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
