"""The lint rules, each on a flow of its own; suppressions; and that no good flow is found fault with (LINT-1, 2, 4)."""

import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.flow.test_schema import mutated_flows
from tests.flow.texts import EVERY_VERB, REFERENCE, SETS_AND_RETRIES
from tokenbroker.flow.lint import ABOUT_SUPPRESSIONS, Finding, lint
from tokenbroker.flow.rule import Rule, Severity
from tokenbroker.flow.rules import RULES
from tokenbroker.flow.rules.literal_secret import _detectors
from tokenbroker.run.steps import STEPS

BAD = sorted(Path(__file__).with_name("bad_flows").glob("*.yaml"))
GOOD = sorted((Path(__file__).parents[2] / "flows").rglob("*.yaml"))
HEAD = {"version": "1", "site": "example", "flow": "create_key", "allowed_automation": "semi_auto"}


def found_in(tmp_path: Path, text: str) -> list[Finding]:
    file = tmp_path / "flow.yaml"
    file.write_text(text, encoding="utf-8")
    return lint(file, STEPS)


def that_count(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is not Severity.NOTE and each.reason is None]


def whole(example: str) -> str:
    """An example of a rule with the keys that every flow has."""
    body = example.strip() + "\n"
    return "".join(f"{key}: {value}\n" for key, value in HEAD.items() if f"{key}:" not in body) + body


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_flow_has_the_one_finding_that_it_says_where_it_says(file: Path) -> None:
    expected = re.match(r"# expect: (\S+) (\d+):(\d+)\n", file.read_text(encoding="utf-8"))
    assert expected is not None
    found = [(each.id, each.region.line, each.region.column) for each in that_count(lint(file, STEPS))]
    assert found == [(expected[1], int(expected[2]), int(expected[3]))]


@pytest.mark.req("LINT-1")
def test_there_is_a_bad_flow_for_every_rule_that_changes_the_exit_code() -> None:
    told = {file.read_text(encoding="utf-8").split()[2] for file in BAD}
    missing = {rule.id for rule in RULES if rule.severity is not Severity.NOTE} | set(ABOUT_SUPPRESSIONS)
    assert missing - told == {"TB903"}  # which comes together with the finding that it does not suppress


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_no_rule_finds_fault_with_a_good_flow(file: Path) -> None:
    assert that_count(lint(file, STEPS)) == []


@pytest.mark.req("LINT-1")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_not_its_good_one(rule: Rule, tmp_path: Path) -> None:
    bad = whole(rule.bad)
    mark = re.search(r"^(?P<line>.*?)  # here: (?P<text>.*)$", bad, re.MULTILINE)
    assert mark is not None
    [found] = [each for each in found_in(tmp_path, bad) if each.id == rule.id]
    assert found.region.line == bad[: mark.start()].count("\n") + 1
    assert found.region.column == mark["line"].index(mark["text"]) + 1
    assert found.severity is rule.severity
    assert {each.id for each in found_in(tmp_path, bad)} <= {rule.id, "TB401"}
    assert [each.id for each in found_in(tmp_path, whole(rule.good)) if each.id != "TB401"] == []


@pytest.mark.req("LINT-1")
def test_ids_are_unique_and_stand_in_their_order() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(ids)
    assert max(Counter([*ids, *(rule.name for rule in RULES), *ABOUT_SUPPRESSIONS]).values()) == 1


BRITTLE = '  - click: { selector: "xpath=/html/body/button" }'


@pytest.mark.req("LINT-4")
@pytest.mark.parametrize(
    "lines",
    [
        f"{BRITTLE} # tokenbroker: ignore[TB501] the page has no names",
        f"  # tokenbroker: ignore[TB501] the page has no names\n{BRITTLE}",
        f"{BRITTLE} # tokenbroker: ignore[TB501]: the page has no names",
        f"  # tokenbroker: ignore[TB501] the page has no names\n\n{BRITTLE}",
        "  # tokenbroker: ignore[TB501] the page has no names\n  - click:\n      selector: 'xpath=/html/body/button'",
        "  - click: # tokenbroker: ignore[TB501] the page has no names\n      selector: 'xpath=/html/body/button'",
    ],
)
def test_a_reason_suppresses_a_finding_and_is_kept(tmp_path: Path, lines: str) -> None:
    found = found_in(tmp_path, whole(f"steps:\n{lines}\n"))
    assert that_count(found) == []
    [suppressed] = [each for each in found if each.reason is not None]
    assert (suppressed.id, suppressed.reason) == ("TB501", "the page has no names")


@pytest.mark.req("LINT-4")
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (f"{BRITTLE} # tokenbroker: ignore[TB501]", ["TB501", "TB901"]),
        (f"{BRITTLE} # tokenbroker: ignore[TB502] wrong rule", ["TB501", "TB902"]),
        (f"  # tokenbroker: ignore[TB501] of another step\n  - press: Enter\n{BRITTLE}", ["TB501", "TB902"]),
        (f"{BRITTLE} # tokenbroker: ignore[tb501] in lower case", ["TB501", "TB902"]),
        ('  - type: { selector: "#password", value: "hunter2" } # tokenbroker: ignore[TB101] it is a test', ["TB101", "TB903"]),
        ('  - type: { selector: "#name", value: "a # tokenbroker: ignore" }', []),
        ("  - type:\n      selector: '#name'\n      value: |\n        # tokenbroker: ignore[TB501] this is a text", []),
    ],
)  # fmt: skip
def test_what_suppresses_without_a_reason_nothing_or_too_much_is_found(
    tmp_path: Path, lines: str, told: list[str]
) -> None:
    found = that_count(found_in(tmp_path, whole(f"steps:\n{lines}\n")))
    assert sorted(each.id for each in found) == told


@pytest.mark.req("LINT-1")
def test_a_finding_holds_nothing_of_the_value_that_it_is_about(tmp_path: Path) -> None:
    [found] = that_count(
        found_in(tmp_path, whole('steps:\n  - type: { selector: "#password", value: "hunter2" }\n'))
    )
    assert "hunter2" not in found.message + found.line_text  # what is told ends in logs
    assert found.line_text == f'  - type: {{ selector: "#password", value: {"•" * 9} }}'
    assert [what for _, what in found.related] == ["the field that it is typed into"]
    assert (found.region.end_line, found.region.end_column - found.region.column) == (6, len('"hunter2"'))


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize(
    "comment",
    [
        "password: hunter2",
        "password: hunter2 on staging",
        "Password = hunter2!",
        'password: "correct horse battery"',
        "once pwd:hunter2",
        "api key: 9f8e7d6c5b4a",
        "export TOKEN=9f8e7d6c5b4a",
        "secret_key: `9f8e7d6c5b4a`",
        "https://ann:opensesame@console.example.com/",  # pragma: allowlist secret
        "-----BEGIN RSA PRIVATE KEY-----",  # pragma: allowlist secret
        '- type: { selector: "#password", value: opensesame }',
        "- type: { selector: [{ role: textbox, name: Password }, { css: '#p' }], value: opensesame }",
        "a" * 1100,
    ],
    ids=lambda comment: comment[:40],
)
def test_a_secret_in_a_comment_is_found_and_not_told(tmp_path: Path, comment: str) -> None:
    [found] = that_count(found_in(tmp_path, whole(f"steps:\n  - press: Enter # {comment}\n")))
    assert (found.id, found.region.line, found.region.column) == ("TB101", 6, 18)
    assert found.region.end_column == 18 + len(f"# {comment}")
    assert found.line_text == f"  - press: Enter {'•' * len(f'# {comment}')}"


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize(
    "comment",
    [
        "the password: see the wiki",
        "password: 12-character minimum",
        "password: ${PASSWORD_1}, or <your-password1>",
        "password: secrets:example.password1, stored as tokens:acme/api-key2",
        "token name: ci-main-2",
        "store it first:  tokenbroker secrets put acme.password2",
        '- type: { selector: "#password", value_ref: "secrets:example.password2" }',
        '- type: { selector: "#token_name", value: "ci-main" }',
        '- verify_token: "https://api.example.com/v1/me"',
        '- capture_token: { selector: ".token-2", secret_ref: "tokens:acme/api-key2" }',
        "yaml-language-server: $schema=../../tokenbroker/flow/schema/v1.json",
        "sha256:da39a3ee5e6b4b0d3255bfef95601890afd80709, 550e8400-e29b-41d4-a716-446655440000",
        "q7ZxP0aLm3Rt9VbKw2Ye8Ugh",  # pragma: allowlist secret
        "seen with browser@120.0 and actions/checkout@v4.1",
    ],
)
def test_a_comment_about_a_secret_is_not_taken_for_one(tmp_path: Path, comment: str) -> None:
    text = whole(f"steps:\n  # {comment}\n  - press: Enter # {comment}\n")
    assert that_count(found_in(tmp_path, text)) == []


@pytest.mark.req("LINT-4")
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("  - press: Enter # password: hunter2  # tokenbroker: ignore[TB101] an old one", ["TB101"]),
        ("  # tokenbroker: ignore[TB101] an old one\n  # password: hunter2\n  - press: Enter", ["TB101", "TB903"]),
        (f"{BRITTLE} # tokenbroker: ignore[TB501] as ann@example.com says", ["TB102"]),
        (f"{BRITTLE} # tokenbroker: ignore[TB501,TB102] as ann@example.com says", []),
        ("  # tokenbroker: ignore[TB102] of all\n  # ann@example.com\n  - press: Enter", []),
    ],
)  # fmt: skip
def test_what_stands_in_comments_is_suppressed_as_the_rest_is(
    tmp_path: Path, lines: str, told: list[str]
) -> None:
    found = that_count(found_in(tmp_path, whole(f"steps:\n{lines}\n")))
    assert sorted(each.id for each in found) == told


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("within", ["TB501] KEY", "KEY] x"])
def test_a_secret_in_a_suppression_is_told_by_no_finding(tmp_path: Path, within: str) -> None:
    key = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"  # pragma: allowlist secret
    comment = f"# tokenbroker: ignore[{within.replace('KEY', key)}"
    found = found_in(tmp_path, whole(f"steps:\n{BRITTLE} {comment}\n"))
    assert {"TB101", "TB501"} <= {each.id for each in that_count(found)}
    assert key not in repr(found)


@pytest.mark.req("LINT-3")
@settings(max_examples=100, deadline=None, database=None)
@given(mutated_flows())
def test_any_changed_flow_has_findings_or_none_and_never_another_end(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    found = found_in(tmp_path_factory.mktemp("lint"), text)
    assert all(each.region.line >= 1 and each.region.column >= 1 for each in found)


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("#password-expiry-days", "90"),
        ("#passphrase-hint", "none"),
        ("#pin-label", "x"),
        ("input[name='token[description]']", "Deploy key"),
        ("[aria-label='Token name']", "Night run"),
        ("#token_name", "ci-main"),
        ("#ref", "550e8400-e29b-41d4-a716-446655440000"),
        ("#passenger", "Ann"),
        ("input[name='personal_access_token[name]']", "ci"),
        ("#password", ""),
        ("#create-token-modal input.first", "ci"),
    ],
)
def test_what_is_about_a_secret_is_not_taken_for_one(tmp_path: Path, selector: str, value: str) -> None:
    text = whole(f'steps:\n  - type: {{ selector: "{selector}", value: "{value}" }}\n')
    assert that_count(found_in(tmp_path, text)) == []


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize(
    "selector", ["input[name=pwd]", "input[name='pass']", "[aria-label=Password]", "text=Passwort"]
)
def test_a_password_field_is_known_by_many_names(tmp_path: Path, selector: str) -> None:
    text = whole(f'steps:\n  - type: {{ selector: "{selector}", value: "opensesame" }}\n')
    assert [each.id for each in that_count(found_in(tmp_path, text))] == ["TB101"]


@pytest.mark.req("LINT-2")
@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            'type: { selector: [{ role: textbox, name: Password }, { css: "#x" }], value: "opensesame" }',
            ["TB101"],
        ),
        ('type: { selector: "#otpCode", value_ref: "env:CODE" }', ["TB104"]),
        ('type: { selector: "input[name=totpcode]", value_ref: "env:CODE" }', ["TB104"]),
        ('type: { selector: "#name", value_ref: "secrets:example/totp/seed" }', ["TB103"]),
        ('navigate: "https://a.example/?email=ann@example.com"', ["TB102"]),
        ('navigate: "https://a.example/?ref=demo-only-q7ZxP0aLm3Rt9VbKw2Ye8Ugh"', ["TB106"]),
        ('type: { selector: "#mfa-device-name", value: "phone" }', []),
        ('type: { selector: "#one-time-payment", value: "1" }', []),
        ('type: { selector: "#env", value: "PRODUCTIONENVIRONMENT" }', []),
        ('click: "text=Turnstile"', []),
        ('click: "text=Create hCaptcha site key"', []),
        ("click: { selector: \"iframe[src*='hcaptcha.com']\" }", ["TB105"]),
        ('type: { selector: "#captcha", value: "x" }', ["TB105"]),
        ('click: { selector: ".card >> .row >> .cell >> .part >> text=Create" }', []),
        ('click: { selector: "text=Projects [2]" }', []),
    ],
)
def test_what_a_reviewer_tried(tmp_path: Path, step: str, told: list[str]) -> None:
    assert [each.id for each in that_count(found_in(tmp_path, whole(f"steps:\n  - {step}\n")))] == told


@pytest.mark.req("LINT-2")
def test_an_address_whose_host_only_a_run_knows_is_of_no_known_origin(tmp_path: Path) -> None:
    steps = "steps:\n  - wait_for: { url: 'https://eu-*.example.com/**' }\n"
    assert that_count(found_in(tmp_path, whole(f"origins: ['https://a.example']\n{steps}"))) == []


@pytest.mark.req("SECRET-7")
def test_no_other_finding_shows_the_secret_of_its_line(tmp_path: Path) -> None:
    step = '  - type: { selector: "li:nth-child(2) input[type=password]", value: "hunter2" }  # tokenbroker: ignore[TB777] x'
    found = that_count(found_in(tmp_path, whole(f"steps:\n{step}\n")))
    assert sorted(each.id for each in found) == ["TB101", "TB501", "TB902"]
    assert not any("hunter2" in each.line_text for each in found)


@pytest.mark.req("LINT-1")
def test_a_reference_is_no_secret_and_is_shown(tmp_path: Path) -> None:
    step = '  - type: { selector: "#name", value_ref: "secrets:example.totp_seed" }'
    [found] = that_count(found_in(tmp_path, whole(f"steps:\n{step}\n")))
    assert (found.id, found.line_text) == ("TB103", step)


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("option", ["value:hunter2-S3cret", '"S3cret!": 1', "value:hunter2: 1"])
def test_a_value_that_became_a_key_is_not_told(tmp_path: Path, option: str) -> None:
    found = found_in(tmp_path, whole(f"steps:\n  - type: {{ selector: '#x', {option} }}\n"))
    assert found
    assert not any("S3cret" in each.message or "hunter2" in each.message for each in found)


@pytest.mark.req("LINT-3")
@pytest.mark.parametrize(
    "text",
    ["a" * 400_000, "/" * 400_000 + ":_authToken", "eyJ" * 100_000 + ".", ("eyJ" * 30 + " ") * 4_000],
    ids=["one word", "slashes", "heads of tokens", "many heads"],
)
def test_no_value_makes_the_rules_slow(tmp_path: Path, text: str) -> None:
    flow = whole(f"steps:\n  - type: {{ selector: '#x', value: '{text}' }}\n")
    began = time.process_time()
    found_in(tmp_path, flow)
    # Quadratic, it takes minutes; what is measured here has a hundred times its time.
    assert time.process_time() - began < 30


@pytest.mark.req("LINT-3")
@pytest.mark.parametrize(
    "comments",
    ["#\n" * 450_000, "#abcdef\n" * 110_000, "#" * 900_000, "# ann@example.com\n" * 50_000, "# pwd=hunter2\n" * 60_000,
     f"# {'sk-' * 300}\n" * 990, f"# {'/' * 900}:_authToken\n" * 980, f"# {'pwd=' * 250}\n" * 890,
     f"# - type: {{ value: {'[' * 900}\n" * 960, "# tokenbroker: ignore[TB501] x\n" * 29_000],
    ids=lambda comments: comments[:16],
)  # fmt: skip
def test_no_comments_make_the_rules_slow(tmp_path: Path, comments: str) -> None:
    flow = whole("steps:\n  - press: Enter # a comment that has the detectors loaded\n")
    found_in(tmp_path, flow)
    began = time.process_time()
    found_in(tmp_path, flow + comments)
    # Quadratic, it takes minutes; what is measured here has several times its time.
    assert time.process_time() - began < 3


def test_what_a_kind_of_key_needs_stands_in_all_its_forms() -> None:
    for needed, kind, forms in _detectors():
        assert all(needed in form.pattern.replace("\\", "") for form in forms), kind


@pytest.mark.parametrize("text", [REFERENCE, EVERY_VERB, SETS_AND_RETRIES])
def test_the_texts_of_other_tests_have_no_finding_that_stops(tmp_path: Path, text: str) -> None:
    assert [each.id for each in that_count(found_in(tmp_path, text)) if each.severity is Severity.ERROR] == []


@pytest.mark.req("LINT-1")
@pytest.mark.parametrize(
    "selector",
    [
        "text=a=b",
        "css=a",
        "text:light=Go",
        'role=button[name="x=y"]',
        'a[href="?q=1"] >> nth=0',
        "#a >> visible=true",
        "xpath=//a[@b='c']",
        "data-testid=x",
        "internal:label=x",
        "*css=form >> text=Go",
        'text="a >> b=c"',
        "//a[@id='x']",
        '"x=y"',
    ],
)
def test_a_selector_of_an_engine_that_there_is_has_no_finding(tmp_path: Path, selector: str) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(
        "version: 1\nsite: a\nflow: b\nallowed_automation: semi_auto\nsteps:\n"
        f"  - navigate: https://a.example/\n  - click: {json.dumps(selector)}\n"
    )
    assert [finding.id for finding in lint(file, STEPS) if finding.id == "TB503"] == []
