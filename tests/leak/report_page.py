"""The HTML page of a project's runs, made by the command that a person types."""

import os
import subprocess
from pathlib import Path

import platformdirs
import pytest

from tests.leak.child import environment
from tests.leak.project import Project
from tests.project import TOKENBROKER
from tokenbroker.evidence.report.generator import find_generator
from tokenbroker.evidence.report.page import ReportUnavailable

TIME_LIMIT_S = 150


def make_page(project: Project, out: Path) -> Path:
    """The page of the runs of `project`, written to `out`; skips where its generator can't be had."""
    try:
        find_generator(platformdirs.user_cache_path("tokenbroker"), os.environ, say=print)
        missing = ""
    except ReportUnavailable as error:
        missing = error.sentence
    if missing:
        pytest.skip(f"no page generator: {missing}")
    # The generator is in the cache of whoever runs the tests; all else is the project's own.
    cache = str(platformdirs.user_cache_path("tokenbroker").parent)
    done = subprocess.run(
        [*TOKENBROKER, "report", "--out", str(out)],
        cwd=project.folder,
        env=environment(project, {"XDG_CACHE_HOME": cache}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out
