"""Origins have one spelling each, and a proxy request's target is read strictly."""

import pytest

from tokenbroker.errors import UsageError
from tokenbroker.run.origin import AllowList, parse_origin, parse_target

pytestmark = pytest.mark.req("RUN-9")


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("https://Example.COM", "https://example.com:443"),
        ("http://example.com/", "http://example.com:80"),
        ("wss://example.com", "https://example.com:443"),
        ("ws://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://Bücher.example", "https://xn--bcher-kva.example:443"),
        ("http://[0:0::1]:80", "http://[::1]:80"),
        ("https://example.com:08443", "https://example.com:8443"),
    ],
)
def test_an_origin_has_one_spelling(text: str, spelling: str) -> None:
    assert str(parse_origin(text)) == spelling


@pytest.mark.parametrize(
    "text",
    [
        "example.com", "ftp://example.com", "https://", "https://*.example.com", "https://example.com/path",
        "https://user:demo-only-word@example.com", "https://example.com:0", "https://example.com:65536",
        "https://example.com:", "https://example.com?x", "https://exa mple.com", "https://[::1", "https://[x]",
        "https://a\\b", "https://" + "a" * 64 + ".example", "https://example.com\n", "",
    ],
)  # fmt: skip
def test_what_is_not_an_origin_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_origin(text)
    assert caught.value.code == "egress.origin_invalid"
    assert "demo-only-word" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("method", "target", "origin", "path"),
    [
        (b"GET", b"http://Example.com/a?b", "http://example.com:80", "/a?b"),
        (b"GET", b"http://example.com:8080", "http://example.com:8080", "/"),
        (b"GET", b"http://example.com?b", "http://example.com:80", "/?b"),
        (b"OPTIONS", b"http://example.com", "http://example.com:80", "*"),
        (b"CONNECT", b"example.com:443", "https://example.com:443", ""),
        (b"CONNECT", b"[::1]:8443", "tcp://[::1]:8443", ""),
    ],
)
def test_a_target_names_its_origin(method: bytes, target: bytes, origin: str, path: str) -> None:
    read = parse_target(method, target)
    assert (str(read.origin), read.path) == (origin, path)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"GET", b"/"), (b"GET", b"*"), (b"GET", b"example.com:80"), (b"GET", b"http:///x"), (b"GET", b"http://a@b/"),
        (b"GET", b"http://a/#x"), (b"GET", b"http://a\\@b/"), (b"GET", b"file:///etc/passwd"),
        (b"CONNECT", b"example.com"), (b"CONNECT", b"https://example.com:443"), (b"CONNECT", b"a@b:443"),
    ],
)  # fmt: skip
def test_an_ambiguous_target_is_refused(method: bytes, target: bytes) -> None:
    with pytest.raises(ValueError):
        parse_target(method, target)


@pytest.mark.parametrize(
    ("allowed", "target", "permitted"),
    [
        ("http://a.example", b"http://a.example/", True),
        ("http://a.example", b"http://a.example:80/", True),
        ("http://a.example", b"http://a.example:81/", False),
        ("http://a.example", b"http://b.a.example/", False),
        ("http://a.example", b"http://a.example./", False),
        ("https://a.example:8443", b"http://a.example:8443/", False),
        ("https://a.example", b"CONNECT a.example:443", True),
        ("wss://a.example", b"CONNECT a.example:443", True),
        ("http://a.example", b"CONNECT a.example:443", False),
        ("http://a.example", b"CONNECT a.example:80", True),
        ("https://a.example:8443", b"CONNECT a.example:8443", True),
        ("https://a.example", b"CONNECT a.example:22", False),
    ],
)
def test_scheme_host_and_port_decide(allowed: str, target: bytes, permitted: bool) -> None:
    method, _, rest = target.rpartition(b" ")
    origin = parse_target(method or b"GET", rest).origin
    assert AllowList([parse_origin(allowed)]).permits(origin) is permitted
