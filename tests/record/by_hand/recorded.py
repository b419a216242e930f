"""A journey recorded to its end: at the browser by a person who is a process of its own, at the terminal from here."""

from collections.abc import Sequence
from dataclasses import dataclass

import pexpect  # type: ignore[import-untyped]  # it ships no types
import yaml

from tests.project import Ended, Project
from tests.record.by_hand.conftest import maker, plain
from tests.record.by_hand.journeys import CHOSEN, Act


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a recording has left.

    Attributes:
        name: the flow's file, as seen from the project.
        screen: all that the terminal has shown.
    """

    name: str
    screen: str
    yaml: str
    spec: str

    @property
    def params(self) -> dict[str, str]:
        """A value for each parameter: what is chosen has to be an entry of the page's list, anything else is free."""
        named = yaml.safe_load(self.yaml).get("params") or {}
        return {name: CHOSEN.get(name, "Recorded again") for name in named}


def record_journey(project: Project, acts: Sequence[Act], *, site: str, flow: str, url: str) -> Recorded:
    """Let a person do `acts` while `tokenbroker record` watches; then save it, and store all that it offers to store.

    The browser of the project is one that others may use: see `open_to_others`. What goes wrong is an AssertionError
    that tells what both of them saw.
    """
    log = project.folder.with_name(f"{project.folder.name}-person.log")
    options = ("--headless", "--site", site, "--flow", flow)
    with maker(project, acts, log) as told, project.terminal("record", url, *options) as terminal:
        try:
            terminal.wait_for("> ")
            terminal.type("s")
            while terminal.wait_for_one_of("[Y/n]", "Next:") == "[Y/n]":
                terminal.type("y")
            code: int | None = terminal.end()
        except (pexpect.TIMEOUT, pexpect.EOF):
            code = None
        screen = plain(terminal.screen)
        assert code == 0, f"{screen}\n{told()}"
    name = f"flows/{site}/{flow}.yaml"
    return Recorded(
        name=name,
        screen=screen,
        yaml=(project.folder / name).read_text(encoding="utf-8"),
        spec=(project.folder / "specs" / site / f"{flow}.spec.ts").read_text(encoding="utf-8"),
    )


def replay(project: Project, recorded: Recorded) -> Ended:
    """Run the flow in a browser that nobody else may use."""
    project.variables.pop("TOKENBROKER_BROWSER", None)
    given = (f"--param={name}={value}" for name, value in recorded.params.items())
    return project.tokenbroker("run", recorded.name, *given)
