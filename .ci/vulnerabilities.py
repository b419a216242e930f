"""Ask the package index's advisory service about every installed package.

A known vulnerability fails. A service that can't be reached, or that knows none of the packages (a mirror),
doesn't: the stage then says that it did not run, and why. It never passes silently.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

ACCEPTED: dict[str, str] = {
    # advisory id: why it does not touch this product, and until when that stays true
}
_TIMEOUT_S = 300


def verdict(report: str, complaint: str) -> tuple[int, list[str]]:
    """Exit code and lines to print, from pip-audit's JSON (or "" when it wrote none) and its last words."""
    if not report.strip():
        last = complaint.strip().splitlines()[-1:] or ["pip-audit said nothing"]
        return 0, [f"not run: the advisory service could not be asked ({last[0][:200]})"]
    packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    asked = [package for package in packages if "skip_reason" not in package]
    found = [(package, issue) for package in asked for issue in package["vulns"]]
    if found:
        lines = [
            f"{package['name']} {package['version']}: {issue['id']}, fixed in "
            f"{', '.join(issue['fix_versions']) or 'no version yet'}"
            for package, issue in found
        ]
        to_do = "to do: raise the version, or accept the advisory with a reason in .ci/vulnerabilities.py"
        return 1, [*lines, to_do]
    if not asked:
        return 0, [f"not run: the advisory service knows none of the {len(packages)} packages (a mirror?)"]
    unknown = f"; {len(packages) - len(asked)} unknown to the service" if len(asked) < len(packages) else ""
    return 0, [f"{len(asked)} packages, no known vulnerability{unknown}"]


def audit_command(accepted: Sequence[str]) -> list[str]:
    """The call of pip-audit."""
    flags = ["--local", "--skip-editable", "--progress-spinner=off", "--desc=off", "--format=json"]
    ignored = [word for advisory in accepted for word in ("--ignore-vuln", advisory)]
    return [sys.executable, "-m", "pip_audit", *flags, *ignored]


def main() -> int:
    """Exit code 1 for a known vulnerability."""
    try:
        told = subprocess.run(
            audit_command(tuple(ACCEPTED)), capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
        code, lines = verdict(told.stdout, told.stderr)
    except subprocess.TimeoutExpired:
        code, lines = 0, [f"not run: the advisory service did not answer within {_TIMEOUT_S} s"]
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
