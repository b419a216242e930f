"""`make flows` ends with the report of its runs, and never fails for want of one."""

import pytest

pytestmark = pytest.mark.req("AUDIT-2")

PROGRAM = """\
#!/bin/sh
case "$2" in
  pytest) {pytest} ;;
  tokenbroker) shift 3; echo "$@" > asked; {report} ;;
esac
"""
RUNS = "mkdir -p reports/new-b/allure-results reports/new-a/allure-results reports/without"


@pytest.fixture
def flows(script, tmp_path):
    """Runs the target in a checkout whose Python does what a test says; answers the exit code."""
    targets = script(".ci/targets.py")
    checkout = targets.Checkout(root=tmp_path)
    (tmp_path / "reports" / "old" / "allure-results").mkdir(parents=True)

    def run(pytest_does: str, report_does: str = "echo reports/allure.html") -> int:
        python = checkout.own.python
        python.parent.mkdir(parents=True)
        python.write_text(PROGRAM.format(pytest=pytest_does, report=report_does), encoding="utf-8")
        python.chmod(0o755)
        return targets.TARGETS["flows"].act(checkout, [])

    return run


@pytest.mark.parametrize("code", [0, 1])
def test_the_runs_of_this_call_are_reported_and_pytests_exit_code_stays(flows, code, tmp_path, capfd):
    assert flows(f"{RUNS}; exit {code}") == code
    assert (tmp_path / "asked").read_text().split() == ["new-a", "new-b"]
    assert capfd.readouterr().out.splitlines()[-1] == "report: reports/allure.html"


def test_a_report_that_can_not_be_made_is_one_line_and_no_failure(flows, capfd):
    complaint = (
        "echo 'fetching Node' >&2; echo 'report.no_node: there is none' >&2; echo '  to do: x' >&2; exit 2"
    )
    assert flows(RUNS, complaint) == 0
    assert capfd.readouterr().out == "no HTML report: report.no_node: there is none\n"


@pytest.mark.parametrize("ending", ["true", f"{RUNS}; exit 2", f"{RUNS}; exit 5"])
def test_without_new_runs_or_after_a_ctrl_c_no_report_is_made(flows, ending, tmp_path):
    flows(ending)
    assert not (tmp_path / "asked").exists()
