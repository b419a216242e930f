"""How the browser of a run is started."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tokenbroker.errors import BrowserUnavailable
from tokenbroker.run.browser import launch_options, started

pytestmark = pytest.mark.req("RUN-9")
NOBODY, ROOT = 65534, 0


@pytest.mark.parametrize(
    ("user", "given", "sandbox"),
    [
        (NOBODY, {}, True),
        (ROOT, {}, False),
        (NOBODY, {"chromium_sandbox": False}, False),
        (ROOT, {"chromium_sandbox": True}, True),
    ],
)
def test_the_sandbox_is_on_for_everyone_but_root_unless_the_project_says_otherwise(
    user: int, given: dict[str, bool], sandbox: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    options = launch_options(
        Path("/nowhere/chromium"), headed=False, folder=tmp_path, environ={}, given=given
    )
    assert options["chromium_sandbox"] is sandbox


@pytest.mark.parametrize("is_gated", [True, False])
def test_only_a_gated_browser_finds_no_names_by_itself(is_gated: bool, tmp_path: Path) -> None:
    options = launch_options(
        Path("/nowhere/chromium"), headed=False, folder=tmp_path, environ={}, given={}, is_gated=is_gated
    )
    assert any(each.startswith("--host-resolver-rules") for each in options["args"]) is is_gated


@pytest.mark.browser
@pytest.mark.parametrize(
    ("complaint", "told"), [("No usable sandbox! demo-only", True), ("demo-only: no display", False)]
)
def test_a_sandbox_that_is_forbidden_is_told_and_not_done_without(
    complaint: str, told: bool, tmp_path: Path, playwright: Playwright
) -> None:
    starts = tmp_path / "starts"
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\necho x >> {starts}\necho '{complaint}' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)

    def launch():  # type: ignore[no-untyped-def]
        return playwright.chromium.launch(executable_path=str(program), chromium_sandbox=True)

    with pytest.raises(BrowserUnavailable) as caught, started(launch, program):
        pass
    assert caught.value.code == "browser.not_started"
    assert ("chromium_sandbox" in caught.value.next_step) is told
    assert "demo-only" not in str(caught.value)
    assert caught.value.__context__ is None
    assert starts.read_text() == "x\n"
