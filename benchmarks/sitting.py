"""How long replacing twelve keys behind one sign-on takes: in one sitting, and in twelve runs of the command.

Each key is made, proven, put in its place, and the old one revoked and proven dead; a simulated person reads the codes.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Figure, alternate, spread
from tests.project import Project
from tests.sitting.twelve import Twelve, opened

TARGET = 0.5
_WITHIN = "60d"  # the keys of the round before end in thirty days


def measure(rounds: int) -> list[Figure]:
    """The ratio of the two, each with whole processes."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with opened(Project(folder=folder / "project"), folder / "site.sqlite") as twelve:
            seconds = alternate(
                {
                    "twelve keys in one sitting": lambda: _sit(twelve),
                    "twelve runs of a key each": lambda: _run_each(twelve),
                },
                rounds=rounds,
                warm_up=1,
            )
    for way, taken in seconds.items():
        print(f"{way:<58} {spread(taken)}")
    together, each = (statistics.median(taken) for taken in seconds.values())
    ratio = together / each
    return [
        Figure(
            name="twelve rotations in one sitting",
            value=round(ratio, 3),
            unit="of twelve separate runs",
            baseline=f"{each:.1f} s",
            target=TARGET,
            ok=ratio <= TARGET,
        )
    ]


def _sit(twelve: Twelve) -> None:
    with _replacing_all(twelve):
        code, told = twelve.rotate("--within", _WITHIN)
        assert code == 0, told


def _run_each(twelve: Twelve) -> None:
    with _replacing_all(twelve):
        for service in twelve.old:
            ended = twelve.project.tokenbroker("rotate", f"local:{service}/key", "--yes", "--no-pictures")
            assert ended.code == 0, ended.text


@contextmanager
def _replacing_all(twelve: Twelve) -> Iterator[None]:
    """What is done while this lasts must leave each service one key, another than before."""
    before = twelve.live_keys()
    yield
    after = twelve.live_keys()
    for service, names in after.items():
        assert len(names) == 1, f"{service} has {len(names)} keys"
        assert names != before[service], f"the key of {service} was not replaced"
