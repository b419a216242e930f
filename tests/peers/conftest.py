"""Third-party applications that flows are run against; `make test-peers` installs them and names the place."""

import os
from pathlib import Path

import pytest

from tests.project_fixtures import new_project, project

__all__ = ["new_project", "peers", "project"]


@pytest.fixture(scope="session")
def peers() -> Path:
    """The virtual environment that holds the applications."""
    named = os.environ.get("TOKENBROKER_TEST_PEERS")
    if not named:
        pytest.skip("needs third-party applications: `make test-peers` installs them and runs this")
    return Path(named)
