"""Write docs/rules/: a page for each lint rule, and the list of all, from the rules themselves.

`python docs/make_rule_pages.py` writes them; with `--check` nothing is written, and an outdated page fails.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from tokenbroker.cli.rule import SUPPRESSING, explained
from tokenbroker.flow.lint import ABOUT_SUPPRESSIONS
from tokenbroker.flow.rules import RULES

FOLDER = Path(__file__).resolve().parent / "rules"
NOTE = "<!-- written by docs/make_rule_pages.py (make docs): don't edit -->\n\n"
HEAD = f"""# Lint rules

`tokenbroker validate PATH…` checks flow files against these, and `tokenbroker rule ID` explains one. Errors and
warnings end it with exit code 1; notes are told with `--notes` and change nothing. `--select` and `--ignore` take ids
or their beginnings; what can't be suppressed can't be ignored either. A file that is no flow yet is told as such,
whatever they say: the rules come after that. Whether a flow may run *now* (its review, its mode, its sinks) is for
`tokenbroker plan` to say. Secrets and e-mail addresses are looked for in comments, too.

{SUPPRESSING}

| rule | | finds |
|---|---|---|
"""


def pages() -> Mapping[Path, str]:
    """What each file has to hold."""
    rows = [
        f"| [{rule.id}]({rule.id}.md) {rule.name} | {rule.severity.value}{' ⛔' if rule.is_critical else ''} "
        f"| {rule.summary} |"
        for rule in RULES
    ]
    rows += [f"| {code} | | {summary} |" for code, summary in ABOUT_SUPPRESSIONS.items()]
    index = NOTE + HEAD + "\n".join(rows) + "\n\n⛔: can't be suppressed.\n"
    return {
        FOLDER / "README.md": index,
        **{FOLDER / f"{rule.id}.md": f"{NOTE}{explained(rule)}\n" for rule in RULES},
    }


def main() -> int:
    """0, or 1 where a page is outdated."""
    wanted = pages()
    found = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    if "--check" in sys.argv[1:]:
        outdated = sorted(
            path.name for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path)
        )
        if outdated:
            sys.stderr.write(
                f"outdated: {', '.join(outdated)} in docs/rules; write them anew with: make docs\n"
            )
        return 1 if outdated else 0
    FOLDER.mkdir(exist_ok=True)
    for path in found.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
