"""What a person meets in a sitting: consent, grace, failures, and words (FLOW-8)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from demo_site.launch import SERVICES, SignInEvent
from tests.project import Project
from tests.sitting.twelve import OLD, Twelve, opened

pytestmark = [pytest.mark.req("FLOW-8"), pytest.mark.browser]

TWO = SERVICES[:2]


@pytest.fixture
def make(new_project: Callable[[str], Project], tmp_path: Path):
    def opened_with(**options):
        return opened(new_project("project"), tmp_path / "site.sqlite", services=TWO, **options)

    return opened_with


def test_with_a_grace_the_old_keys_live_on_and_with_wait_they_die_in_the_same_sitting(make) -> None:
    with make(grace_s=3600) as twelve:
        code, told = twelve.rotate()
        assert code == 0, told
        assert "to revoke; after" in told
        for service, old in twelve.old.items():
            assert (twelve.status(service, twelve.current(service)), twelve.status(service, old)) == (
                200,
                200,
            )
        due = twelve.project.tokenbroker("due", "--json")
        assert [each["state"] for each in json.loads(due.out)] == ["grace"] * 2
        again = twelve.rotate()
        assert again[0] == 0, again[1]
        assert twelve.sign_ins()[SignInEvent.PASSWORD_ACCEPTED] == 1, (
            "nothing was to be done, and nobody was asked"
        )


def test_who_waits_for_the_grace_signs_in_once(make) -> None:
    with make(grace_s=6) as twelve:
        code, told = twelve.rotate("--wait")
        assert code == 0, told
        assert "grace" in told
        for service, old in twelve.old.items():
            assert (twelve.status(service, twelve.current(service)), twelve.status(service, old)) == (
                200,
                401,
            )
        assert twelve.sign_ins()[SignInEvent.CODE_SENT] == 1
        assert ("share_sign_on", "https://id.example.com", "ok") in twelve.project.audit()


def test_a_person_who_does_not_agree_signs_in_for_each_run(make) -> None:
    with make(grace_s=3600) as twelve:
        ended = twelve.project.tokenbroker("rotate", "--due", "--yes", "--separately", "--no-pictures")
        assert ended.code == 0, ended.text
        assert twelve.sign_ins()[SignInEvent.PASSWORD_ACCEPTED] == len(TWO)
        assert not [row for row in twelve.project.audit() if row[0] == "share_sign_on"]


def test_at_a_terminal_it_says_what_it_will_ask_and_a_no_begins_nothing(twelve_at_rest: Twelve) -> None:
    with twelve_at_rest.project.terminal("rotate", "--due") as terminal:
        terminal.wait_for("tokens to replace")
        terminal.wait_for("signs you in once for 2 sites")
        terminal.wait_for("Enter the code that Example ID has sent to the phone, once")
        terminal.wait_for("Go on?")
        terminal.type("n")
        assert terminal.end() == 11
    assert twelve_at_rest.under_way() == []
    assert twelve_at_rest.live_keys() == {slug: [OLD] for slug in twelve_at_rest.old}


@pytest.fixture
def twelve_at_rest(make):
    with make() as twelve:
        yield twelve


@pytest.mark.req("RUN-10", "SECRET-7")
def test_one_that_fails_keeps_no_other_from_it_and_is_told_with_the_key_that_works(make) -> None:
    with make() as twelve:
        broken, sound = (service.slug for service in TWO)
        file = twelve.project.folder / f"flows/{broken}/create_key.yaml"
        file.write_text(file.read_text().replace('"#name"', '"#no-such-field"') + "    timeout: 1s\n")
        text = (twelve.project.folder / "tokenbroker.toml").read_text()
        twelve.project.write("tokenbroker.toml", f"step_timeout_s = 2\n{text}")
        code, told = twelve.rotate()
        assert code == 1, told
        assert f"local:{broken}/key leads to local:{broken}/key@1, and its site accepts it" in told
        assert twelve.current(broken) == twelve.old[broken]
        assert (twelve.status(sound, twelve.current(sound)), twelve.status(sound, twelve.old[sound])) == (
            200,
            401,
        )
        keys = {*twelve.old.values(), twelve.current(sound)}
        assert not any(key in told for key in keys)
        files = [path for path in twelve.project.folder.rglob("*") if path.is_file()]
        assert len(files) > 20
        assert any(b"rotate_token" in path.read_bytes() for path in files), (
            "the search can find what is there"
        )
        assert not [path for path in files for key in keys if key.encode() in path.read_bytes()]


@pytest.mark.soak
@pytest.mark.req("RUN-10")
def test_ctrl_c_in_a_run_that_makes_a_key_names_it_and_the_next_sitting_revokes_it(make) -> None:
    with make() as twelve:
        slug = TWO[0].slug
        file = twelve.project.folder / f"flows/{slug}/create_key.yaml"
        sound = file.read_text()
        capture = "  - capture_token:"
        file.write_text(sound.replace(capture, f'  - wait_for: "#never-there"\n    timeout: 2m\n{capture}'))
        with twelve.project.terminal("rotate", f"local:{slug}/key", "--yes", "--no-pictures") as terminal:
            terminal.wait_for("wait_for #never-there")
            terminal.press_ctrl_c()
            assert terminal.end() == 130, terminal.screen
            screen = terminal.screen
        (rotation,) = twelve.under_way()
        assert rotation.code == "run.interrupted"
        assert f"'{rotation.key_name}' may have been created" in screen
        assert f"first has {slug}/revoke_key revoke that key" in screen
        assert "Traceback" not in screen
        file.write_text(sound)
        code, told = twelve.rotate()
        assert code == 0, told
        assert len(twelve.live_keys()[slug]) == 1
