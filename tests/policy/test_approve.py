"""May this run happen: the decision table, made before anything starts."""

import re
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest

from tests.flow.texts import REFERENCE, flow_from, flow_text
from tokenbroker.errors import BrokerError, ExitCode, PolicyDenied, UsageError
from tokenbroker.flow.model import Mode
from tokenbroker.policy.approve import PLAN_LIFE, History, Plan, Request, approve
from tokenbroker.secret import Secret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=3)
SITE = "https://console.example.com"
DEMO = "http://127.0.0.1:8000"
MAPPED = {SITE: DEMO}
NAVIGATE = f"- navigate: '{SITE}/login'"


def plan_for(
    text: str,
    *,
    mode: Mode | None = None,
    params: dict[str, str] | None = None,
    origin_map: dict[str, str] | None = None,
    live: bool = False,
    again: bool = False,
    created_before: datetime | None = None,
    attended: bool = False,
) -> Plan:
    request = Request(
        actor="tests",
        mode=mode,
        params=params or {},
        origin_map=MAPPED if origin_map is None else origin_map,
        live=live,
        again=again,
        attended=attended,
    )
    return approve(
        flow_from(text), request, history=History(created_before=created_before), clock=lambda: NOW
    )


def refusal(text: str, **asked) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        plan_for(text, **asked)
    return caught.value


@pytest.mark.req("RUN-6", "FLOW-6")
@pytest.mark.parametrize(
    ("allowed", "asked", "decision"),
    [
        ("semi_auto", None, Mode.SEMI_AUTO),
        ("semi_auto", Mode.SEMI_AUTO, Mode.SEMI_AUTO),
        ("semi_auto", Mode.GUIDED, "policy.rule.deny.automation.not_permitted"),
        ("guided|semi_auto", None, Mode.SEMI_AUTO),
        ("guided|semi_auto", Mode.SEMI_AUTO, Mode.SEMI_AUTO),
        ("guided|semi_auto", Mode.GUIDED, Mode.GUIDED),
        ("[semi_auto, guided]", None, Mode.SEMI_AUTO),
        ("guided", None, "policy.rule.deny.automation.not_permitted"),
        ("guided", Mode.SEMI_AUTO, "policy.rule.deny.automation.not_permitted"),
        ("guided", Mode.GUIDED, Mode.GUIDED),
    ],
)
def test_the_mode_is_decided_by_what_the_flow_allows_and_what_is_asked(
    allowed: str, asked: Mode | None, decision: Mode | str
) -> None:
    text = flow_text(NAVIGATE, automation=allowed)
    if isinstance(decision, Mode):
        plan = plan_for(text, mode=asked)
        assert plan.mode is decision
        assert plan.mode_reason
    else:
        assert refusal(text, mode=asked).code == decision


@pytest.mark.req("FLOW-6")
@pytest.mark.parametrize(
    ("allowed", "asked", "mode"),
    [
        ("guided|semi_auto", None, Mode.GUIDED),
        ("guided", None, Mode.GUIDED),
        ("semi_auto", None, Mode.SEMI_AUTO),
        ("guided|semi_auto", Mode.SEMI_AUTO, Mode.SEMI_AUTO),
    ],
)
def test_a_person_before_the_window_is_guided_where_the_flow_allows_it(
    allowed: str, asked: Mode | None, mode: Mode
) -> None:
    assert plan_for(flow_text(NAVIGATE, automation=allowed), mode=asked, attended=True).mode is mode


@pytest.mark.req("RUN-6")
def test_semi_auto_asked_of_a_guided_only_flow_is_blocked() -> None:
    error = refusal(REFERENCE.replace("guided|semi_auto", "guided"), mode=Mode.SEMI_AUTO)
    assert isinstance(error, PolicyDenied)
    assert error.exit_code is ExitCode.REFUSED
    assert error.code == "policy.rule.deny.automation.not_permitted"


@pytest.mark.req("RUN-6")
def test_a_plan_is_pinned_to_the_text_the_actor_and_an_hour() -> None:
    plan = plan_for(REFERENCE)
    assert (plan.flow_sha256, plan.actor) == (plan.flow.sha256, "tests")
    assert (plan.decided_at, plan.expires_at) == (NOW, NOW + PLAN_LIFE)
    assert plan.reason_code == "policy.rule.allow.automation.permitted"
    with pytest.raises(FrozenInstanceError):
        plan.actor = "other"  # type: ignore[misc]


@pytest.mark.req("RUN-6")
@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        (f"['{SITE}']", True),
        (f"['https://CONSOLE.example.com:443', '{DEMO}']", True),
        ("['https://other.example.com']", False),
        ("['http://console.example.com']", False),
        ("['https://console.example.com:8443']", False),
        ("['https://example.com']", False),
        ("['https://console.example.com.evil.example']", False),
    ],
)
def test_a_flow_goes_only_where_its_origins_say(origins: str, allowed: bool) -> None:
    text = flow_text(NAVIGATE, head=f"origins: {origins}")
    if allowed:
        assert SITE in plan_for(text).origins
    else:
        assert refusal(text).code == "policy.rule.deny.origin.not_permitted"


def test_without_declared_origins_those_of_the_navigate_steps_count_each_once() -> None:
    text = flow_text(NAVIGATE, f"- navigate: '{SITE}/b'", f"- navigate: '{DEMO}/c'")
    plan = plan_for(text)
    assert plan.origins == (SITE, DEMO)
    assert plan.reachable == (DEMO,)


# live, again, created before, mapped to loopback -> code, or None where it may run
DECISIONS = [
    (False, False, False, False, "run.needs_live"),
    (False, False, True, False, "run.needs_live"),
    (False, True, True, False, "run.needs_live"),
    (True, False, False, False, None),
    (True, True, False, False, None),
    (True, False, True, False, "run.would_duplicate"),
    (True, True, True, False, None),
    (False, False, False, True, None),
    (False, False, True, True, None),
    (True, False, True, True, None),
]


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize(("live", "again", "created", "mapped", "code"), DECISIONS)
def test_a_real_site_is_touched_on_purpose_only(
    live: bool, again: bool, created: bool, mapped: bool, code: str | None
) -> None:
    asked = {
        "live": live,
        "again": again,
        "created_before": EARLIER if created else None,
        "origin_map": MAPPED if mapped else {},
    }
    if code is None:
        assert plan_for(REFERENCE, **asked).reachable == (DEMO if mapped else SITE,)
    else:
        error = refusal(REFERENCE, **asked)
        assert isinstance(error, PolicyDenied)
        assert error.code == code


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize(
    "origin_map",
    [
        {"https://other.example.com": DEMO},
        {"http://console.example.com": DEMO},
        {"https://console.example.com:8443": DEMO},
        {"https://console.example.co": DEMO},
    ],
)
def test_the_map_counts_for_exactly_its_origins(origin_map: dict[str, str]) -> None:
    assert refusal(REFERENCE, origin_map=origin_map).code == "run.needs_live"


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize(
    "site", ["http://console.example.com", "http://192.168.0.1:8080", "http://[2001:db8::1]"]
)
def test_plain_http_is_for_this_machine_only(site: str) -> None:
    text = flow_text(f"- navigate: '{site}/login'")
    assert refusal(text, live=True).code == "policy.rule.deny.origin.plain_http"
    assert plan_for(text, origin_map={site: DEMO}).reachable == (DEMO,)


@pytest.mark.req("RUN-11")
def test_a_map_of_any_spelling_is_read_as_settings_read_it() -> None:
    plan = plan_for(REFERENCE, origin_map={"https://CONSOLE.example.com:443/": f"{DEMO}/"})
    assert (plan.reachable, plan.address(f"{SITE}/login")) == ((DEMO,), f"{DEMO}/login")


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize("target", ["https://evil.example", "http://192.168.0.1", "127.0.0.1:8000", ""])
def test_a_map_that_leads_away_from_this_machine_is_refused(target: str) -> None:
    error = refusal(REFERENCE, origin_map={SITE: target}, live=True)
    assert error.code == "settings.invalid"
    assert error.__context__ is None


@pytest.mark.req("RUN-11")
def test_one_origin_beyond_this_machine_suffices() -> None:
    text = flow_text(NAVIGATE, "- navigate: 'https://elsewhere.example/'")
    error = refusal(text)
    assert error.code == "run.needs_live"
    assert "elsewhere.example" in error.sentence
    assert SITE not in error.sentence


@pytest.mark.req("RUN-11")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "http://0.0.0.0:8000/",
        "http://192.168.0.1/",
    ],
)
def test_addresses_that_look_like_this_machine_are_not(url: str) -> None:
    assert refusal(flow_text(f"- navigate: '{url}'")).code == "run.needs_live"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (f"{SITE}/login", f"{DEMO}/login"),
        (SITE, DEMO),
        (f"{SITE}?a=1", f"{DEMO}?a=1"),
        (f"{SITE}#top", f"{DEMO}#top"),
        (f"{SITE}:443/x", f"{DEMO}/x"),
        ("https://CONSOLE.Example.Com/X?Y#Z", f"{DEMO}/X?Y#Z"),
        ("https://user:word@console.example.com/x", f"{DEMO}/x"),  # pragma: allowlist secret
        (f"{SITE}/to?next={SITE}/x", f"{DEMO}/to?next={SITE}/x"),
        (f"{SITE}/**", f"{DEMO}/**"),
        ("http://console.example.com/x", "http://console.example.com/x"),
        ("https://console.example.com.evil.example/x", "https://console.example.com.evil.example/x"),
        ("https://console.example.com@evil.example/x", "https://console.example.com@evil.example/x"),
        (f"{DEMO}/x", f"{DEMO}/x"),
    ],
)
def test_an_address_is_moved_to_where_its_origin_is_mapped(url: str, seen: str) -> None:
    assert plan_for(REFERENCE).address(url) == seen


PARAMS = (
    "params: { who: { personal: true, pattern: '[a-z]+' }, note: { default: '' }, kind: { default: free } }"
)
WITH_PARAMS = flow_text(f"- navigate: '{DEMO}/'", head=PARAMS)


@pytest.mark.req("FLOW-5")
def test_a_personal_value_becomes_a_secret_and_others_stay_text() -> None:
    plan = plan_for(WITH_PARAMS, params={"who": "anna", "kind": "paid"})
    assert plan.params == {"who": Secret("anna"), "note": "", "kind": "paid"}
    assert "anna" not in repr(plan)


@pytest.mark.req("FLOW-5")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "param.missing"),
        ({"who": ""}, "param.missing"),
        ({"who": "anna", "whom": "x"}, "param.unknown"),
        ({"who": "Anna B."}, "param.pattern"),
        ({"who": "anna\n"}, "param.pattern"),
    ],
)
def test_a_parameter_that_is_missing_unknown_or_odd_is_refused(given: dict[str, str], code: str) -> None:
    error = refusal(WITH_PARAMS, params=given)
    assert isinstance(error, UsageError)
    assert error.code == code
    assert not [
        value for value in given.values() if value and re.search(rf"\b{re.escape(value)}\b", str(error))
    ]


@pytest.mark.req("FLOW-5", "OPS-5")
def test_every_parameter_that_is_missing_is_named_at_once_and_so_is_every_one_that_is_none() -> None:
    steps = (f"- navigate: '{DEMO}/'", "- click: 'text=${note}'")
    text = flow_text(*steps, head="params: { a: {}, b: {}, note: { required: false } }\n")
    error = refusal(text, params={"b": "x"})
    assert isinstance(error, UsageError)
    assert (error.code, error.next_step) == ("param.missing", "give --param a=VALUE --param note=VALUE")
    error = refusal(text, params={"a": "x", "bb": "x", "c": "x"})
    assert isinstance(error, UsageError)
    assert error.code == "param.unknown"
    assert all(name in error.sentence for name in ("'bb'", "'c'"))


@pytest.mark.req("FLOW-5")
def test_an_optional_parameter_without_a_value_is_left_out() -> None:
    text = flow_text(f"- navigate: '{DEMO}/'", head="params: { a: { required: false } }")
    assert plan_for(text).params == {}
