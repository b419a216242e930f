from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenbroker.sinks.local import LocalSink, open_local


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def local(home: Path) -> Iterator[LocalSink]:
    with open_local(home, default_home=False) as sink:
        yield sink
