"""A sitting that is killed: every service keeps a key that works, nothing is orphaned, and the next one finishes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from demo_site.launch import SERVICES
from tests.project import Project
from tests.sitting.twelve import OLD, Twelve, opened
from tokenbroker.run.fault_points import POINTS, ROTATION_POINTS

pytestmark = [pytest.mark.req("FLOW-8", "RUN-10"), pytest.mark.browser]

FEW = SERVICES[1:4]
QUICK = ("read", "rotation_replaced")
NOT_MADE = ("pressed",)
"""Killed there the site may not have been asked yet: only a person can tell."""


def settled(project: Project, twelve: Twelve) -> None:
    """A step that fails on purpose fails soon."""
    text = (project.folder / "tokenbroker.toml").read_text()
    project.write("tokenbroker.toml", f"step_timeout_s = 5\n{text}")
    assert twelve.live_keys() == {slug: [OLD] for slug in twelve.old}


def killed_and_finished(twelve: Twelve, point: str, *, the: int) -> None:
    twelve.kill_at(point, the=the)
    code, told = twelve.rotate()
    assert code == -9, told
    for service in twelve.old:
        assert twelve.status(service, twelve.current(service)) == 200, service
    code, told = twelve.rotate()
    recovered = twelve.project.tokenbroker("recover")
    if point in NOT_MADE:
        assert (code, "POSSIBLY CREATED" in recovered.out) == (0, True), told
    else:
        assert (code, recovered.out.strip()) == (0, "Nothing was left behind."), told + recovered.text
    for service, old in twelve.old.items():
        assert (twelve.status(service, twelve.current(service)), twelve.status(service, old)) == (200, 401)
        newest = max(life.version for life in twelve.lives().values() if life.path == f"{service}/key")
        assert twelve.live_keys()[service] == [twelve.lives()["local", f"{service}/key", newest].key_name]
    assert twelve.under_way() == []


@pytest.mark.parametrize("point", QUICK)
def test_killed_at_a_service_the_next_sitting_finishes(
    new_project: Callable[[str], Project], tmp_path: Path, point: str
) -> None:
    project = new_project("project")
    with opened(project, tmp_path / "site.sqlite", services=FEW) as twelve:
        settled(project, twelve)
        killed_and_finished(twelve, point, the=2)


@pytest.mark.soak
@pytest.mark.parametrize("point", [*POINTS, *ROTATION_POINTS])
def test_killed_at_any_point_among_twelve_the_next_sitting_finishes(twelve: Twelve, point: str) -> None:
    settled(twelve.project, twelve)
    killed_and_finished(twelve, point, the=5)
