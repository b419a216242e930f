"""New projects: the files that ``tokenbroker init`` writes."""

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from tokenbroker.errors import UsageError

PROJECT = {
    "settings.toml.tmpl": "tokenbroker.toml",
    "flow.yaml.tmpl": "flows/{site}/create_api_key.yaml",
    "workflow.yml.tmpl": ".github/workflows/tokenbroker.yml",
    "gitignore.tmpl": ".gitignore",
}
"""The templates of a project and where each goes."""


_SITE = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One file of a new project; `created` is False where a file was there already and was left as it is."""

    path: Path
    created: bool


def write_project(folder: Path, *, site: str, origin: str) -> list[Written]:
    """Write settings, a flow for `site` at `origin`, a CI workflow and `.gitignore` into `folder`; overwrites nothing.

    Raises:
        UsageError: `site` is no name of a site, or a file can't be written.
    """
    if not re.fullmatch(_SITE, site):
        raise UsageError("the site's name is one word of letters, digits, '-' and '_', such as --site acme")
    written = []
    for template, target in PROJECT.items():
        text = resources.files(__package__).joinpath("project", template).read_text(encoding="utf-8")
        path = folder / target.format(site=site)
        written.append(
            Written(path=path, created=_write(path, text.replace("@site@", site).replace("@origin@", origin)))
        )
    return written


def _write(path: Path, text: str) -> bool:
    reason = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise UsageError(f"{path} can't be written: {reason}")
    return True
