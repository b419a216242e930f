"""When things were, as evidence tells it: to the precision of the settings, whatever the durations give away."""

from datetime import UTC, datetime, timedelta

import pytest

from tokenbroker.evidence.times import Times, rounded

pytestmark = pytest.mark.req("AUDIT-2")

BEGAN = datetime(2026, 11, 20, 13, 59, 58, 987654, tzinfo=UTC)


@pytest.mark.parametrize(
    ("precision", "told"),
    [
        ("millisecond", "2026-11-20T13:59:58.987Z"),
        ("second", "2026-11-20T13:59:58Z"),
        ("minute", "2026-11-20T13:59:00Z"),
        ("hour", "2026-11-20T13:00:00Z"),
        ("day", "2026-11-20T00:00:00Z"),
    ],
)
def test_a_start_is_rounded_down_to_the_precision(precision, told):
    assert Times(began_at=BEGAN, precision=precision).text(BEGAN) == told


def test_the_moment_at_which_an_hour_ends_can_not_be_read_off_the_steps():
    times = Times(began_at=BEGAN, precision="hour")
    told = {times.text(BEGAN + timedelta(minutes=minutes)) for minutes in range(60)}
    assert told == {"2026-11-20T13:00:00Z"}  # though the run went on into the next hour
    assert times.text(BEGAN + timedelta(minutes=61)) == "2026-11-20T14:00:00Z"


@pytest.mark.parametrize("seconds", [-90, -0.2, 0, 0.1, 59, 3_599, 90_000])
@pytest.mark.parametrize("precision", ["millisecond", "second", "minute", "hour", "day"])
def test_a_moment_is_told_at_most_two_units_early_and_never_late(precision, seconds):
    moment = BEGAN + timedelta(seconds=seconds)
    unit = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400}[precision]
    told = Times(began_at=BEGAN, precision=precision).told(moment)
    assert 0 <= (moment - told).total_seconds() < 2 * unit


def test_moments_before_1970_round_down_too():
    assert rounded(datetime(1969, 12, 31, 23, 30, tzinfo=UTC), "hour") == datetime(
        1969, 12, 31, 23, tzinfo=UTC
    )
