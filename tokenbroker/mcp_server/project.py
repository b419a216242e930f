"""The project that is served: its folder, its flows, and its home as far as tools look into it."""

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError, FlowError, UsageError
from tokenbroker.flow.cases import cases_of
from tokenbroker.flow.document import without_excerpts
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow
from tokenbroker.jobs.variables import Withheld, secret_names
from tokenbroker.pytest_plugin import FLOW_ENDINGS
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import Configuration, load_configuration

_ENDINGS = (".yaml", ".yml")
LIST = "call list_flows: it names every flow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What is served.

    Attributes:
        root: where the settings, pytest's root and relative paths are.
        folders: only flows below these may run.
        every_yaml: those of the folders in which each YAML file is a flow, whatever its ending.
        environ: the environment that the server was started with, secrets and all.
    """

    root: Path
    folders: tuple[Path, ...]
    every_yaml: tuple[Path, ...]
    environ: Withheld

    def configuration(self) -> Configuration:
        """The settings as they are now; raises SettingsError with all that is wrong."""
        return load_configuration(self.root, dict(self.environ))

    @contextmanager
    def broker(self) -> Iterator[Broker]:
        """The home, opened for one question."""
        with Broker(self.configuration(), environ=dict(self.environ)) as broker:
            yield broker

    def variables_for(self, flow: Flow) -> Withheld:
        """The variables with secrets that a run of `flow` may need, and no others."""
        names = secret_names(self.environ, self.configuration().settings, flow.references("env:"))
        return Withheld({name: self.environ[name] for name in names})

    def shown(self, path: Path) -> str:
        """`path` as it is told: from the root where it lies below it."""
        return os.path.relpath(path, self.root) if path.is_relative_to(self.root) else str(path)

    def flows(self) -> tuple[list[Flow], list[tuple[Path, FlowError]]]:
        """Every flow, by file, in each case of its matrix; and each file that was to be one and isn't."""
        flows: list[Flow] = []
        mistakes = []
        for file in self._files():
            try:
                flows += cases_of(_loaded(file))
            except FlowError as error:
                mistakes.append((file, error))
        return flows, mistakes

    def find(self, name: str) -> Flow:
        """The flow of the id `name`, or in the file `name` (relative to the root, or absolute).

        Raises:
            UsageError: `flow.not_found`, `flow.outside` or `flow.ambiguous`, the last also for one with a matrix.
            FlowError: what is wrong with that file; where, but not its text.
        """
        if name.endswith(_ENDINGS):
            cases = cases_of(_loaded(self._file(name)))
            if cases[0].case:
                raise UsageError(
                    f"{name} has a matrix: one of its cases has to be chosen",
                    next_step=f"name it by its id: {', '.join(case.id for case in cases)}",
                    code="flow.ambiguous",
                )
            return cases[0]
        flows, _ = self.flows()
        found = [flow for flow in flows if flow.id == name]
        if len(found) == 1:
            return found[0]
        if found:
            files = " and ".join(self.shown(flow.path) for flow in found)
            raise UsageError(
                f"{name} is in more than one file: {files}",
                next_step="name the file instead of the id",
                code="flow.ambiguous",
            )
        near = difflib.get_close_matches(name, [flow.id for flow in flows], n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no flow {name}{hint}", next_step=LIST, code="flow.not_found")

    def _file(self, name: str) -> Path:
        file = Path(os.path.normpath(self.root / name))
        # Before anything else: whether a file is there is told of our own folders only.
        if not self._inside(file):
            folders = ", ".join(self.shown(folder) for folder in self.folders)
            raise UsageError(
                f"only flows below {folders} may run here",
                next_step=f"{LIST}; other folders are named when the server is started",
                code="flow.outside",
            )
        # Nor is a file of ours read, and its mistakes told, that is no flow: it may be anybody's settings.
        files = self._files()
        if file not in files:
            near = difflib.get_close_matches(self.shown(file), [self.shown(each) for each in files], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"there is no flow file {name}{hint}", next_step=LIST, code="flow.not_found")
        return file

    def _inside(self, file: Path) -> bool:
        """Whether `file` lies below one of the folders; a link that leads out of them does not."""
        real = Path(os.path.realpath(file))
        return any(
            file.is_relative_to(os.path.normpath(folder)) and real.is_relative_to(os.path.realpath(folder))
            for folder in self.folders
        )

    def _files(self) -> list[Path]:
        found: dict[Path, None] = {}
        for folder in self.folders:
            for file in sorted(Path(os.path.normpath(folder)).rglob("*")):
                hidden = any(
                    part.startswith(".") for part in file.relative_to(os.path.normpath(folder)).parts
                )
                if not hidden and self._is_flow(file) and file.is_file() and self._inside(file):
                    found[file] = None
        return list(found)

    def _is_flow(self, file: Path) -> bool:
        if file.name.endswith(FLOW_ENDINGS):
            return True
        return file.suffix in _ENDINGS and any(file.is_relative_to(folder) for folder in self.every_yaml)


def _loaded(file: Path) -> Flow:
    """The flow in `file`; a FlowError without lines of the file, for an agent reads it."""
    try:
        return load(file, STEPS)
    except FlowError as error:
        told = FlowError(without_excerpts(error.sentence), next_step=error.next_step, code=error.code)
    raise told


def stored_names(broker: Broker, alias: str) -> frozenset[str] | None:
    """The paths that the sink `alias` holds, None where that can't be told; makes no home where there is none."""
    settings = broker.configuration.settings
    try:
        if settings.sink(alias).type != "env" and not (broker.home / "store.db").exists():
            return frozenset()
        return frozenset(stored.path for stored in broker.sink(alias).list())
    except BrokerError:
        return None
