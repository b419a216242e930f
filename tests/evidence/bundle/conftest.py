from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.bundle.run_folders import a_bundle
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.seal import Sealed
from tokenbroker.settings import AuditSettings
from tokenbroker.sinks.local import LocalSink, open_local


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalSink]:
    sink = open_local(tmp_path / "home", default_home=False)
    yield sink
    sink.close()


@pytest.fixture
def home(local: LocalSink, tmp_path: Path) -> HomeBundles:
    """A home that names no recipient."""
    return home_with(local, tmp_path)


def home_with(local: LocalSink, folder: Path, *recipients: str) -> HomeBundles:
    """The bundles of `local`, for `recipients`."""
    return HomeBundles(
        store=local.store,
        master_key=local.custody.master_key,
        settings=AuditSettings(recipients=recipients),
        reports=folder / "reports",
    )


@pytest.fixture
def sealed(home: HomeBundles) -> Sealed:
    """The bundle of one run."""
    return a_bundle(home)
