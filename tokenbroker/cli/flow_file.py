"""The flow file that a command is given."""

import difflib
from pathlib import Path

from tokenbroker.errors import UsageError


def require_flow_file(path: Path) -> None:
    """Refuse a path at which there is no file.

    Raises:
        UsageError: says whether it is a folder, and names a file beside it that is called like it.
    """
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder, and this takes one flow",
            next_step=f"name a file in it; pytest {path}   runs them all",
        )
    if path.is_file():
        return
    beside = (each.name for each in path.parent.glob("*") if each.suffix in (".yaml", ".yml"))
    near = difflib.get_close_matches(path.name, beside, n=1)
    raise UsageError(
        f"there is no flow file {path}", next_step=f"did you mean {path.with_name(near[0])}?" if near else ""
    )
