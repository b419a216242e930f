"""``tokenbroker serve``."""

import os
from pathlib import Path

import typer

from tokenbroker.errors import UsageError

MAX_RUNS = 4


def serve(
    folders: list[Path] = typer.Argument(
        None, metavar="[FOLDER]...", help="Only flows below these may run; default: the flow folders."
    ),
    stdio: bool = typer.Option(False, "--stdio", help="Speak MCP over standard input and output."),
    directory: Path = typer.Option(
        Path(), "--dir", help="The project's folder, where its settings are; default: the current one."
    ),
    max_runs: int = typer.Option(MAX_RUNS, "--max-runs", min=1, help="How many runs at once; others wait."),
) -> None:
    """Serve the flows to an agent, as tools of the Model Context Protocol."""
    if not stdio:
        raise UsageError("this release serves standard input and output only", next_step="give --stdio")
    root = directory.absolute()
    if not root.is_dir():
        raise UsageError(f"there is no folder {directory}", next_step="give the project's folder with --dir")
    os.chdir(root)
    from tokenbroker.jobs.process import RunProcess
    from tokenbroker.jobs.ready import ReadyProcess
    from tokenbroker.jobs.variables import Withheld, inherited, secret_names
    from tokenbroker.settings import load_configuration

    environ = Withheld(os.environ)
    settings = load_configuration(root, dict(environ)).settings  # all that is wrong, at once
    without = secret_names(environ, settings)
    for name in without:
        del os.environ[name]
    ready = ReadyProcess(lambda: RunProcess.start(root=root, environ=inherited(environ, without=without)))
    ready.prepare()  # it loads while the server itself does
    from tokenbroker.flow.folders import configured_folders, named_folders
    from tokenbroker.mcp_server.project import Project
    from tokenbroker.mcp_server.server import serve as serve_stdio

    configured = configured_folders(root)
    served = named_folders(root, folders) if folders else configured
    project = Project(root=root, folders=served, every_yaml=configured, environ=environ)
    serve_stdio(project, ready, max_runs=max_runs)
