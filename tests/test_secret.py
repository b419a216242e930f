"""A Secret prints itself nowhere."""

import copy
import dataclasses
import hashlib
import json
import logging
import pickle
import secrets
import traceback
from typing import NamedTuple

import pytest

from tokenbroker.secret import Secret

pytestmark = pytest.mark.req("SECRET-7")


@pytest.fixture
def value() -> str:
    return f"demo-only-{secrets.token_hex(12)}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    secret: Secret


class Pair(NamedTuple):
    name: str
    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        str,
        repr,
        ascii,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>20}",
        lambda secret: f"{secret:x^40}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  the old form is what is tested
        lambda secret: f"{secret}{secret!s}",
        lambda secret: repr([secret, {"a": secret}, Holder(secret=secret), Pair("a", secret)]),
        lambda secret: str(dataclasses.asdict(Holder(secret=secret))),
        lambda secret: str(ValueError("x", secret)),
        lambda secret: json.dumps({"a": secret}, default=str),
        lambda secret: str(dir(secret)),
    ],
)
def test_no_form_of_text_holds_the_value(value: str, shown) -> None:
    assert value not in shown(Secret(value))


@pytest.mark.parametrize(
    "act",
    [
        json.dumps,
        pickle.dumps,
        lambda secret: pickle.dumps(Holder(secret=secret)),
        lambda secret: pickle.dumps(secret, protocol=0),
        len,
        hash,
        vars,
        iter,
        lambda secret: {secret},
        lambda secret: "a" + secret,
        lambda secret: secret[0],
        lambda secret: secret < secret,
        lambda secret: setattr(secret, "other", 1),
    ],
)
def test_what_would_need_the_value_is_refused_without_telling_it(value: str, act) -> None:
    with pytest.raises((TypeError, AttributeError)) as refused:
        act(Secret(value))
    assert value not in "".join(traceback.format_exception(refused.value))


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Secret("")


def test_secrets_of_one_value_are_equal_and_equal_nothing_else(value: str) -> None:
    assert Secret(value) == Secret(value)
    assert Secret(value) != Secret(value + "x")
    assert Secret(value) != value
    assert value != Secret(value)
    assert Secret("pässwörd-demo-only") == Secret("pässwörd-demo-only")


def test_a_secret_is_true_and_a_copy_is_itself(value: str) -> None:
    secret = Secret(value)
    assert secret
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_the_value_comes_out_by_reveal_alone(value: str) -> None:
    assert Secret(value).reveal() == value


def test_a_secret_in_a_log_record_is_not_told(value: str, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("tests").error("given %s %r", Secret(value), {"a": Secret(value)})
    assert value not in caplog.text
    assert value not in json.dumps(caplog.records[0].__dict__, default=repr)


def test_a_traceback_with_locals_does_not_tell_it(value: str) -> None:
    digest = hashlib.sha256(value.encode()).hexdigest()

    def fail(given: Secret) -> None:
        raise RuntimeError(digest)

    with pytest.raises(RuntimeError) as caught:
        fail(Secret(value))
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    inner = frames.stack[-1]
    assert inner.locals is not None
    assert value not in str(inner.locals)
    assert "<secret>" in str(inner.locals["given"])
