"""The site's count of what was pressed: names of consoles and controls, and nothing else."""

import sqlite3
from contextlib import closing

import httpx2
import pytest

from demo_site.presses import KEPT, PressRefused, Source, read_presses


@pytest.fixture
def presses(tmp_path):
    def read(after=0):
        with closing(sqlite3.connect(tmp_path / "site.sqlite")) as connection:
            return [
                (press.console, press.control, press.source, press.status)
                for press in read_presses(connection, after=after)
            ]

    return read


def report(visitor, **told):
    return visitor.client.post("/usage", json=told).status_code


def test_each_request_that_changes_something_is_counted_with_how_it_was_answered(visitor, presses):
    visitor.sign_in()
    visitor.create_key("demo-only-counted")
    visitor.client.post("/maps/api/keys", data={"name": "demo-only"})
    assert presses() == [
        ("login", "submit-login", Source.ACT, 303),
        ("login", "submit-code", Source.ACT, 303),
        ("api-keys", "create-key", Source.ACT, 200),
        ("maps", "create-key", Source.ACT, 403),
    ]


def test_looking_at_pages_is_not_counted(visitor, presses):
    visitor.open("/login")
    visitor.open("/nowhere")
    visitor.client.post("/nowhere")
    assert presses() == []


def test_a_page_can_report_a_press_and_nobody_has_to_be_signed_in(visitor, presses):
    assert report(visitor, console="maps", control="copy-key") == 204
    assert presses() == [("maps", "copy-key", Source.REPORT, None)]


@pytest.mark.parametrize(
    "value",
    [
        "exk_live_demo0only0demo0only0demo0only0xy",  # pragma: allowlist secret
        "demo-only-a1b2c3@example.test",
        "123456",
        "Copy key",
        "x" * 41,
        "",
    ],
)
def test_what_could_be_a_key_an_address_or_a_code_is_no_name(visitor, presses, value):
    assert report(visitor, console="maps", control=value) == 422
    assert report(visitor, console=value, control="copy-key") == 422
    assert presses() == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"console": "maps"}', b"\xff"])
def test_a_report_that_is_none_is_refused(visitor, presses, body):
    assert visitor.client.post("/usage", content=body).status_code == 422
    assert presses() == []


def test_the_count_holds_no_value_of_the_account_or_its_keys(visitor, site, tmp_path):
    visitor.sign_in()
    key = visitor.create_key("demo-only-quiet")
    with closing(sqlite3.connect(tmp_path / "site.sqlite")) as connection:
        told = str(connection.execute("SELECT * FROM presses").fetchall())
    for value in (key, key[-4:], visitor.account.email, visitor.account.password, "demo-only"):
        assert value not in told


def test_the_oldest_presses_make_room(site, presses):
    for number in range(KEPT + 3):
        site.presses.log(console="maps", control="first" if number < 3 else "later", source=Source.REPORT)
    assert {control for _, control, _, _ in presses()} == {"later"}
    with pytest.raises(PressRefused):
        site.presses.log(console="maps", control="no name", source=Source.REPORT)


def test_a_reader_of_the_running_site_sees_the_presses_of_both_origins(running):
    for origin in (running.url, running.keys_url):
        assert (
            httpx2.post(f"{origin}/usage", json={"console": "payments", "control": "issue"}).status_code
            == 204
        )
    first, second = running.presses()
    assert (first.console, first.control, second.number) == ("payments", "issue", first.number + 1)
    assert running.presses(after=first.number) == [second]
