"""What may be shown of a line in a file that is not understood: no secret, and nothing that moves a cursor."""

from pathlib import Path

import pytest

from tests.flow.texts import flow_from, flow_text
from tokenbroker.errors import FlowError
from tokenbroker.flow.excerpt import shown
from tokenbroker.flow.lint import lint
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("LINT-1", "SECRET-7")

PASSWORD = "Tr0ub4dor&3xyz"
LETTERS = "opensesamenow"


@pytest.mark.parametrize("secret", [PASSWORD, LETTERS, f"{PASSWORD} with blanks"])
@pytest.mark.parametrize(
    "line",
    [
        '- type: {{ selector: "#password", vaule: "{}" }}',
        "- type: {{ selector: '#password', vaule: '{}' }}",
        '- type: {{ selector: "#password", value_ref: "{}" }}',
        '- type: {{ selector: "#password", valu_ref: "secrets:x", value: "{}" }}',
        "- type: {{ selector: '#password', value: {}: 3 }}",
        "    value: {}: 3xyz",
        "  pw: {{ default: {} }}",
        "navigat: https://a.example/  # password: {}",
        "# the password is {}",
    ],
)
def test_a_secret_is_covered_wherever_it_stands(line: str, secret: str) -> None:
    told = shown(line.format(secret))
    assert not any(part in told for part in secret.split() if len(part) > 6)
    assert len(told) == len(line.format(secret))


@pytest.mark.parametrize(
    "line",
    [
        '  - click: { selector: "text=Create key 2", retry: 3 }',
        '  - navigate: "https://console.example.com/login"',
        "allowed_automation: guided|semi_auto",
        "- type: { selector: '#email', value_ref: 'secrets:example.email', timeout: 5x }",
        "- capture_token: { selector: .t, secret_ref: 'tokens:${account}/key', life: { expires_in: 90days } }",
        "  runs_pre_day: 3",
    ],
)
def test_what_is_known_to_be_harmless_is_shown(line: str) -> None:
    assert shown(line) == line


def test_nothing_moves_the_cursor_or_turns_the_text_around() -> None:
    assert shown("- clik: \x1b[31m \u202ehidden\x00\tend").isprintable()


@pytest.mark.parametrize("mistake", ["", "flwo: x\n"])
def test_a_file_with_a_mistake_is_searched_for_secrets_too(tmp_path: Path, mistake: str) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(
        flow_text(
            "- navigate: https://a.example/",
            f"- type: {{ selector: '#password', value: '{PASSWORD}' }}",
            "- press: Enter  # api_key=demo-0123456789abcdef",
            head=mistake,
        )
    )
    found = lint(file, STEPS)
    assert [each.id for each in found].count("TB101") == 2
    assert not any(PASSWORD in each.line_text or "0123456789abcdef" in each.line_text for each in found)


def test_an_error_of_the_loader_shows_no_value() -> None:
    text = flow_text(f"- type: {{ selector: '#password', vaule: '{PASSWORD}' }}")
    with pytest.raises(FlowError) as caught:
        flow_from(text)
    assert "did you mean 'value'?" in caught.value.sentence
    assert PASSWORD not in caught.value.sentence


@pytest.mark.parametrize("where", ["default", "matrix"])
def test_a_parameters_literal_that_is_typed_as_a_password_is_one(tmp_path: Path, where: str) -> None:
    default = f"{{ default: '{PASSWORD}' }}" if where == "default" else "{}"
    matrix = f"matrix: {{ a: {{ pw: '{PASSWORD}' }} }}\n" if where == "matrix" else ""
    file = tmp_path / "flow.yaml"
    file.write_text(
        flow_text(
            "- navigate: https://a.example/",
            "- type: { selector: '#password', value_ref: 'param:pw' }",
            head=f"params: {{ pw: {default} }}\n{matrix}",
        )
    )
    (found,) = [each for each in lint(file, STEPS) if each.id == "TB101"]
    assert found.region.line == (5 if where == "default" else 6)
    assert PASSWORD not in found.line_text
