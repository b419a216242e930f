"""Creating, listing and revoking keys in both consoles, and what a key opens."""

import hashlib
import re

import pytest

from demo_site.seed import SeedKey


def whoami(visitor, key):
    return visitor.client.get("/api/whoami", headers={"Authorization": f"Bearer {key}"})


def test_a_key_is_shown_once_and_never_again(visitor):
    visitor.sign_in()
    key = visitor.create_key("demo-only-once")
    assert re.fullmatch(r"exk_live_[0-9A-Za-z]{32}", key)
    assert visitor.page.headers["cache-control"] == "no-store"
    assert key not in str(visitor.page.url)
    assert all(key not in visitor.open(path).text for path in ("/api-keys", "/api-keys/new", "/console"))
    assert f"exk_live_••••••••{key[-4:]}" in visitor.open("/api-keys").text


def test_sending_the_same_form_again_makes_no_second_key(visitor):
    visitor.sign_in()
    visitor.open("/api-keys/new")
    fields = visitor.hidden() | {"name": "demo-only-reload", "scope": "read"}
    first, again = (visitor.client.post("/api-keys", data=fields) for _ in range(2))
    assert 'class="token"' in first.text
    assert 'class="token"' not in again.text
    assert again.text.count("<tr>") - 1 == 1  # the head and one key


def test_a_form_without_csrf_token_makes_no_key(visitor):
    visitor.sign_in()
    assert visitor.client.post("/api-keys", data={"name": "demo-only", "scope": "read"}).status_code == 403
    assert 'scope="row"' not in visitor.open("/api-keys").text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": " ", "scope": "read"},
        {"name": "x" * 65, "scope": "read"},
        {"name": "two\nlines", "scope": "read"},
        {"name": "demo-only"},
        {"name": "demo-only", "scope": ["read", "root"]},
    ],
)
def test_a_key_that_can_not_be_made_is_asked_for_again(visitor, fields):
    visitor.sign_in()
    visitor.open("/api-keys/new")
    answer = visitor.submit("/api-keys", fields)
    assert answer.status_code == 422
    assert 'id="name"' in answer.text


def test_the_database_holds_the_hash_of_a_key_and_not_the_key(visitor, tmp_path):
    visitor.sign_in()
    key = visitor.create_key("demo-only-hash")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hashlib.sha256(key.encode()).hexdigest().encode() in stored
    assert key.encode() not in stored
    assert visitor.codes()[-1].encode() not in stored
    assert visitor.account.password.encode() not in stored


def test_a_live_key_says_whose_it_is_and_a_revoked_one_says_nothing(visitor):
    visitor.sign_in()
    key = visitor.create_key("demo-only-life", ["write", "read"])
    answer = whoami(visitor, key)
    assert answer.status_code == 200
    assert answer.json() == {
        "account": visitor.account.email,
        "key_name": "demo-only-life",
        "scopes": ["read", "write"],
    }
    address = re.search(
        r'href="(/api-keys/\w+/revoke)"[^>]*aria-label="Revoke demo-only-life"',
        visitor.open("/api-keys").text,
    )
    assert address is not None
    visitor.open(address.group(1))
    assert "demo-only-life was revoked" in visitor.submit(address.group(1), {}).text
    assert whoami(visitor, key).status_code == 401
    assert visitor.open(address.group(1)).status_code == 404


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer exk_live_unknown"}, {"Authorization": "Basic x"}]
)
def test_a_request_without_a_live_key_is_refused_in_json(visitor, header):
    answer = visitor.client.get("/api/whoami", headers=header)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_key"})


def test_nobody_sees_or_revokes_the_key_of_another_account(visitor_with):
    owner, other = visitor_with(SeedKey(name="demo-only-mine")), visitor_with()
    owner.sign_in()
    other.sign_in()
    path = re.search(r"/api-keys/\w+/revoke", owner.open("/api-keys").text)
    assert path is not None
    assert other.open(path.group()).status_code == 404
    other.open("/api-keys/new")
    assert other.submit(path.group(), {}).status_code == 404
    assert owner.open(path.group()).status_code == 200


class TestModalConsole:
    @pytest.fixture
    def csrf(self, visitor):
        visitor.sign_in()
        found = re.search(r'name="csrf-token" content="([^"]+)"', visitor.open("/console").text)
        assert found is not None
        return found.group(1)

    def test_its_pages_load_from_the_site_only(self, visitor, csrf):
        assert visitor.page.headers["content-security-policy"].startswith("default-src 'self';")
        assert "<script>" not in visitor.page.text
        assert " style=" not in visitor.page.text

    def test_a_key_made_by_json_works_and_is_listed_masked(self, visitor, csrf):
        answer = visitor.client.post(
            "/console/api/keys", json={"name": "demo-only-json"}, headers={"X-CSRF-Token": csrf}
        )
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
        key = answer.json()["key"]
        assert whoami(visitor, key).status_code == 200
        listing = visitor.client.get("/console/api/keys")
        assert key not in listing.text
        assert [item["masked"] for item in listing.json()["keys"]] == [f"exk_live_••••••••{key[-4:]}"]

    @pytest.mark.parametrize("headers", [{}, {"X-CSRF-Token": "wrong"}])
    def test_a_request_without_csrf_header_makes_no_key(self, visitor, csrf, headers):
        answer = visitor.client.post("/console/api/keys", json={"name": "demo-only"}, headers=headers)
        assert answer.status_code == 403
        assert visitor.client.get("/console/api/keys").json() == {"keys": []}

    @pytest.mark.parametrize(
        "body", ["", "[]", '{"name": 1}', '{"name": ""}', '{"name": "x", "scopes": [[]]}']
    )
    def test_a_body_that_is_no_key_is_refused_in_json(self, visitor, csrf, body):
        answer = visitor.client.post("/console/api/keys", content=body, headers={"X-CSRF-Token": csrf})
        assert answer.status_code == 422
        assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/nothing", "/phone/x", "/static/nothing.css", "/api-keys/x/y"])
def test_what_is_not_there_has_a_page_that_says_so(visitor, path):
    answer = visitor.open(path)
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "content-security-policy" in answer.headers


def test_a_body_that_is_too_large_is_refused(visitor):
    visitor.open("/login")
    assert visitor.submit("/login", {"email": "x" * 70_000}).status_code == 413


def test_health_is_plain(visitor):
    assert visitor.open("/healthz").text == "ok\n"
