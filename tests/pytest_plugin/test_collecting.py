"""What a session collects: flows as native items, and nothing that is no flow (RUN-1)."""

import gc

import pytest

from tests.project import LOOK, Project, flow_text

pytestmark = pytest.mark.req("RUN-1")

COMPOSE = "services:\n  web: { image: nginx }\n"


@pytest.fixture
def mixed(project: Project) -> Project:
    """Flows in the flow folder and elsewhere, among other YAML and a Python test."""
    project.flow("first", head="tags: [demo]\n")
    project.flow("second")
    project.write("other/third.flow.yaml", flow_text("third", head="tags: [demo, slow]\n"))
    project.write("other/fourth.flow.yml", flow_text("fourth"))
    project.write("docker-compose.yaml", COMPOSE)
    project.write("other/values.yaml", "not: [a, flow\n")
    project.write("test_plain.py", "def test_plain(): pass\n")
    return project


def collected(project: Project, *arguments: str) -> list[str]:
    ended = project.pytest("--collect-only", "-q", *arguments)
    assert ended.code in (0, 5), ended.text
    return sorted(line for line in ended.out.splitlines() if "::" in line)


def test_flows_are_items_wherever_they_lie_and_other_yaml_is_left_alone(mixed: Project) -> None:
    assert collected(mixed) == [
        "flows/first.yaml::first",
        "flows/second.yaml::second",
        "other/fourth.flow.yml::fourth",
        "other/third.flow.yaml::third",
        "test_plain.py::test_plain",
    ]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("-k", "first or fourth"), ["first", "fourth"]),
        (("-m", "demo"), ["first", "third"]),
        (("-m", "demo and not slow", "--strict-markers"), ["first"]),
        (("flows/second.yaml",), ["second"]),
        (("other/third.flow.yaml::third",), ["third"]),
        (("flows",), ["first", "second"]),
        (("-o", "tokenbroker_flows=nowhere"), ["fourth", "test_plain", "third"]),
        (("-p", "no:tokenbroker"), ["test_plain"]),
    ],
)
def test_flows_are_chosen_as_any_test_is(
    mixed: Project, arguments: tuple[str, ...], names: list[str]
) -> None:
    assert sorted(line.rpartition("::")[2] for line in collected(mixed, *arguments)) == names


def test_the_ini_setting_names_the_flow_folders(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\ntokenbroker_flows = sites more/sites\n")
    for path in ("sites/a.yaml", "more/sites/b.yml", "flows/c.yaml"):
        project.write(path, flow_text("create"))
    assert collected(project) == ["more/sites/b.yml::create", "sites/a.yaml::create"]


@pytest.mark.req("FLOW-5")
def test_each_case_of_a_matrix_is_an_item_that_is_chosen_by_its_name(project: Project) -> None:
    head = "params: { account: {} }\nmatrix: { team-a: { account: alpha }, team-b: { account: beta } }\n"
    step = '  - type: { selector: "#note", value_ref: "param:account" }\n'
    project.flow("shared", LOOK + step, head=head)
    both = ["flows/shared.yaml::shared[team-a]", "flows/shared.yaml::shared[team-b]"]
    assert collected(project) == both  # no value of a parameter is in an id
    assert collected(project, "-k", "team-b") == both[1:]
    assert collected(project, both[0]) == both[:1]


def test_ids_hold_no_value_and_each_is_unique(project: Project) -> None:
    head = "params:\n  login: { personal: true }\n"
    steps = LOOK + '  - type: { selector: "#email", value_ref: "param:login" }\n'
    for folder in ("a", "b"):
        project.write(f"flows/{folder}/create.yaml", flow_text("create", steps, head=head))
    found = collected(project, "--param", "login=demo-only-someone@example.test")
    assert found == ["flows/a/create.yaml::create", "flows/b/create.yaml::create"]


def test_a_broken_flow_is_one_error_with_its_place_and_the_others_still_run(project: Project) -> None:
    project.write("flows/broken.yaml", flow_text("broken", '  - clik: { selector: "#go" }\n'))
    project.write("test_plain.py", "def test_plain(): pass\n")
    ended = project.pytest("--continue-on-collection-errors", "--tb=long", "-l")
    assert ended.outcomes() == {"passed": 1, "error": 1}
    assert f"{project.folder}/flows/broken.yaml:6:5: " in ended.out
    assert "'click'" in ended.out
    assert "tokenbroker/" not in ended.out
    assert "Traceback" not in ended.text


def test_the_help_has_a_group_of_its_own(project: Project) -> None:
    shown = project.pytest("--help").out
    group = shown[shown.index("tokenbroker: API-token flows") :]
    for option in ("--mode", "--param", "--live", "--again", "--no-pictures", "--flow-traceback"):
        assert option in group
    assert "tokenbroker_flows" in shown


def test_a_session_without_flows_imports_nothing_heavy_of_ours(project: Project) -> None:
    project.write("docker-compose.yaml", COMPOSE)
    project.write(
        "test_modules.py",
        "import sys\n\n"
        "def test_modules():\n"
        "    ours = {name for name in sys.modules if name.partition('.')[0] == 'tokenbroker'}\n"
        "    light = {'tokenbroker', 'tokenbroker.pytest_plugin', 'tokenbroker.pytest_plugin.fixtures'}\n"
        "    assert ours <= light\n"
        "    assert not {'sqlalchemy', 'keyring', 'pydantic_settings', 'ahocorasick_rs'} & set(sys.modules)\n",
    )
    ended = project.pytest()
    assert ended.outcomes() == {"passed": 1}, ended.out


@pytest.mark.parametrize(("only", "spared"), [("flows", True), ("test_plain.py", False)])
def test_only_a_session_with_flows_spares_what_it_has_loaded_from_the_search_for_garbage(
    mixed: Project, only: str, spared: bool
) -> None:
    mixed.write(
        "conftest.py",
        "import gc\n\ndef pytest_unconfigure():\n    print('spared:', gc.get_freeze_count() > 0)\n",
    )
    ended = mixed.pytest("--collect-only", "-q", only)
    assert f"spared: {spared}" in ended.out


@pytest.mark.parametrize(
    ("decided", "after"),
    [("", (True, True)), ("gc.disable()", (False, True)), ("gc.set_threshold(5)", (True, False))],
)
def test_conftests_load_without_a_search_for_garbage_and_decide_what_comes_after(
    mixed: Project, decided: str, after: tuple[bool, bool]
) -> None:
    mixed.write(
        "conftest.py",
        f"import gc\nmeanwhile = gc.get_threshold()[0]\n{decided}\n"
        "def pytest_unconfigure():\n"
        f"    print('found:', meanwhile, (gc.isenabled(), gc.get_threshold()[0] == {gc.get_threshold()[0]}))\n",
    )
    ended = mixed.pytest("--collect-only", "-q", "test_plain.py")
    assert f"found: 0 {after}" in ended.out


def test_what_conftests_load_counts_as_old_at_once(mixed: Project) -> None:
    mixed.write(
        "conftest.py",
        "import gc\nmine = [[]]\n"
        "def pytest_configure():\n"
        "    print('old:', any(each is mine for each in gc.get_objects(generation=2)))\n",
    )
    ended = mixed.pytest("--collect-only", "-q", "-s", "test_plain.py")
    assert "old: True" in ended.out
