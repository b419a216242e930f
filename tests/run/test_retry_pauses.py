"""How long a run waits before it does a step again (RUN-8)."""

import pytest

from tokenbroker.run.retry import FIRST_PAUSE_S, LONGEST_PAUSE_S, pause_s

pytestmark = pytest.mark.req("RUN-8")


def test_pauses_double_up_to_a_limit_and_differ_by_lot():
    for tries, longest in (
        (1, FIRST_PAUSE_S),
        (2, 2 * FIRST_PAUSE_S),
        (3, 4 * FIRST_PAUSE_S),
        (20, LONGEST_PAUSE_S),
    ):
        pauses = [pause_s(tries) for _ in range(50)]
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(set(pauses)) > 1
