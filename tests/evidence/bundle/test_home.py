"""For whom a home seals, and which runs it finds."""

from pathlib import Path

import pyrage
import pytest

from tests.evidence.bundle.conftest import home_with
from tests.evidence.bundle.run_folders import a_bundle, a_folder, a_recipient
from tokenbroker.errors import BrokerError, SettingsError, UsageError
from tokenbroker.evidence.bundle.age import read_identities
from tokenbroker.evidence.bundle.check import check
from tokenbroker.evidence.bundle.failure import BundleError
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.sinks.local import LocalSink

LIVE, LOOPBACK = "https://console.example.com", "http://127.0.0.1:8000"


def refusal(kind: type[BrokerError], act) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


@pytest.mark.req("AUDIT-4")
def test_a_run_beyond_this_machine_needs_a_recipient(home: HomeBundles) -> None:
    with pytest.raises(SettingsError) as refused:
        home.require([LOOPBACK, LIVE])
    assert refused.value.code == "audit.no_recipient"
    assert "recipients = [" in refused.value.next_step
    home.require([LOOPBACK])


@pytest.mark.req("AUDIT-4")
def test_a_live_run_is_not_sealed_for_its_home_either(home: HomeBundles) -> None:
    folder = a_folder(home.reports, origins={LIVE: LIVE})
    assert refusal(SettingsError, lambda: home.seal(folder)) == "audit.no_recipient"
    assert not list(home.reports.glob("*.age*"))


@pytest.mark.req("AUDIT-2")
def test_each_named_recipient_opens_the_bundle_and_the_home_does_not(
    local: LocalSink, tmp_path: Path
) -> None:
    pairs = [a_recipient() for _ in range(2)]
    home = home_with(local, tmp_path, *(public for public, _ in pairs))
    home.require([LIVE])
    sealed = a_bundle(home, origins={LIVE: LIVE})
    for _, private in pairs:
        assert pyrage.decrypt(sealed.path.read_bytes(), [pyrage.x25519.Identity.from_str(private)])
    verdict = check(sealed.path, trusted=[home.signer], identities=home.identities)
    assert (verdict.findings, verdict.files) == ((), None)
    assert verdict.closed


@pytest.mark.req("AUDIT-4")
def test_a_recipient_that_is_mistyped_is_found_before_the_run(local: LocalSink, tmp_path: Path) -> None:
    public, _ = a_recipient()
    swapped = public[:-2] + public[-1] + public[-2] if public[-1] != public[-2] else public[:-1] + "q"
    home = home_with(local, tmp_path, swapped)
    assert refusal(SettingsError, lambda: home.require([LOOPBACK])) == "audit.bad_recipient"


@pytest.mark.parametrize("run", ["", ".", "..", "nothing", "../reports/run-1", "run-1/../run-1", "/etc"])
def test_what_is_no_run_is_refused(home: HomeBundles, run: str) -> None:
    a_folder(home.reports)
    assert refusal(UsageError, lambda: home.folder(run)) == "audit.no_run"


def test_a_run_without_bundle_says_how_to_seal_it(home: HomeBundles) -> None:
    a_folder(home.reports)
    with pytest.raises(UsageError) as refused:
        home.bundle("run-1")
    assert refused.value.code == "audit.no_bundle"
    assert refused.value.next_step == "tokenbroker audit seal run-1"


def test_a_bundle_is_found_when_its_folder_is_gone(home: HomeBundles) -> None:
    sealed = a_bundle(home)
    (home.reports / "run-1").rename(home.reports.parent / "elsewhere")
    assert home.bundle("run-1") == sealed.path


@pytest.mark.parametrize("record", [None, "", "[", "[]", "1"])
def test_a_run_without_its_record_can_not_be_sealed(home: HomeBundles, record: str | None) -> None:
    folder = a_folder(home.reports)
    (folder / "run.json").unlink()
    if record is not None:
        (folder / "run.json").write_text(record)
    assert refusal(BundleError, lambda: home.seal(folder)) == "audit.no_record"


@pytest.mark.parametrize(
    "changes",
    [
        {"started_at": "soon"},
        {"started_at": None},
        {"started_at": "2026-11-20T12:00:00"},
        {"started_at": "0001-01-01T00:00:00Z"},
        {"started_at": "9999-12-31T23:59:59Z"},
        {"steps": [1]},
        {"origins": 1},
        {"failure": "yes"},
    ],
)
def test_a_record_that_no_run_wrote_can_not_be_sealed(home: HomeBundles, changes: dict[str, object]) -> None:
    folder = a_folder(home.reports, **changes)
    assert refusal(BundleError, lambda: home.seal(folder, reached=[LOOPBACK])) == "audit.no_record"
    assert not list(home.reports.glob("*.age*"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AGE-SECRET-KEY-1QQ",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n",  # pragma: allowlist secret
        "\x00\xff",
    ],
)
def test_a_file_that_holds_no_key_is_not_repeated(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError) as refused:
        read_identities(file)
    assert refused.value.code == "audit.bad_identity"
    assert not text or text not in str(refused.value)
    assert refusal(UsageError, lambda: read_identities(tmp_path / "none")) == "audit.bad_identity"
