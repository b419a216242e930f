"""`tokenbroker init`: a project that loads, checks and runs as it was written."""

import pytest
import yaml

from tests.project import Project
from tokenbroker.flow.load import load
from tokenbroker.run.steps import STEPS

WRITTEN = (
    "tokenbroker.toml", "flows/acme/create_api_key.yaml", ".github/workflows/tokenbroker.yml", ".gitignore",
)  # fmt: skip


@pytest.fixture
def bare(project: Project) -> Project:
    """A folder without any settings."""
    for name in ("tokenbroker.toml", "pytest.ini"):
        (project.folder / name).unlink()
    return project


@pytest.mark.req("RUN-1", "RUN-11")
def test_what_is_written_loads_and_is_collected(bare: Project) -> None:
    ended = bare.tokenbroker("init", "https://console.acme.com/somewhere")
    assert ended.code == 0, ended.text
    assert all((bare.folder / name).is_file() for name in WRITTEN)
    flow = load(bare.folder / WRITTEN[1], STEPS)
    assert (flow.site, flow.origins) == ("acme", ("https://console.acme.com",))
    workflow = yaml.safe_load((bare.folder / WRITTEN[2]).read_text(encoding="utf-8"))
    commands = [step["run"] for step in workflow["jobs"]["flows"]["steps"] if "run" in step]
    [ran] = [command for command in commands if command.startswith("pytest flows/ --junitxml reports/")]
    assert commands.index("tokenbroker validate flows/ --format github") < commands.index(ran)
    assert any(command.startswith("tokenbroker report") for command in commands)
    kept = next(
        step for step in workflow["jobs"]["flows"]["steps"] if "upload-artifact" in step.get("uses", "")
    )
    assert (kept["if"], kept["with"]["path"]) == ("always()", "reports")
    assert bare.tokenbroker("config", "show").code == 0
    listed = bare.pytest("--collect-only", "-q")
    assert "flows/acme/create_api_key.yaml::create_api_key" in listed.out
    ran = bare.pytest("-rs")
    assert ran.outcomes() == {"skipped": 1}
    assert "run.needs_live" in ran.out


@pytest.mark.req("LINT-1")
def test_the_step_that_validates_passes_and_stops_at_a_secret(bare: Project) -> None:
    bare.tokenbroker("init", "https://console.acme.com")
    command = ("validate", "flows/", "--format", "github")
    ended = bare.tokenbroker(*command)
    assert (ended.code, ended.out) == (0, "")
    text = (bare.folder / WRITTEN[1]).read_text(encoding="utf-8")
    bare.write(WRITTEN[1], f"{text}  # password: hunter2\n")
    ended = bare.tokenbroker(*command)
    assert ended.code == 1
    assert f"file={WRITTEN[1]},line={text.count(chr(10)) + 1},col=3,title=TB101::" in ended.out


def test_a_second_time_nothing_is_overwritten(bare: Project) -> None:
    assert bare.tokenbroker("init", "https://console.acme.com").code == 0
    for name in WRITTEN:
        bare.write(name, "mine")
    again = bare.tokenbroker("init", "https://console.acme.com")
    assert again.code == 0
    assert again.out.count("left as it is") == len(WRITTEN)
    assert {(bare.folder / name).read_text() for name in WRITTEN} == {"mine"}


@pytest.mark.req("FLOW-4")
def test_the_first_run_names_what_to_store_as_the_next_steps_do(bare: Project) -> None:
    said = bare.tokenbroker("init", "https://console.acme.com").out
    assert "tokenbroker secrets put acme.password" in said
    ended = bare.tokenbroker("run", WRITTEN[1], "--live")
    assert (ended.code, ended.refusal()) == (1, "secret.not_found")
    assert "Warning" not in ended.text
    assert "tokenbroker secrets put acme.password" in ended.err


@pytest.mark.parametrize("address", ["console.acme.com", "ftp://acme.com", "https://"])
def test_an_address_that_is_none_is_refused_and_nothing_is_written(bare: Project, address: str) -> None:
    ended = bare.tokenbroker("init", address)
    assert (ended.code, ended.refusal()) == (2, "usage")
    assert not (bare.folder / "tokenbroker.toml").exists()


@pytest.mark.parametrize("site", ["../outside", "two words", "a: b", ""])
def test_a_site_name_can_not_lead_out_of_the_folder_or_break_the_flow(bare: Project, site: str) -> None:
    ended = bare.tokenbroker("init", "https://console.acme.com", "--site", site)
    if site:
        assert (ended.code, ended.refusal()) == (2, "usage")
        assert not list(bare.folder.parent.glob("outside"))
    else:
        assert ended.code == 0


def test_a_folder_that_can_not_be_written_is_said(bare: Project) -> None:
    bare.write("in-the-way", "a file")
    ended = bare.tokenbroker("init", "https://console.acme.com", "--dir", "in-the-way")
    assert (ended.code, ended.refusal()) == (2, "usage")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "my-shop.example"])
def test_a_site_name_from_any_address_loads(bare: Project, host: str) -> None:
    ended = bare.tokenbroker("init", f"http://{host}")
    assert ended.code == 0, ended.text
    (path,) = (bare.folder / "flows").glob("*/*.yaml")
    assert load(path, STEPS).site == path.parent.name
