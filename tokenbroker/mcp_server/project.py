"""The project that is served: its folder, its flows, and its home as far as tools look into it."""

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError, FlowError, UsageError
from tokenbroker.flow import catalogue
from tokenbroker.flow.cases import cases_of
from tokenbroker.flow.document import without_excerpts
from tokenbroker.flow.load import load
from tokenbroker.flow.model import Flow
from tokenbroker.jobs.variables import Withheld, secret_names
from tokenbroker.run.steps import STEPS
from tokenbroker.settings import Configuration, load_configuration

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
        return catalogue.shown(path, self.root)

    def flows(self) -> tuple[list[Flow], list[tuple[Path, FlowError]]]:
        """Every flow, by file, in each case of its matrix; and each file that was to be one and isn't."""
        return catalogue.flows(self.folders, _loaded, every_yaml=self.every_yaml)

    def find(self, name: str) -> Flow:
        """The flow of the id `name`, or in the file `name` (relative to the root, or absolute).

        Raises:
            UsageError: `flow.not_found`, `flow.outside` or `flow.ambiguous`, the last also for one with a matrix.
            FlowError: what is wrong with that file; where, but not its text.
        """
        if name.endswith(catalogue.ENDINGS):
            cases = cases_of(_loaded(self._file(name)))
            if cases[0].case:
                raise UsageError(
                    f"{name} has a matrix: one of its cases has to be chosen",
                    next_step=f"name it by its id: {', '.join(case.id for case in cases)}",
                    code="flow.ambiguous",
                )
            return cases[0]
        flows, _ = self.flows()
        return catalogue.find(flows, name, root=self.root, next_step=LIST)

    def _file(self, name: str) -> Path:
        file = Path(os.path.normpath(self.root / name))
        # Before anything else: whether a file is there is told of our own folders only.
        if not catalogue.is_inside(file, self.folders):
            folders = ", ".join(self.shown(folder) for folder in self.folders)
            raise UsageError(
                f"only flows below {folders} may run here",
                next_step=f"{LIST}; other folders are named when the server is started",
                code="flow.outside",
            )
        # Nor is a file of ours read, and its mistakes told, that is no flow: it may be anybody's settings.
        files = catalogue.flow_files(self.folders, every_yaml=self.every_yaml)
        if file not in files:
            near = difflib.get_close_matches(self.shown(file), [self.shown(each) for each in files], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"there is no flow file {name}{hint}", next_step=LIST, code="flow.not_found")
        return file


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
