"""Proof that the search of bundles and pages can fail: what is put into one is found; so is a key of the home."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.leak import plants
from tests.leak.canary import Canaries
from tests.leak.child import Child, started
from tests.leak.example_site import ExampleSite
from tests.leak.flow_texts import failing_at
from tests.leak.opened import bundles_of, embedded, search_bundles
from tests.leak.project import make_project
from tests.leak.report_page import make_page
from tests.leak.search import search_parts, search_tree

pytestmark = [pytest.mark.leak, pytest.mark.browser, pytest.mark.req("SECRET-7")]
KINDS = {"email", "password", "otp", "token"}
GENERATORS_SCRIPT_BYTES = 1_000_000  # which takes long to search; the clean page's is searched as well


@pytest.fixture(scope="module")
def child(site: ExampleSite, planted: Canaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """A clean run; then all values are put into its record, a step's title and two pictures, and it is sealed again."""
    project = make_project(tmp_path_factory.mktemp("sealed"), site, [failing_at(4)], canaries=planted)
    with started(project, site) as child:
        assert child.finish() == pytest.ExitCode.TESTS_FAILED
        assert child.hits(planted) == []
        value = " ".join(canary.value for canary in planted)
        for plant in (
            plants.into_record,
            plants.into_picture,
            plants.into_step_title,
            plants.into_labelled_picture,
        ):
            plant(project, value)
        (folder,) = (path for path in project.folder.glob("reports/*") if path.is_dir())
        with project.broker() as broker:
            broker.bundles.seal(folder)  # what the command refuses: the folder is not what the run left
        yield child


@pytest.mark.req("AUDIT-4")
def test_a_leak_inside_a_bundle_is_found_in_each_file_that_holds_it(child: Child, planted: Canaries) -> None:
    hits = search_bundles(planted, child.project, child.project.keys())
    for kind in KINDS:
        leaking = [Path(hit.where.rpartition(": ")[2]) for hit in hits if hit.kind == kind]
        assert {"run.json", "03-type.png"} <= {path.name for path in leaking}
        assert {".json", ".svg"} == {path.suffix for path in leaking if path.parent.name == "allure-results"}
    # The search of the sealed file alone would have told nothing.
    assert search_tree(planted, *bundles_of(child.project)) == []


@pytest.mark.req("AUDIT-2")
def test_a_leak_inside_a_page_is_found(child: Child, planted: Canaries, tmp_path: Path) -> None:
    page = make_page(child.project, tmp_path / "allure.html")
    leaking = [
        (data, {hit.kind for hit in hits})
        for name, data in embedded(page)
        if len(data) < GENERATORS_SCRIPT_BYTES
        and (hits := search_parts(planted, [(name, data)], where="page"))
    ]
    assert [found for data, found in leaking if data.startswith(b"<svg")] == [KINDS]
    assert KINDS in [found for data, found in leaking if b'"steps"' in data]


def test_a_key_of_the_home_is_found_wherever_it_lies_in_clear(child: Child, planted: Canaries) -> None:
    project, keys = child.project, child.project.keys()
    openssh = keys.signing.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    written = {
        project.folder / "signing": openssh,
        project.folder / "reports" / "signing": gzip.compress(keys.signing.private_bytes_raw()),
        project.home / "identity": str(keys.identity).encode(),
        project.out / "master": project.key_file.read_bytes(),
    }
    for file, data in written.items():
        file.write_bytes(data)
    assert {hit.where for hit in child.hits(planted) if hit.kind == "key"} == {str(file) for file in written}
