"""The checks of `make lint` can fail, and say what they did not do."""

import json
import secrets
import subprocess
import sys

import pytest


def _audit_report(*packages):
    return json.dumps({"dependencies": list(packages)})


_CLEAN = {"name": "clean", "version": "1", "vulns": []}
_UNKNOWN = {"name": "unknown", "skip_reason": "not found"}
_BAD = {"name": "bad", "version": "1", "vulns": [{"id": "PYSEC-0-0", "fix_versions": ["2"]}]}


@pytest.mark.req("OPS-2")
def test_a_known_vulnerability_fails_and_is_named(script):
    code, lines = script(".ci/vulnerabilities.py").verdict(_audit_report(_CLEAN, _BAD), "")
    assert code == 1
    assert "PYSEC-0-0" in lines[0]


@pytest.mark.req("OPS-2")
@pytest.mark.parametrize(("report", "complaint"), [("", "no route"), ("", ""), (_audit_report(_UNKNOWN), "")])
def test_an_advisory_service_out_of_reach_is_said_and_does_not_fail(script, report, complaint):
    code, lines = script(".ci/vulnerabilities.py").verdict(report, complaint)
    assert code == 0
    assert lines[0].startswith("not run: ")


def test_audited_packages_without_a_finding_pass(script):
    code, lines = script(".ci/vulnerabilities.py").verdict(_audit_report(_CLEAN, _UNKNOWN), "")
    assert code == 0
    assert not lines[0].startswith("not run")


@pytest.mark.req("OPS-2")
@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT License; GNU General Public License v3 (GPLv3)", False),
        ("AGPL-3.0-only", False),
        ("(MIT)", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licences_are_judged_by_the_allowed_list(script, licence, allowed):
    assert script(".ci/licences.py").permitted(licence) is allowed


def test_a_reviewed_package_is_refused_once_its_licence_changes(script):
    licences = script(".ci/licences.py")
    package, (reviewed, _why) = next(iter(licences.REVIEWED.items()))
    assert not licences.refused(package, reviewed)
    assert licences.refused(package, "AGPL-3.0-only")


@pytest.mark.req("OPS-2")
def test_a_planted_token_is_found_by_the_secret_scan(script, tmp_path, monkeypatch):
    pytest.importorskip("detect_secrets")
    scan = script(".ci/secret_scan.py")
    monkeypatch.setattr(scan, "ROOT", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    planted = tmp_path / "settings.py"
    planted.write_text("nothing = 1\n", encoding="utf-8")
    assert scan.main() == 0
    planted.write_text(f"token = 'ghp_{secrets.token_hex(18)}'\n", encoding="utf-8")
    assert scan.main() != 0


def test_a_failing_stage_stops_the_rest_and_tells_how_to_repeat_it(script, tmp_path, capfd):
    stages = script(".ci/stages.py")
    checkout = sys.modules["installation"].Checkout(root=tmp_path)
    checkout.own.bin.mkdir(parents=True)
    checkout.own.python.symlink_to(sys.executable)
    made = [
        stages.Stage(name="first", command=("python", "-c", "pass")),
        stages.Stage(name="second", command=("python", "-c", "raise SystemExit(3)")),
        stages.Stage(name="third", command=("python", "-c", "pass")),
    ]
    assert stages.run_all(made, checkout, {}) == 3
    told = capfd.readouterr()
    assert "== first" in told.out
    assert "== third" not in told.out
    assert ".venv/bin/python -c 'raise SystemExit(3)'" in told.err
