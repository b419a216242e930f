"""Points in time as evidence tells them: to the precision that the settings name."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tokenbroker.settings import Precision

_UNITS: Final[dict[Precision, timedelta]] = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """Tells the moments of one run, which began at `began_at` (aware), to `precision`.

    Moments count from the run's own start, rounded down like it. So the moment at which a unit changes, which would
    tell more than the precision allows, can't be read off the steps; what is told is at most two units early.
    Durations are exact: they are told apart from the moments.
    """

    began_at: datetime
    precision: Precision

    def told(self, moment: datetime) -> datetime:
        """`moment` (aware) as evidence tells it, in UTC."""
        unit = _UNITS[self.precision]
        return rounded(self.began_at, self.precision) + (moment - self.began_at) // unit * unit

    def text(self, moment: datetime) -> str:
        """`told` as RFC 3339 text, with no more digits than the precision has."""
        digits = "milliseconds" if self.precision == "millisecond" else "seconds"
        return self.told(moment).isoformat(timespec=digits).replace("+00:00", "Z")

    def text_by_itself(self, moment: datetime) -> str:
        """`moment` as text, rounded down by itself: for one that does not belong to the run, such as a token's end."""
        digits = "milliseconds" if self.precision == "millisecond" else "seconds"
        return rounded(moment, self.precision).isoformat(timespec=digits).replace("+00:00", "Z")

    def epoch_ms(self, moment: datetime) -> int:
        """`told` as Allure counts: milliseconds since 1970."""
        return (self.told(moment) - _EPOCH) // timedelta(milliseconds=1)


def rounded(moment: datetime, precision: Precision) -> datetime:
    """`moment` (aware) rounded down to `precision`, in UTC."""
    unit = _UNITS[precision]
    return _EPOCH + (moment - _EPOCH) // unit * unit
