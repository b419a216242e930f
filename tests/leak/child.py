"""A run as a process of its own, watched from outside while it lives."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.leak.canary import Canaries
from tests.leak.example_site import ExampleSite
from tests.leak.opened import search_bundles
from tests.leak.project import Project
from tests.leak.search import Hit, Wanted, find, process_tree, search_tree

RUN_TIMEOUT_S = 150
HELD_S = 60  # how long a run may take to reach the point where it is held
ENDING_TIMEOUT_S = 10
TALKATIVE = ("-l", "--tb=long", "--full-trace", "-vv", "-ra")
_WATCHED = ("cmdline", "environ")


@dataclass(kw_only=True)
class Watch:
    """What was seen of a process and its descendants; `seen` maps a program's name and content to where it stood."""

    seen: dict[tuple[str, bytes], str] = field(default_factory=dict)
    members: dict[int, int] = field(default_factory=dict)
    """A handle for each process ever seen, by its id: an id alone may come to name another process."""

    def look(self, root: int) -> None:
        """Take what the processes below `root` show of themselves now."""
        for member in process_tree(root):
            place = Path("/proc") / str(member)
            try:
                if member not in self.members:
                    self.members[member] = os.pidfd_open(member)
                program = (place / "comm").read_text().strip()
                for name in _WATCHED:
                    if content := (place / name).read_bytes():
                        # With the name: the same environment in two programs is two finds.
                        self.seen.setdefault((program, content), f"{name} of {program} ({member})")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile

    def programs(self) -> set[str]:
        """The names of the programs seen."""
        return {program for program, _ in self.seen}

    def hits(self, canaries: Wanted) -> list[Hit]:
        """Every canary in what was seen."""
        return [
            Hit(kind=hit.kind, encoding=hit.encoding, offset=hit.offset, where=where)
            for (_, content), where in self.seen.items()
            for hit in find(canaries, content)
        ]

    def wait_until_all_ended(self) -> list[int]:
        """Wait for the end of every process seen; answers those that still live after a generous time."""
        poll = select.poll()
        handles = {handle: member for member, handle in self.members.items()}
        for handle in handles:
            poll.register(handle, select.POLLIN)
        ends_at = time.monotonic() + ENDING_TIMEOUT_S
        alive = dict(handles)
        while alive and (left := ends_at - time.monotonic()) > 0:
            for handle, _ in poll.poll(left * 1000):
                poll.unregister(handle)
                alive.pop(handle)
        return list(alive.values())

    def close(self) -> None:
        """Give the handles back."""
        for handle in self.members.values():
            os.close(handle)
        self.members.clear()


@dataclass(kw_only=True)
class Child:
    """A pytest process in a project, its terminal being a file."""

    project: Project
    process: subprocess.Popen[bytes]
    watch: Watch

    def finish(self) -> int:
        """Wait for the end; answers pytest's exit code (negative: the signal that ended it)."""
        return self.process.wait(RUN_TIMEOUT_S)

    def look(self) -> None:
        """Look at the processes now."""
        self.watch.look(self.process.pid)

    def interrupt(self, *, group: bool) -> None:
        """SIGINT, as a Ctrl-C sends it (to the whole group), or to pytest alone."""
        (os.killpg if group else os.kill)(self.process.pid, signal.SIGINT)

    @property
    def terminal(self) -> str:
        """What the run has written to its terminal."""
        return (self.project.out / "terminal.txt").read_text(errors="replace")

    def hits(self, canaries: Canaries) -> list[Hit]:
        """Every canary in whatever the run has left or has shown of itself."""
        return hits_of(self.project, self.watch, canaries)


def hits_of(project: Project, watch: Watch, canaries: Canaries) -> list[Hit]:
    """Every canary in what a run has left in its project, its bundles opened, and in what was seen of its processes.

    The home's own keys count too, but for the master key in the file that is made for it.
    """
    keys = project.keys()
    wanted = (*canaries, *keys.canaries)
    hits = [*search_tree(wanted, project.root), *search_bundles(wanted, project, keys)]
    in_its_place = {(project.key_file, "key")}
    return [*watch.hits(canaries), *(hit for hit in hits if (Path(hit.where), hit.kind) not in in_its_place)]


def pytest_command(project: Project, arguments: Sequence[str] = ()) -> list[str]:
    """The call, with every report that there is."""
    reports = (f"--junitxml={project.out}/junit.xml", f"--alluredir={project.out}/allure")
    return [
        sys.executable,
        "-m",
        "pytest",
        "flows",
        f"--basetemp={project.out}/basetemp",
        *TALKATIVE,
        *reports,
        *arguments,
    ]


def environment(project: Project, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the run is given: folders of its own, nothing of ours."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(project.root / "user"),
        "TMPDIR": str(project.temporary),
        **{name: os.environ[name] for name in ("TOKENBROKER_BROWSER",) if name in os.environ},
        **project.variables,
        **(more or {}),
    }


@contextmanager
def started(
    project: Project,
    site: ExampleSite,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """A run that has begun; it is watched at each request to the site, and ended with the block."""
    # The shell lets cores be written: what the product does about them must be its own doing.
    command = ["/bin/sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *pytest_command(project, arguments)]
    with ExitStack() as stack:
        terminal = stack.enter_context((project.out / "terminal.txt").open("wb"))
        process = stack.enter_context(
            subprocess.Popen(
                command,
                cwd=project.folder,
                env=environment(project, environ),
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
        child = Child(project=project, process=process, watch=Watch())
        stack.callback(child.watch.close)
        stack.callback(_end, process)
        stack.enter_context(site.heard_by(child.look))
        yield child


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
