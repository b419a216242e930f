"""The site and the canaries of the leak harness: made once, for runs share them."""

from collections.abc import Iterator

import pytest

from tests.leak.example_site import ExampleSite, example_site
from tests.leak.search import Canaries, generate_canaries


@pytest.fixture(scope="session")
def planted() -> Canaries:
    """The canaries that the site and the homes hold."""
    return generate_canaries()


@pytest.fixture(scope="module")
def site(planted: Canaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSite]:
    """Example Cloud with the canaries, in this process."""
    with example_site(planted, tmp_path_factory.mktemp("example-site") / "site.sqlite") as running:
        yield running
