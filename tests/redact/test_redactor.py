"""What was given to the redactor is in no text that it answers."""

import base64
import html
import json
import re
import secrets
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pickle import PicklingError
from pickle import dumps as pickled
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenbroker.redact import Redactor
from tokenbroker.redact.squeeze import squeeze, trace, trace_without_tags, without_tags
from tokenbroker.secret import Secret

MARK = "«secret:example.password»"
Encode = Callable[[str], str]


def redactor_of(*values: str, label: str = "secrets:example.password") -> Redactor:
    redactor = Redactor()
    for value in values:
        redactor.add(Secret(value), label=label)
    return redactor


def generated() -> str:
    return "demo-only-" + secrets.token_hex(12)


def in_base64(*, before: int, url: bool = False, padded: bool = True) -> Encode:
    def encode(value: str) -> str:
        raw = b"xyz"[:before] + value.encode("utf-8", "surrogatepass") + b"z"
        done = (base64.urlsafe_b64encode if url else base64.b64encode)(raw).decode()
        return done if padded else done.rstrip("=")

    return encode


def utf8_hex(value: str, separator: str = "") -> str:
    raw = value.encode("utf-8", "surrogatepass")
    return raw.hex(separator) if separator else raw.hex()


ENCODINGS: dict[str, Encode] = {
    "raw": str,
    "url": lambda v: quote(v.encode("utf-8", "surrogatepass"), safe=""),
    "url path": lambda v: quote(v.encode("utf-8", "surrogatepass")),
    "url form": lambda v: quote_plus(v.encode("utf-8", "surrogatepass")),
    "url lower": lambda v: re.sub("%..", lambda m: m[0].lower(), quote(v.encode("utf-8", "surrogatepass"))),
    "url every byte": lambda v: "".join(f"%{b:02x}" for b in v.encode("utf-8", "surrogatepass")),
    "html": html.escape,
    "html text": lambda v: html.escape(v, quote=False),
    "html decimal": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "html hex": lambda v: "".join(f"&#x{ord(c):X};" for c in v),
    "json": lambda v: json.dumps(v)[1:-1],
    "json unicode": lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
    "json slashes": lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
    "repr": lambda v: repr(v)[1:-1],
    "repr of bytes": lambda v: repr(v.encode("utf-8", "surrogatepass"))[2:-1],
    "sql": lambda v: v.replace("'", "''"),
    "hex": utf8_hex,
    "hex upper": lambda v: utf8_hex(v).upper(),
    "hex colons": lambda v: utf8_hex(v, ":"),
    "hex list": lambda v: utf8_hex(v, ",").replace(",", ", 0x"),
    "hex blanks": lambda v: utf8_hex(v, " "),
    **{
        f"base64 {before}{' url' * url}{' bare' * (not padded)}": in_base64(
            before=before, url=url, padded=padded
        )
        for before in range(3)
        for url in (False, True)
        for padded in (False, True)
    },
}

SPLITS: dict[str, Encode] = {
    "line breaks": "\n".join,
    "line breaks and indent": "\r\n    ".join,
    "zero width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "wbr": "<wbr>".join,
    "spans": '</span><span class="char" data-n="1">'.join,
    "comments": "<!-- -->".join,
    "escaped tags": "\\u003c/i>\\u003ci>".join,
    "colours": "\x1b[39;49;00m\x1b[94m".join,
    "frame": " │\n│ ".join,
    "string literals": "'\n   '".join,
    "utf-16": "\0".join,
}

NESTED: dict[str, Encode] = {
    "json in json": lambda v: json.dumps(json.dumps(v)),
    "html in url": lambda v: quote(html.escape(v), safe=""),
    "url in url": lambda v: quote(quote(v, safe=""), safe=""),
    "every second character": lambda v: "".join(f"&#{ord(c)};" if at % 2 else c for at, c in enumerate(v)),
    "base64 in a url": lambda v: quote(base64.b64encode(v.encode()), safe=""),
    "base64 in lines": lambda v: base64.encodebytes(("preamble " * 9 + v).encode()).decode(),
    "json of lines": lambda v: json.dumps("\n".join(v)),
}


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_value_in_any_common_encoding_is_replaced(name: str) -> None:
    value = generated() + "/é\"'<&> +\\\n☃𝄞"
    written = ENCODINGS[name](value)
    redacted = redactor_of(value).text(f"before {written} after")
    assert MARK in redacted
    assert written not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    core = ENCODINGS[name](value[10:34])
    assert core[4:-4] not in redacted


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("name", [*SPLITS, *NESTED])
def test_a_value_split_or_encoded_more_than_once_is_replaced(name: str) -> None:
    value = generated() + ("" if name in SPLITS else "/\"'<&>+ %\\é")
    written = (SPLITS | NESTED)[name](value)
    redacted = redactor_of(value).text(f"before, {written}, after")
    left = redacted.removeprefix("before, ").removesuffix(", after")
    if name == "base64 in lines":  # which starts with a preamble
        left = left[left.index("«") :].strip()
    assert re.sub(r'["\\=]|%3D', "", left) == MARK  # quotes of the layers, padding of base64


@pytest.mark.req("SECRET-7")
def test_base64_characters_that_hold_some_bits_of_a_value_go_too() -> None:
    value = generated()  # 34 bytes
    written = base64.b64encode(b"x" + value.encode() + b"yz").decode()
    # The second character holds bits of "x" and of the value, the 47th of the value and of "y".
    assert redactor_of(value).text(written) == written[0] + MARK + written[47:]


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    "written", ["482913", "482 913", "4\n8\n2\n9\n1\n3", "<i>48</i><b>2913</b>", "ref482913x"]
)
def test_a_one_time_code_is_replaced_wherever_it_stands(written: str) -> None:
    assert "913" not in redactor_of("482913").text(f"code: {written}.")


secret_values = st.text(min_size=4, max_size=60).filter(
    lambda value: len(squeeze(value.encode("utf-8", "replace"))) >= 4
)
contexts = st.text(max_size=40)


@pytest.mark.req("SECRET-7")
@settings(max_examples=150, deadline=None)
@given(value=secret_values, before=contexts, after=contexts, name=st.sampled_from(sorted(ENCODINGS)))
def test_no_text_holds_a_secret_after_redaction(value: str, before: str, after: str, name: str) -> None:
    redactor = redactor_of(value)
    written = ENCODINGS[name](value)
    redacted = redactor.text(before + written + after)
    for encode in ENCODINGS.values():
        assert encode(value) not in redacted
    assert redactor.text(redacted) == redacted


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200) | st.text(alphabet="%&\\<>;\n ux0123456789abcdef«»", max_size=200))
def test_text_without_a_secret_is_unchanged(text: str) -> None:
    assert redactor_of("demo-only-Zq8vKx0TjW2mPz", "Zq8vKx0TjW").text(text) == text


@settings(max_examples=100, deadline=None)
@given(
    raw=st.binary(max_size=200) | st.text(alphabet="%&\\<>;\n ux41amp«»\u200b", max_size=80).map(str.encode)
)
def test_the_traced_and_the_quick_view_are_the_same(raw: bytes) -> None:
    traced = trace(raw)
    assert traced.data == squeeze(raw)
    assert trace_without_tags(traced).data == without_tags(squeeze(raw))
    assert len(traced.starts) == len(traced.ends) == len(traced.data)
    assert all(0 <= start < end <= len(raw) for start, end in zip(traced.starts, traced.ends, strict=True))


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize("kept", [12, 13, 20, 33])
def test_the_beginning_of_a_long_value_is_replaced_when_the_rest_was_cut(kept: int) -> None:
    value = generated()
    assert redactor_of(value).text(f"'{value[:kept]}...'") == f"'{MARK}...'"


def test_a_repr_that_leaves_out_the_middle_shows_neither_end() -> None:
    value = secrets.token_urlsafe(200)
    assert redactor_of(value).text(f"{value[:118]}...{value[-119:]}") == f"{MARK}...{MARK}"


def test_each_line_of_a_key_is_replaced_but_not_the_frame_that_every_key_has() -> None:
    lines = [secrets.token_hex(32) for _ in range(3)]
    frame = "PRIVATE KEY-----"
    key = "\n".join([f"-----BEGIN {frame}", *lines, f"-----END {frame}"])
    redactor = redactor_of(key)
    assert [redactor.text(line) for line in lines] == [MARK] * 3
    assert redactor.text(key) == MARK


def test_of_two_overlapping_secrets_nothing_is_left() -> None:
    one, other = "demo-only-abcdef", "abcdef-012345"
    assert redactor_of(one, other).text("demo-only-abcdef-012345") == MARK


def test_a_short_secret_does_not_hide_a_longer_one_beside_it() -> None:
    assert redactor_of("ab", "b1234567").text("ab1234567") == f"a{MARK}"  # pragma: allowlist secret


def test_a_secret_of_three_characters_is_replaced_as_a_word_only() -> None:
    assert redactor_of("cat").text("cat concatenate the-cat cats") == f"{MARK} concatenate the-{MARK} cats"


@pytest.mark.parametrize("value", ["password", "secret", "example.pass", "«secret:", "»abcd", "e"])
def test_a_name_that_holds_a_secret_does_not_show_it(value: str) -> None:
    redactor = redactor_of(value)
    redacted = redactor.text(f"it is {value} abcd ")
    assert value not in redacted.split()
    assert len(value) < 4 or value not in redacted
    assert redactor.text(redacted) == redacted


def test_a_secret_added_during_the_run_is_replaced_from_then_on() -> None:
    redactor, value = redactor_of("demo-only-first"), generated()
    assert value in redactor.text(value)
    redactor.add(Secret(value), label="secrets:second.token")
    assert redactor.text(value) == "«secret:second.token»"


def test_the_first_label_of_a_value_stays() -> None:
    redactor = redactor_of("demo-only-value")
    redactor.add(Secret("demo-only-value"), label="secrets:other.name")
    assert redactor.text("demo-only-value") == MARK


@pytest.mark.parametrize("text", ["", " ", "«secret:example.password»"])
def test_empty_texts_and_marks_pass_unchanged(text: str) -> None:
    assert redactor_of(generated()).text(text) == text
    assert Redactor().text(text) == text


def test_bytes_that_are_not_text_are_redacted_too() -> None:
    value = generated()
    raw = b"\xff\xfe\x80" + value.encode() + b"\x80\x81\x00"
    redacted = redactor_of(value).data(raw)
    assert value.encode() not in redacted
    assert redacted.startswith(b"\xff\xfe")


def test_many_threads_may_add_and_redact_at_once() -> None:
    redactor, values = Redactor(), [generated() for _ in range(40)]

    def add_and_redact(value: str) -> str:
        redactor.add(Secret(value), label="secrets:example.password")
        return redactor.text(value)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(add_and_redact, values)) == {MARK}


def test_a_redactor_shows_no_value_and_stays_in_its_process() -> None:
    value = generated()
    redactor = redactor_of(value)
    redactor.text("compiled")
    assert value not in repr(redactor)
    with pytest.raises((TypeError, PicklingError)):
        pickled(redactor)


@pytest.mark.req("SECRET-7")
def test_an_exception_shows_its_type_and_no_page_content() -> None:
    value = generated()
    error = ValueError(
        f"\x1b[2mexpected {value}\x1b[0m to be visible\nAria snapshot:\n- textbox: {string.ascii_letters}"
    )
    shown = redactor_of(value).exception_text(error)
    assert shown == f"ValueError: expected {MARK} to be visible"


def test_a_call_log_is_cut_and_a_long_message_shortened() -> None:
    assert (
        Redactor().exception_text(TimeoutError("too late\nCall log:\n  - fill('x')"))
        == "TimeoutError: too late"
    )
    assert len(Redactor().exception_text(RuntimeError("long " * 500))) < 700


def test_an_exception_that_can_not_be_shown_still_tells_its_type() -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert Redactor().exception_text(BrokenError()).endswith("BrokenError")


NASTY = st.text(alphabet="\\\"'=%&<>|\n\r\x1b[;u0041x\u200bnightigale-ab47 ", max_size=24)
SPLIT = st.lists(st.integers(1, 11), max_size=3)


@given(
    before=st.lists(NASTY, max_size=3),
    after=st.lists(NASTY, max_size=3),
    at=SPLIT,
    put_in=st.sampled_from("\n\u200b \\"),
)
@settings(max_examples=400)
def test_texts_that_are_clean_together_are_clean_by_themselves(before, after, at, put_in):
    value = "nightingale-4711-abcd"
    redactor = redactor_of(value)
    hidden = value
    for index in sorted(at, reverse=True):
        hidden = hidden[:index] + put_in + hidden[index:]
    texts = [*before, *after, hidden]
    for order in (texts, texts[::-1]):
        if redactor.is_clean(order):
            assert [redactor.text(each) for each in order] == order


def test_a_text_that_ends_in_an_escape_does_not_hide_the_next() -> None:
    redactor = redactor_of("nightingale-4711-abcd")
    assert not redactor.is_clean(["C:\\dir\\", "nightin\u200bgale-4711-abcd"])
    assert redactor.is_clean(["nothing", "here"])
    assert redactor_of().is_clean(["anything"])
