"""The licence policy: everything installed is under a licence that Apache-2.0 software may depend on.

Allowed are permissive licences, and the weak copyleft ones (MPL, LGPL) that ask nothing of code which only
uses the library. Anything else fails until a person has read it and added a line to `REVIEWED`.
"""

import json
import subprocess
import sys

ALLOWED = frozenset(
    {
        "0BSD",
        "Apache 2.0",
        "Apache License 2.0",
        "Apache Software License",
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "ISC License (ISCL)",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT License",
        "MIT-0",
        "MPL-2.0",
        "Mozilla Public License 2.0 (MPL 2.0)",
        "PSF-2.0",
        "Python Software Foundation License",
        "The Unlicense (Unlicense)",
        "Unlicense",
        "Zlib",
    }
)

REVIEWED = {
    # package: (what its metadata says, why that is fine)
    "axe-playwright-python": (
        "UNKNOWN",
        "MIT, by the licence in its wheel; axe-core, which it carries, is MPL-2.0; for tests only",
    ),
    "bitwarden_sdk": (
        "Other/Proprietary License",
        "not open source: an extra that nothing needs, not passed on; docs/settings.md says what it allows",
    ),
    "pyrage": ("UNKNOWN", "MIT: its wheel carries the licence, its metadata names the file only"),
    "pytest-timeout": (
        "DFSG approved; MIT License",
        "MIT; the other is a statement of Debian's, not a licence",
    ),
    "text-unidecode": (
        "Artistic License; GNU General Public License (GPL); GNU General Public License v2 or later (GPLv2+)",
        "a choice of either; used under the Artistic License, unchanged, by python-slugify",
    ),
}


def permitted(licence: str) -> bool:
    """Whether a licence text of the metadata is allowed.

    Understood are SPDX expressions without brackets, where AND binds more tightly than OR (SPDX, annex on
    licence expressions), and classifiers joined by ``;``, which all have to be allowed.
    """
    return any(
        all(part.strip() in ALLOWED for part in choice.replace(";", " AND ").split(" AND "))
        for choice in licence.split(" OR ")
    )


def refused(package: str, licence: str) -> bool:
    """Whether `package` breaks the policy."""
    return not permitted(licence) and REVIEWED.get(package, ("", ""))[0] != licence


def main() -> int:
    """Exit code 0 when every installed package is allowed."""
    told = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"],
        stdout=subprocess.PIPE,
        check=True,
    )
    packages = json.loads(told.stdout)
    broken = [p for p in packages if refused(p["Name"], p["License"])]
    for package in broken:
        print(
            f"{package['Name']} {package['Version']}: {package['License'][:120]!r} is not in the allowed list"
        )
    if broken:
        print("to do: replace the package, or read its licence and add it to REVIEWED in .ci/licences.py")
        return 1
    print(f"{len(packages)} packages, all under allowed licences")
    return 0


if __name__ == "__main__":
    sys.exit(main())
