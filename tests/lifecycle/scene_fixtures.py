"""One token and its site, for the tests of what replaces it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lifecycle.replacements import Scene, Site, serving
from tokenbroker.sinks.local import LocalSink, open_local


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalSink]:
    with open_local(tmp_path / "home", default_home=False) as sink:
        yield sink


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def scene(site: Site, local: LocalSink) -> Scene:
    return Scene(site=site, local=local)
