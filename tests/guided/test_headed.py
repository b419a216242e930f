"""A guided run in a browser that has a window, on a screen that nobody looks at (RUN-5, FLOW-6)."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guided.conftest import Played
from tests.guided.test_guided_runs import record_of
from tests.project import CREATE, Project
from tests.screen import unseen_screen
from tokenbroker.errors import BrowserUnavailable
from tokenbroker.run.chromium import find_browser

pytestmark = [pytest.mark.req("RUN-5", "FLOW-6"), pytest.mark.browser]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: a browser with a window has a socket in its temporary folder, whose path may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        yield Path(folder)


@pytest.mark.soak
def test_a_person_before_a_real_window_is_guided_to_the_stored_key(seen: Project, person_at: Played) -> None:
    try:
        find_browser(None, headed=True)
    except BrowserUnavailable:
        pytest.skip("there is no browser that shows a window")
    capture = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/key" }\n'
    flow = seen.flow("create", CREATE + capture, modes="guided|semi_auto")
    with unseen_screen() as display:
        seen.variables["DISPLAY"] = display
        with person_at(seen) as told, seen.terminal("run", flow, "--headed") as terminal:
            terminal.wait_for("guided (a person is at the window)")
            assert terminal.end() == 0, f"{terminal.screen}\n{told()}"
    record = record_of(seen)
    assert (record["mode"], len(record["stored"])) == ("guided", 1)
    assert {step["picture_kind"] for step in record["steps"]} == {
        "wireframe"
    }  # real letters are never pictured
