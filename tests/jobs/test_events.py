"""The wire between a run's process and whoever started it."""

from pathlib import Path

import pytest

from tests.evidence.results import a_result, a_step
from tokenbroker.jobs.events import (
    Allowed,
    Ended,
    Event,
    Finished,
    Refused,
    StepBegan,
    StepEnded,
    Stored,
    Trouble,
    decode,
    encode,
    of_result,
)
from tokenbroker.jobs.order import Order
from tokenbroker.jobs.variables import Withheld, inherited, secret_names
from tokenbroker.run.result import Failure, Status

EVENTS: list[Event] = [
    Allowed(mode="semi_auto"),
    StepBegan(number=1, total=2, title="wait for «it»\nand more"),
    StepEnded(number=1, title="t", status="passed", duration_s=0.25, remark="", code=None),
    Refused(code="run.needs_live", sentence="s", next_step="n"),
    Finished(
        run="r",
        flow="example/look",
        status="failed",
        code="step.failed",
        report="a\nb",
        next_step="",
        stored=(Stored(reference="local:a@1", fingerprint="00"),),
        possibly_created=("a key",),
        notes=(),
        blocked=2,
        evidence="reports/r",
        bundle=None,
    ),
    Trouble(code="internal", text="t"),
    Ended(exit_code=1),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_over_as_it_went(event: Event) -> None:
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == event


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"7", b"{}", b'{"event": "no_such"}', b'{"event": "ended"}']
)
def test_another_line_is_no_event(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode(line)


def test_the_advice_of_a_failure_comes_over_whole(tmp_path: Path) -> None:
    failure = Failure(code="step.failed", report="so it was", exit_code=1, next_step="look\nand mend")
    told = of_result(a_result(a_step(1), status=Status.FAILED, failure=failure), tmp_path)
    assert (told.report, told.next_step) == ("so it was", "look\nand mend")
    assert of_result(a_result(a_step(1)), tmp_path).next_step == ""


def test_an_order_comes_over_whole_and_shows_no_value() -> None:
    order = Order(
        flow=Path("/p/flows/look.yaml"),
        mode="semi_auto",
        params={"owner": "demo-only-person"},
        live=True,
        variables=Withheld(TOKENBROKER_KEY="demo-only-key"),
        temporary=Path("/p/tmp"),
    )
    assert Order.from_line(order.to_line()) == order
    assert "demo-only" not in repr(order)
    assert "TOKENBROKER_KEY" in repr(order)


@pytest.mark.req("SECRET-7")
def test_a_process_inherits_what_it_needs_and_no_secret() -> None:
    environ = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "TOKENBROKER_HOME": "h",
        "TOKENBROKER_KEY": "k",
        "MCP_AUTH_ENCRYPTION_KEY": "k",
        "TOKENBROKER_SECRET_EXAMPLE": "s",
        "OP_SERVICE_ACCOUNT_TOKEN": "t",
        "VAULT_TOKEN": "t",
        "BWS_ACCESS_TOKEN": "t",
        "TOKENBROKER_BITWARDEN_ACCESS_TOKEN": "t",
        "VAULT_ADDR": "a",
        "TOKENBROKER_VAULT_SECRET_ID": "s",
        "AWS_SECRET_ACCESS_KEY": "a",
        "OWN": "o",
        "DEBUG": "pw:api",
        "PLAYWRIGHT_BROWSERS_PATH": "b",
        "PLAYWRIGHT_SERVICE_ACCESS_TOKEN": "s",
        "PLAYWRIGHT_MCP_CDP_HEADERS": "h",
        "TOKENBROKER_ODD": "p",
    }
    assert set(inherited(environ, without=["TOKENBROKER_ODD"])) == {
        "PATH",
        "LC_ALL",
        "TOKENBROKER_HOME",
        "VAULT_ADDR",
        "PLAYWRIGHT_BROWSERS_PATH",
    }
    assert set(secret_names(environ, None, ["OWN"])) == {
        "TOKENBROKER_KEY",
        "MCP_AUTH_ENCRYPTION_KEY",
        "TOKENBROKER_SECRET_EXAMPLE",
        "OP_SERVICE_ACCOUNT_TOKEN",
        "VAULT_TOKEN",
        "BWS_ACCESS_TOKEN",
        "TOKENBROKER_BITWARDEN_ACCESS_TOKEN",
        "TOKENBROKER_VAULT_SECRET_ID",
        "OWN",
    }
