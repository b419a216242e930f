"""What is in the making says nothing of what it holds: asyncio, for one, quotes arguments in what it logs."""

from collections.abc import Callable

import pytest

from tests.record.sanitise.recordings import clicked, print_, typed
from tokenbroker.record.listener import Told
from tokenbroker.record.matching import _Told
from tokenbroker.record.recording import Appeared, FrameSeen, OwnValue, TokenSeen
from tokenbroker.record.windows import _News

pytestmark = pytest.mark.req("REC-3")
VALUE = "demo-only-7c1f"
MADE: dict[str, Callable[[], object]] = {
    "what a frame tells": lambda: Told(what={"value": VALUE}, frame_id="f"),
    "news": lambda: _News(window=0, what=Told(what={"value": VALUE}, frame_id="f"), at_s=0.0),
    "an event": lambda: typed(VALUE, VALUE, placeholder=VALUE, href=VALUE),
    "an event in the making": lambda: _Told(event=typed(VALUE), before=VALUE),
    "a press": lambda: clicked(
        VALUE, print=print_(form=VALUE, landmark=VALUE, name=VALUE, row=VALUE, near=(VALUE,))
    ),
    "a frame": lambda: FrameSeen(name="f", url=VALUE),
    "a token": lambda: TokenSeen(source="text", text=VALUE, selected=VALUE, inner=(VALUE,)),
    "the account's own": lambda: OwnValue(what="name", value=VALUE),
    "a heading": lambda: Appeared(role="heading", name=VALUE),
}


@pytest.mark.parametrize("what", MADE)
def test_no_repr_holds_a_value(what: str) -> None:
    assert VALUE not in repr(MADE[what]())
