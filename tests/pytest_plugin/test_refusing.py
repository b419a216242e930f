"""What policy refuses is refused before a browser starts, and stands in the audit (RUN-6, RUN-11)."""

import pytest

from tests.project import LOOK, Project, marking_browser, remember_created_key

GUIDED_ONLY_DENIED = "policy.rule.deny.automation.not_permitted"
CAPTURES = LOOK + '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/key" }\n'


@pytest.fixture
def watched(project: Project) -> Project:
    """A project whose browser would leave a mark."""
    program, _ = marking_browser(project.folder)
    project.variables["TOKENBROKER_BROWSER"] = str(program)
    return project


def browser_was_started(project: Project) -> bool:
    return (project.folder / "a-browser-was-started").exists()


def test_the_mark_tells_when_a_browser_is_started(watched: Project) -> None:
    watched.write("tokenbroker.toml", '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n')
    watched.flow("look")
    ended = watched.pytest()
    assert "browser.not_started" in ended.out
    assert browser_was_started(watched)


@pytest.mark.req("RUN-6", "FLOW-6")
@pytest.mark.parametrize("options", [(), ("--mode", "semi_auto")])
def test_semi_auto_asked_of_a_guided_only_flow_is_blocked(watched: Project, options: tuple[str, ...]) -> None:
    watched.flow("by_hand", modes="guided")
    ended = watched.pytest(*options)
    assert (ended.code, ended.outcomes()) == (1, {"failed": 1})
    assert GUIDED_ONLY_DENIED in ended.out
    assert "blocked before a browser was started" in ended.out
    assert not browser_was_started(watched)
    assert watched.audit() == [("policy_decision", "example/by_hand", GUIDED_ONLY_DENIED)]


@pytest.mark.req("RUN-6")
@pytest.mark.parametrize(
    ("reason", "passes"),
    [(f", reason: {GUIDED_ONLY_DENIED}", True), ("", True), (", reason: run.needs_live", False)],
)
def test_a_flow_that_expects_to_be_blocked_passes_when_it_is(
    watched: Project, reason: str, passes: bool
) -> None:
    watched.flow("by_hand", modes="guided", head=f"expect_outcome: {{ status: blocked{reason} }}\n")
    ended = watched.pytest()
    assert ended.outcomes() == ({"passed": 1} if passes else {"failed": 1})
    assert not browser_was_started(watched)


@pytest.mark.req("FLOW-7", "HUMAN-4")
def test_a_run_that_somebody_has_to_approve_is_blocked_where_nobody_can_be_asked(watched: Project) -> None:
    watched.write("tokenbroker.toml", '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n')
    head = "policy: { approval: required }\nexpect_outcome: { status: blocked, reason: human.unreachable }\n"
    step = '  - type: { selector: "#email", value_ref: "secrets:example.email" }\n'
    watched.flow("approved", LOOK + step, head=head)
    watched.put("example.email", "demo-only-someone@example.test")
    ended = watched.pytest()
    assert ended.outcomes() == {"passed": 1}, ended.out
    assert not browser_was_started(watched)
    assert "get_token" not in [action for action, _, _ in watched.audit()]  # no secret was read for it


TODAY_ONLY = "policy: { runs_per_day: 1 }\n"
EXPIRED = "policy: { reviewed: 2020-01-01, review_expires: 2020-07-01 }\n"


@pytest.mark.req("RUN-6", "POLICY-1", "POLICY-2", "FLOW-7")
def test_an_expired_review_and_a_run_too_many_are_blocked_and_audited(watched: Project) -> None:
    watched.write("tokenbroker.toml", '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n')
    watched.flow("stale", head=EXPIRED)
    ended = watched.pytest()
    assert "policy.rule.deny.review.expired" in ended.out
    assert not browser_was_started(watched)
    watched.flow("daily", head=TODAY_ONLY)
    assert "browser.not_started" in watched.pytest("-k", "daily").out  # it was allowed
    remember_created_key(watched, "example/daily")
    assert "policy.rule.deny.rate.exceeded" in watched.pytest("-k", "daily").out
    results = [result for action, _, result in watched.audit() if action == "policy_decision"]
    assert results == ["policy.rule.deny.review.expired", "ok", "policy.rule.deny.rate.exceeded"]


@pytest.mark.req("POLICY-1")
def test_a_project_can_tighten_what_its_flows_allow_and_a_broken_policy_stops_all(watched: Project) -> None:
    watched.write("tokenbroker.toml", '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n')
    watched.flow("look")
    watched.write("policies/all.yaml", "version: 1\nall_of: [{ review: required }]\n")
    ended = watched.pytest()
    assert "policy.rule.deny.review.missing" in ended.out
    watched.write("policies/all.yaml", "version: 1\nall_of: []\n")
    ended = watched.pytest()
    assert "settings.bad_policy" in ended.out
    assert "policies/all.yaml:2:9" in ended.out
    assert not browser_was_started(watched)


@pytest.mark.req("RUN-11")
def test_a_flow_that_leaves_this_machine_is_skipped_with_its_reason(watched: Project) -> None:
    watched.flow("look")
    ended = watched.pytest("-rs")
    assert (ended.code, ended.outcomes()) == (0, {"skipped": 1})
    assert "run.needs_live" in ended.out
    assert "https://console.example.com" in ended.out
    assert not browser_was_started(watched)


@pytest.mark.req("RUN-11")
def test_a_second_key_at_a_live_site_needs_again(watched: Project) -> None:
    watched.name_auditor()
    watched.flow("create", CAPTURES)
    remember_created_key(watched, "example/create")
    ended = watched.pytest("--live")
    assert ended.outcomes() == {"failed": 1}
    assert "run.would_duplicate" in ended.out
    assert not browser_was_started(watched)
    again = watched.pytest("--live", "--again")
    assert "run.would_duplicate" not in again.out
    assert browser_was_started(watched)


@pytest.mark.req("RUN-5")
def test_nobody_is_guided_through_a_browser_without_a_window(watched: Project) -> None:
    watched.write("tokenbroker.toml", '[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n')
    watched.flow("look", modes="guided|semi_auto")
    ended = watched.pytest("--mode", "guided")
    assert ended.outcomes() == {"failed": 1}
    assert "human.no_window" in ended.out
    assert not browser_was_started(watched)


def test_a_param_without_a_value_is_a_usage_error(watched: Project) -> None:
    watched.flow("look")
    ended = watched.pytest("--param", "demo-only-value")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "demo-only-value" not in ended.text


@pytest.mark.req("FLOW-5")
def test_a_param_that_is_given_twice_is_a_usage_error(watched: Project) -> None:
    watched.flow("look")
    ended = watched.pytest("--param", "a=demo-only-a", "--param", "a=demo-only-b")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "param.twice" in ended.text
    assert "demo-only" not in ended.text
    assert not browser_was_started(watched)


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    ("option", "steps"),
    [
        ("--tracing=on", CAPTURES),
        ("--video=on", CAPTURES),
        ("--screenshot=on", CAPTURES),
        ("--tracing=on", LOOK + '  - wait_human: { reason: "Enter the code" }\n'),
    ],
)
def test_what_would_write_secrets_into_files_is_refused(watched: Project, option: str, steps: str) -> None:
    watched.write(
        "tokenbroker.toml",
        '[sinks.bitwarden]\ntype = "local"\n[origin_map]\n"https://console.example.com" = "http://127.0.0.1:9"\n',
    )
    watched.flow("create", steps)
    ended = watched.pytest(option)
    assert ended.outcomes() == {"failed": 1}
    assert "run.unsafe_option" in ended.out
    assert not browser_was_started(watched)
