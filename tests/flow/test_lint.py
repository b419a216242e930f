"""The lint rules, each on a flow of its own; suppressions; and that no good flow is found fault with (LINT-1, 2, 4)."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.flow.test_schema import mutated_flows
from tests.flow.texts import EVERY_VERB, REFERENCE, SETS_AND_RETRIES
from tokenbroker.flow.lint import ABOUT_SUPPRESSIONS, Finding, lint
from tokenbroker.flow.rule import Rule, Severity
from tokenbroker.flow.rules import RULES
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


@pytest.mark.parametrize("text", [REFERENCE, EVERY_VERB, SETS_AND_RETRIES])
def test_the_texts_of_other_tests_have_no_finding_that_stops(tmp_path: Path, text: str) -> None:
    assert [each.id for each in that_count(found_in(tmp_path, text)) if each.severity is Severity.ERROR] == []
