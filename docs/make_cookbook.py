"""Write the flows into docs/cookbook.md: behind each marker that names a file stands that flow, as it runs.

`python docs/make_cookbook.py` writes them; with `--check` nothing is written, and an outdated page fails.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/cookbook.md")
_MARKED = re.compile(r"^(<!-- flow: (\S+) -->\n)(?:```yaml\n.*?^```\n)?", re.MULTILINE | re.DOTALL)
# The first line of a file tells an editor where the schema is; that place is none for who copies the flow.
_FOR_EDITORS = re.compile(r"\A# yaml-language-server: .*\n")


def flow_text(name: str) -> str:
    """The flow in the file `name` of the checkout, without its line for editors."""
    return _FOR_EDITORS.sub("", (ROOT / name).read_text(encoding="utf-8"))


def page(text: str) -> str:
    """`text`, the page, with each flow as it should be.

    Raises:
        OSError: a marker names a file that can't be read.
    """
    return _MARKED.sub(lambda found: f"{found[1]}```yaml\n{flow_text(found[2])}```\n", text)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the page is (now) up to date."""
    target = ROOT / PAGE
    text = target.read_text(encoding="utf-8")
    try:
        wanted = page(text)
    except OSError as error:
        sys.stderr.write(f"{PAGE} names a flow that can't be read: {error}\n")
        return 1
    if "--check" not in arguments:
        target.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        sys.stderr.write(f"{PAGE} is out of date; to do: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
