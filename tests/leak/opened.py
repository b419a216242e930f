"""What lies inside of sealed bundles and of report pages, taken out so that it can be searched.

A bundle is opened by age and tar alone, nothing of the product: what is searched is what an auditor gets.
"""

import base64
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyrage

from tests.leak.project import HomeKeys, Project
from tests.leak.search import Hit, Wanted, search_parts

# What this long is one file in base64; shorter runs stay in the page, and are tried at each alignment there.
_EMBEDDED = re.compile(rb"[A-Za-z0-9+/]{400,}={0,2}")

HEADERS = "(headers of the archive)"


def bundles_of(project: Project) -> list[Path]:
    """The sealed bundles that the runs of `project` have left."""
    return sorted(project.folder.glob("reports/*.bundle.age"))


def members(bundle: Path, identity: pyrage.x25519.Identity) -> Iterator[tuple[str, bytes]]:
    """Each file in `bundle`, with its name; at the end what the archive says of them beside that.

    Raises:
        pyrage.DecryptError: `identity` is not of one of its recipients.
    """
    data = pyrage.decrypt(bundle.read_bytes(), [identity])
    headers = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None, "a run is sealed as plain files"
            yield member.name, file.read()
            headers.append(sorted(member.get_info().items()))
    yield HEADERS, repr(headers).encode()


def search_bundles(wanted: Wanted, project: Project, keys: HomeKeys) -> list[Hit]:
    """Every canary in the bundles of `project`; one that can't be opened is an error, for it can't be searched."""
    identity = project.auditor or keys.identity
    return [
        hit
        for bundle in bundles_of(project)
        for hit in search_parts(wanted, members(bundle, identity), where=str(bundle))
    ]


def embedded(page: Path) -> Iterator[tuple[str, bytes]]:
    """Each file that an HTML page holds in base64, and what remains of the page without them."""
    html = page.read_bytes()
    for number, found in enumerate(_EMBEDDED.finditer(html)):
        yield f"embedded file {number}", base64.b64decode(found[0] + b"=" * (-len(found[0]) % 4))
    yield "the page around them", _EMBEDDED.sub(b" ", html)
