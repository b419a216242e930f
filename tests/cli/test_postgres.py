"""A project whose secrets, or whose whole store, rest in PostgreSQL: settings change, flows and commands don't."""

import json

import psycopg
import pytest

from tests.project import CREATE, Project

pytestmark = pytest.mark.req("SECRET-1")

VALUE = "demo-only-7c0f4e1b"
TEAM = '[sinks.team]\ntype = "postgres"\n'
URL = "TOKENBROKER_POSTGRES_URL"
CAPTURE = '  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/reporting" }\n'


def test_a_secret_is_put_listed_shown_rotated_and_removed(project: Project, postgres_url: str) -> None:
    project.write("tokenbroker.toml", TEAM)
    project.variables |= {URL: postgres_url}
    put = project.tokenbroker("secrets", "put", "team:example/key", stdin=f"{VALUE}\n")
    assert "team:example/key@1" in put.out, put.text
    listed = project.tokenbroker("secrets", "list", "--sink", "team", "--json")
    assert [row["reference"] for row in json.loads(listed.out)] == ["team:example/key@1"]
    rotated = project.tokenbroker("secrets", "rotate-key")
    assert "0 records sealed anew" in rotated.out
    assert "1 record sealed anew" in rotated.out
    assert "the PostgreSQL database test_" in rotated.out
    shown = project.tokenbroker("secrets", "show", "team:example/key", "--reveal")
    assert shown.out == f"{VALUE}\n"
    assert project.tokenbroker("secrets", "remove", "--yes", "team:example/key").code == 0
    held = project.tokenbroker("audit", "verify", "--log")
    assert held.out.count("holds: ") == 2, held.text
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("DROP TRIGGER audit_log_append_only ON audit_log")
        owner.execute("UPDATE audit_log SET actor = 'somebody' WHERE id = 2")
    changed = project.tokenbroker("audit", "verify", "--log")
    assert (changed.code, changed.refusal()) == (1, "audit.row_changed")
    assert "the PostgreSQL database test_" in changed.err
    password = postgres_url.split(":")[2].partition("@")[0]
    for text in (put.text, listed.text, rotated.text, shown.text):
        assert password not in text


@pytest.mark.req("SECRET-3")
def test_doctor_tries_a_sink_that_rests_elsewhere(project: Project, postgres_url: str) -> None:
    project.write("tokenbroker.toml", TEAM)
    project.put("any", VALUE)
    found = project.tokenbroker("doctor", "--json", **{URL: postgres_url})
    assert {row["what"]: row["found"] for row in json.loads(found.out)}[
        "sink team"
    ] == "postgres: can be written"
    lost = project.tokenbroker(
        "doctor", "--json", **{URL: "postgresql://demo:demo-only-word@127.0.0.1:9/demo"}
    )
    row = next(row for row in json.loads(lost.out) if row["what"] == "sink team")
    assert (row["state"], lost.code) == ("MISSING", 1)
    assert "PostgreSQL connection failed" in row["found"]
    assert "demo-only-word" not in lost.text


@pytest.mark.req("SECRET-3")
def test_a_server_that_is_not_there_is_one_plain_sentence(project: Project, postgres_url: str) -> None:
    project.write("tokenbroker.toml", TEAM)
    project.variables |= {URL: "postgresql://demo:demo-only-word@127.0.0.1:9/demo"}
    shown = project.tokenbroker("secrets", "show", "team:example/key", "--reveal")
    assert (shown.refusal(), shown.code) == ("secret.unavailable", 12)
    assert "PostgreSQL connection failed" in shown.err
    assert "demo-only-word" not in shown.text


@pytest.mark.req("SECRET-3")
def test_a_sink_that_is_down_hides_nothing_of_the_others(project: Project) -> None:
    project.write("tokenbroker.toml", f'{TEAM}[inputs]\nsink = "env"\n')
    project.put("mine/key", VALUE)
    project.variables |= {
        URL: "postgresql://demo:demo-only-word@127.0.0.1:9/demo",
        "TOKENBROKER_SECRET_EXAMPLE_EMAIL": "demo-only-someone",
    }
    listed = project.tokenbroker("secrets", "list", "--json")
    assert [row["reference"] for row in json.loads(listed.out)] == ["local:mine/key@1", "env:example_email@1"]
    assert (listed.refusal(), listed.code) == ("secret.unavailable", 12)


@pytest.mark.browser
@pytest.mark.soak
@pytest.mark.req("SECRET-6")
def test_one_setting_moves_a_flow_from_the_environment_to_postgres(
    attended: Project, postgres_url: str
) -> None:
    assert attended.account is not None
    file = attended.folder / attended.flow("create", CREATE + CAPTURE)
    before = file.read_text()
    given = {
        "TOKENBROKER_SECRET_EXAMPLE_EMAIL": attended.account.email,
        "TOKENBROKER_SECRET_EXAMPLE_PASSWORD": attended.account.password,
    }
    settings = '[inputs]\nsink = "{}"\n[sinks.bitwarden]\ntype = "{}"\n[sinks.team]\ntype = "postgres"\n'
    attended.settle(settings.format("env", "local"))
    by_environment = attended.pytest("flows/create.yaml", **given)
    assert by_environment.outcomes() == {"passed": 1}, by_environment.text

    attended.variables |= {URL: postgres_url}
    attended.settle(settings.format("team", "postgres"))
    for name, value in (("email", attended.account.email), ("password", attended.account.password)):
        assert attended.tokenbroker("secrets", "put", f"team:example.{name}", stdin=f"{value}\n").code == 0
    by_postgres = attended.pytest("flows/create.yaml")
    assert by_postgres.outcomes() == {"passed": 1}, by_postgres.text
    assert file.read_text() == before
    rows = json.loads(attended.tokenbroker("secrets", "list", "--sink", "bitwarden", "--json").out)
    assert [row["reference"] for row in rows] == ["bitwarden:example/reporting@1"]


@pytest.mark.browser
@pytest.mark.req("DATA-1", "AUDIT-1")
def test_the_whole_store_rests_in_a_database_that_the_settings_name(
    attended: Project, postgres_url: str
) -> None:
    assert attended.account is not None
    user, _, rest = postgres_url.partition("://")[2].partition(":")
    password, _, place = rest.partition("@")
    store = f'[store]\nurl = "postgresql://{user}@{place}"\n[sinks.bitwarden]\ntype = "local"\n'
    attended.settle(store)
    attended.variables |= {"TOKENBROKER_POSTGRES_PASSWORD": password}
    for name, value in (("email", attended.account.email), ("password", attended.account.password)):
        assert attended.tokenbroker("secrets", "put", f"example.{name}", stdin=f"{value}\n").code == 0
    attended.flow("create", CREATE + CAPTURE)
    ended = attended.pytest("flows/create.yaml")
    assert ended.outcomes() == {"passed": 1}, ended.text
    listed = json.loads(attended.tokenbroker("audit", "list", "--json").out)
    assert len(listed) == 1
    assert attended.tokenbroker("audit", "verify", listed[0]["run"]).code == 0
    looked = attended.tokenbroker("doctor", "--json").out
    found = {row["what"]: row["found"] for row in json.loads(looked)}
    assert "the PostgreSQL database" in found["store"]
    assert "is not used" in found["former store"], "its inputs were put there first"
    with psycopg.connect(postgres_url) as other:
        actions = {row[0] for row in other.execute("SELECT DISTINCT action FROM audit_log")}
        jobs = other.execute("SELECT flow_id, status, created_key FROM token_jobs").fetchall()
    assert {"set_token", "get_token", "policy_decision", "run_flow", "finish_flow"} <= actions
    assert jobs == [("example/create", "passed", True)]
    assert password not in ended.text


@pytest.mark.req("SECRET-5", "AUDIT-1")
def test_two_ways_to_one_database_are_one_and_one_that_is_down_keeps_no_other_from_its_turn(
    project: Project, postgres_url: str
) -> None:
    other = 'url = "postgresql://demo@127.0.0.1:9/demo"\n'
    project.write(
        "tokenbroker.toml", f'{TEAM}[sinks.same]\ntype = "postgres"\n[sinks.down]\ntype = "postgres"\n{other}'
    )
    project.variables |= {
        URL: postgres_url,
        "TOKENBROKER_POSTGRES_SAME_URL": postgres_url.replace("127.0.0.1", "localhost"),
    }
    project.put("any", VALUE)
    for command in (("secrets", "rotate-key"), ("audit", "verify", "--log")):
        ended = project.tokenbroker(*command)
        assert (ended.refusal(), ended.code) == ("secret.unavailable", 12)
        assert [
            f"the store {project.home}" in ended.out,
            ended.out.count("the PostgreSQL database test_"),
        ] == [True, 1]


@pytest.mark.req("DATA-1")
def test_a_look_sets_up_no_database_and_makes_no_key(project: Project, postgres_url: str) -> None:
    user, _, rest = postgres_url.partition("://")[2].partition(":")
    password, _, place = rest.partition("@")
    project.write("tokenbroker.toml", f'[store]\nurl = "postgresql://{user}@{place}"\n')
    project.variables |= {"TOKENBROKER_POSTGRES_PASSWORD": password}
    flow = project.flow("look")
    for command in (("plan", flow), ("doctor",), ("policy", "check", flow)):
        assert "Traceback" not in project.tokenbroker(*command).text
    with psycopg.connect(postgres_url) as other:
        tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == []
    assert not project.home.with_name("home.key").exists()


@pytest.mark.req("SECRET-3")
def test_a_store_that_can_not_be_reached_is_one_plain_sentence(project: Project) -> None:
    project.write("tokenbroker.toml", '[store]\nurl = "postgresql://demo@127.0.0.1:9/demo"\n')
    listed = project.tokenbroker("secrets", "list")
    assert (listed.refusal(), listed.code) == ("secret.unavailable", 12)
    assert not (project.home / "store.db").exists()


def test_a_password_in_the_settings_is_refused_and_not_shown(project: Project) -> None:
    project.write("tokenbroker.toml", '[store]\nurl = "postgresql://demo:demo-only-word@127.0.0.1/demo"\n')
    shown = project.tokenbroker("config", "show")
    assert shown.code == 2
    assert "must not stand in a settings file" in shown.err
    assert "demo-only-word" not in shown.text
