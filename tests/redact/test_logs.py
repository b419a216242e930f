"""Log lines leave without secrets."""

import io
import logging
import secrets
from collections.abc import Iterator

import pytest

from tokenbroker.redact import RedactingFilter, Redactor
from tokenbroker.secret import Secret

VALUE = "demo-only-" + secrets.token_hex(12)
MARK = "«secret:example.password»"


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.add(Secret(VALUE), label="secrets:example.password")
    redactor.add(Secret("482913"), label="secrets:example.otp")
    return redactor


class Log:
    """A logger with one redacting handler, and what that wrote."""

    def __init__(self, redactor: Redactor) -> None:
        self._written = io.StringIO()
        self.handler = logging.StreamHandler(self._written)
        self.handler.addFilter(RedactingFilter(redactor))
        self.logger = logging.Logger("tokenbroker.test")  # made directly: one that no other test can see
        self.logger.addHandler(self.handler)

    @property
    def text(self) -> str:
        return self._written.getvalue()


@pytest.fixture
def log(redactor: Redactor) -> Iterator[Log]:
    log = Log(redactor)
    yield log
    log.handler.close()


def failed() -> None:
    raise ValueError(VALUE)


@pytest.mark.req("SECRET-7")
def test_a_message_and_its_arguments_are_redacted(log: Log) -> None:
    log.logger.info("typed %s and %d", VALUE, 482913)
    assert log.text == f"typed {MARK} and «secret:example.otp»\n"


@pytest.mark.req("SECRET-7")
def test_a_traceback_is_redacted(log: Log) -> None:
    try:
        failed()
    except ValueError:
        log.logger.exception("failed")
    assert f"ValueError: {MARK}" in log.text
    assert VALUE not in log.text


def test_a_handler_that_formats_tracebacks_by_itself_gets_none(redactor: Redactor) -> None:
    try:
        failed()
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "x", "exc_info": (ValueError, error, error.__traceback__)})
    RedactingFilter(redactor).filter(record)
    assert record.exc_info is None


def test_extra_attributes_are_redacted(log: Log) -> None:
    log.handler.setFormatter(logging.Formatter("%(field)s"))
    log.logger.info("x", extra={"field": {"typed": [VALUE]}})
    assert VALUE not in log.text
    assert MARK in log.text


def test_arguments_that_do_not_fit_are_not_shown(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log.logger.info("no place for it", VALUE)
    assert VALUE not in log.text + capsys.readouterr().err


def test_extra_attributes_keep_what_holds_no_secret(log: Log) -> None:
    log.handler.setFormatter(logging.Formatter("%(field)s"))
    log.logger.info("x", extra={"field": {VALUE: [VALUE.encode().hex()], "code": 482913, "n": 3, "on": True}})
    assert log.text == f"{ {MARK: [MARK], 'code': '«secret:example.otp»', 'n': 3, 'on': True} }\n"


def test_an_object_that_shows_a_secret_is_replaced_by_what_it_would_show(log: Log) -> None:
    class Shows:
        def __repr__(self) -> str:
            return f"<Shows {VALUE}>"

    log.handler.setFormatter(logging.Formatter("%(it)s %(error)s"))
    log.logger.info("x", extra={"it": Shows(), "error": ValueError(VALUE)})
    assert log.text == f"<Shows {MARK}> ValueError: {MARK}\n"
