"""Write docs/traceability.md: for each requirement the tests that prove it and the pages that explain it.

`python docs/make_traceability.py` writes it; with `--check` nothing is written, and an outdated page fails.
A requirement is known when it stands in docs/requirements.json; any other id is an error, with its place.
"""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/traceability.md")
_TESTS = ("tests/**/*.py", "flows/**/*.py", "tokenbroker/**/testing.py")
_PAGES = ("README.md", "docs/**/*.md")
_GENERATED_NOTE = "<!-- Written by docs/make_traceability.py (make docs): don't edit. -->"


class TraceError(Exception):
    """A mark or a page names a requirement that doesn't exist, or in a way that can't be read."""


@dataclass(frozen=True, kw_only=True, order=True)
class Mention:
    """A place that proves or explains one requirement."""

    requirement: str
    place: str


class _Marks(ast.NodeVisitor):
    """Collects each `pytest.mark.req(…)`, with the test, class or file that it stands on."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.owner: list[str] = []
        self.found: list[Mention] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def _enter(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.owner.append(node.name)
        self.generic_visit(node)
        self.owner.pop()

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func) == "pytest.mark.req":
            if (
                self.owner
                and not self.owner[-1].startswith(("test", "Test"))
                and "Contract" not in self.owner[-1]
            ):
                raise TraceError(
                    f"{self.path}:{node.lineno}: {self.owner[-1]} is not a test and proves nothing"
                )
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise TraceError(f"{self.path}:{node.lineno}: req() takes ids as plain text")
                place = "::".join([self.path, *self.owner])
                self.found.append(Mention(requirement=argument.value, place=place))
        self.generic_visit(node)


def marks(text: str, path: str) -> list[Mention]:
    """The requirements that the tests of one file say they prove."""
    visitor = _Marks(path)
    visitor.visit(ast.parse(text, filename=path))
    return visitor.found


def mentions(text: str, path: str, families: Iterable[str]) -> list[Mention]:
    """The requirements that a page names, such as FLOW-1; `families` are the known first halves."""
    pattern = rf"\b(?:{'|'.join(sorted(families))})-\d+\b"
    return [Mention(requirement=found, place=path) for found in sorted(set(re.findall(pattern, text)))]


def page(requirements: Mapping[str, str], proofs: Iterable[Mention], pages: Iterable[Mention]) -> str:
    """The text of the page.

    Raises:
        TraceError: a mention names an unknown requirement.
    """
    proven, explained = _by_requirement(requirements, proofs), _by_requirement(requirements, pages)
    covered = sum(1 for name in requirements if proven.get(name))
    lines = [
        "# Which test proves which requirement",
        "",
        _GENERATED_NOTE,
        "",
        f"{covered} of {len(requirements)} requirements have a test.",
        'A test names what it proves by `@pytest.mark.req("FLOW-1")`;',
        "a page explains what it mentions by id.",
        "",
        "| id | requirement | tests | pages |",
        "|---|---|---|---|",
    ]
    for name, text in requirements.items():
        tests = "<br>".join(map(_test_link, proven.get(name, ()))) or "none"
        where = "<br>".join(map(_page_link, explained.get(name, ()))) or "none"
        lines.append(f"| {name} | {text.replace('|', chr(92) + '|')} | {tests} | {where} |")
    return "\n".join([*lines, ""])


def _by_requirement(known: Mapping[str, str], found: Iterable[Mention]) -> dict[str, list[str]]:
    sorted_places: dict[str, list[str]] = {}
    for mention in sorted(set(found)):
        if mention.requirement not in known:
            raise TraceError(f"{mention.place}: there is no requirement {mention.requirement!r}")
        sorted_places.setdefault(mention.requirement, []).append(mention.place)
    return sorted_places


def _test_link(place: str) -> str:
    path, _, test = place.partition("::")
    return f"[{Path(path).stem}{'::' if test else ''}{test}](../{path})"


def _page_link(path: str) -> str:
    return f"[{Path(path).stem}]({path.removeprefix('docs/') if path.startswith('docs/') else '../' + path})"


def _texts(root: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        name = path.relative_to(root).as_posix()
        if name != PAGE.as_posix():
            yield path.read_text(encoding="utf-8"), name


def trace(root: Path = ROOT) -> str:
    """The page as it should be for the checkout at `root`.

    Raises:
        TraceError: an unknown id, or a mark that can't be read.
    """
    requirements: dict[str, str] = json.loads((root / "docs/requirements.json").read_text(encoding="utf-8"))
    families = {name.rpartition("-")[0] for name in requirements}
    proofs = [mention for text, name in _texts(root, _TESTS) for mention in marks(text, name)]
    pages = [mention for text, name in _texts(root, _PAGES) for mention in mentions(text, name, families)]
    return page(requirements, proofs, pages)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the page is (now) up to date."""
    try:
        wanted = trace()
    except TraceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    target = ROOT / PAGE
    if "--check" not in arguments:
        target.write_text(wanted, encoding="utf-8")
    elif not target.is_file() or target.read_text(encoding="utf-8") != wanted:
        sys.stderr.write(f"{PAGE} is out of date; to do: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
