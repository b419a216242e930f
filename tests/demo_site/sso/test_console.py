"""The consoles of the twelve services: each in its own words, all with the same promises."""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from demo_site.seed import SeedKey
from demo_site.sso.service_keys import read_service_keys
from demo_site.sso.services import BY_SLUG, SERVICES

FLOWS = Path(__file__).parents[3] / "flows"
every = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.slug)


@pytest.fixture
def kept(tmp_path):
    def read():
        with closing(sqlite3.connect(tmp_path / "site.sqlite")) as connection:
            return read_service_keys(connection)

    return read


def is_under_its_policy(page):
    """Whether the page may load from its own origin only, and has nothing that this would keep from working."""
    policy = page.headers["content-security-policy"]
    inline = re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", page.text)
    return policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") and not inline


@every
def test_a_key_is_shown_once_opens_the_api_and_is_worth_nothing_once_revoked(guest, service, kept):
    guest.enter(service)
    key = guest.made(service)
    assert guest.page.headers["cache-control"] == "no-store"
    assert key not in str(guest.page.url)
    assert guest.ask_api(service, key) == 200
    assert is_under_its_policy(guest.page)
    listed = guest.open(guest.at(service)).text
    assert is_under_its_policy(guest.page)
    assert key not in listed
    assert f"{service.prefix}…{key[-4:]}" in listed
    ended = guest.end(service).text
    assert f"demo-only-key was {service.revoked}." in ended
    assert f"No {service.noun} has this name." in ended
    assert guest.ask_api(service, key) == 401
    (told,) = kept()
    assert (told.service, told.name) == (service.slug, "demo-only-key")
    assert told.key_sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert told.revoked_at is not None


@every
def test_a_second_key_of_a_name_is_refused_where_names_are_unique(guest, service):
    guest.enter(service)
    first = guest.made(service)
    assert guest.make(service).status_code == (422 if service.unique_names else 200)
    assert guest.ask_api(service, first) == 200
    if service.unique_names:
        guest.end(service)
        assert guest.make(service).status_code == 200  # of a revoked one, the name is free again


@every
def test_a_form_of_another_site_makes_and_ends_no_key(guest_with, service, kept):
    guest = guest_with(SeedKey(name="demo-only-seed", service=service.slug))
    guest.enter(service)
    fields = {"name": "demo-only-seed", "csrf": "demo-only", "agree": "yes"}
    (key,) = kept()
    end = "/revoke" if service.revoking == "by_name" else f"/{key.id}/revoke"
    for path in ("", end):
        assert guest.client.post(f"{guest.at(service)}{path}", data=fields).status_code == 403
    assert kept() == [key]


@every
def test_the_service_has_a_flow_for_a_new_key_and_one_for_its_end(service):
    for name in ("create_key", "revoke_key"):
        text = (FLOWS / service.slug / f"{name}.yaml").read_text(encoding="utf-8")
        assert f"site: {service.slug}\nflow: {name}\n" in text
        assert f'navigate: "{service.origin}{service.path}"' in text


def test_the_services_are_told_apart_and_some_want_unique_names():
    for attribute in ("slug", "name", "hue", "prefix", "path"):
        assert len({getattr(service, attribute) for service in SERVICES}) == 12, attribute
    assert {service.unique_names for service in SERVICES} == {False, True}


@pytest.mark.parametrize(
    ("slug", "fields"),
    [
        ("atlas", {"name": " "}),
        ("atlas", {"name": "x" * 65}),
        ("atlas", {"scope": "root"}),
        ("drift", {"life_days": "0"}),
        ("drift", {"life_days": "²"}),
        ("ember", {"agree": ""}),
        ("kestrel", {"agree": ""}),
    ],
)
def test_a_key_that_can_not_be_made_is_asked_for_again(guest, slug, fields, kept):
    service = BY_SLUG[slug]
    guest.enter(service)
    answer = guest.make(service, **fields)
    assert answer.status_code == 422
    assert 'id="name"' in answer.text
    assert kept() == []


def test_sending_the_same_form_again_makes_no_second_key(guest, kept):
    service = BY_SLUG["atlas"]
    guest.enter(service)
    guest.open(f"{guest.at(service)}/new")
    fields = guest.hidden() | {"name": "demo-only-reload", "scope": "read"}
    first, again = (guest.client.post(guest.at(service), data=fields) for _ in range(2))
    assert 'class="secret"' in first.text
    assert "no second API key was made" in again.text
    assert len(kept()) == 1


def test_nobody_sees_or_ends_the_key_of_another_account(guest_with, kept):
    service = BY_SLUG["atlas"]
    owner, other = guest_with(SeedKey(name="demo-only-mine", service="atlas")), guest_with()
    (key,) = kept()
    other.enter(service)
    assert "demo-only-mine" not in other.open(other.at(service)).text
    other.open(f"{other.at(service)}/new")
    assert other.submit(f"{other.at(service)}/{key.id}/revoke", {}).status_code == 404
    assert "demo-only-mine" in owner.enter(service).text


def test_a_name_that_nobody_has_ends_nothing(guest_with, kept):
    service = BY_SLUG["fjord"]
    guest = guest_with(SeedKey(name="demo-only-seed", service="fjord"))
    guest.enter(service)
    answer = guest.submit(f"{guest.at(service)}/revoke", {"name": "demo-only-see"})
    assert answer.status_code == 422
    assert [key.revoked_at for key in kept()] == [None]


def test_the_file_holds_the_hash_of_a_key_and_not_the_key(guest, tmp_path):
    service = BY_SLUG["beacon"]
    guest.enter(service)
    key = guest.made(service)
    guest.ask_api(service, key)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hashlib.sha256(key.encode()).hexdigest().encode() in stored
    for value in (key, guest.account.password, guest.codes()[-1]):
        assert value.encode() not in stored
