"""The leak finder finds what is there, in each encoding and each place, and nothing else.

A search that can't fail proves nothing: every channel has its planted leak here.
"""

import base64
import gzip
import html
import io
import json
import os
import secrets
import sqlite3
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.leak.search import (
    Canaries,
    Canary,
    Kind,
    find,
    find_in_process,
    generate_canaries,
    search_parts,
    search_tree,
)
from tokenbroker.redact import Redactor
from tokenbroker.secret import Secret

pytestmark = [pytest.mark.leak, pytest.mark.req("SECRET-7")]

KINDS: tuple[Kind, ...] = ("email", "password", "otp", "token")
CLEAN = b'2026-11-20T10:11:12.345678Z INFO {"status": 200, "count": 1234567} <td>12</td><td>abc</td>\n'


@pytest.fixture
def canaries() -> Canaries:
    return generate_canaries()


def value_of(canaries: Canaries, kind: Kind) -> str:
    return next(canary.value for canary in canaries if canary.kind == kind)


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "url": lambda v: quote(v, safe="").encode(),
    "url form": lambda v: quote_plus(v).encode(),
    "url every byte": lambda v: "".join(f"%{byte:02x}" for byte in v.encode()).encode(),
    "html": lambda v: html.escape(v).encode(),
    "html decimal": lambda v: "".join(f"&#{ord(char)};" for char in v).encode(),
    "html hex": lambda v: "".join(f"&#x{ord(char):X};" for char in v).encode(),
    "json": lambda v: json.dumps({"value": v}).encode(),
    "json in json": lambda v: json.dumps(json.dumps({"value": v})).encode(),
    "json every character": lambda v: "".join(f"\\u{ord(char):04x}" for char in v).encode(),
    "repr": lambda v: repr([v, "'"]).encode(),
    "repr of bytes": lambda v: repr(v.encode()).encode(),
    "byte escapes": lambda v: "".join(f"\\x{byte:02x}" for byte in v.encode()).encode(),
    "base64": lambda v: base64.b64encode(v.encode()),
    "base64 second alignment": lambda v: base64.b64encode(b"u" + v.encode() + b"pp"),
    "base64 third alignment": lambda v: base64.b64encode(b"u:" + v.encode() + b"p"),
    "base64 url-safe": lambda v: base64.urlsafe_b64encode(v.encode()).rstrip(b"="),
    "base64 lines": lambda v: base64.encodebytes(b"a preamble of some length " * 3 + v.encode()),
    "base64 in url": lambda v: quote(base64.b64encode(v.encode()), safe="").encode(),
    "base64 of binary": lambda v: base64.b64encode(bytes(range(128, 228)) + v.encode()),
    "base64 of json": lambda v: base64.b64encode(json.dumps({"value": v}).encode()),
    "hex": lambda v: v.encode().hex().encode(),
    "hex upper": lambda v: v.encode().hex().upper().encode(),
    "hex odd": lambda v: b"a" + v.encode().hex().encode() + b"b",
    "hex colons": lambda v: v.encode().hex(":").encode(),
    "hex list": lambda v: ", ".join(f"0x{byte:02x}" for byte in v.encode()).encode(),
    "hex lines": lambda v: v.encode().hex("\n", 8).encode(),
    "utf-16-le": lambda v: v.encode("utf-16-le"),
    "utf-16-be": lambda v: v.encode("utf-16-be"),
    "one line break": lambda v: (v[:4] + "\r\n" + v[4:]).encode(),
    "line breaks": lambda v: "\n   ".join(v).encode(),
    "zero width": lambda v: "\u200b".join(v).encode(),
    "soft hyphen": lambda v: (v[:5] + "\u00ad" + v[5:]).encode(),
    "tags": lambda v: "<wbr>".join(html.escape(char) for char in v).encode(),
    "nodes": lambda v: "".join(f'<span class="c">{html.escape(char)}</span>' for char in v).encode(),
    "two nodes": lambda v: f"<i>{html.escape(v[:4])}</i><i>{html.escape(v[4:])}</i>".encode(),
    "gzip": lambda v: gzip.compress(CLEAN + v.encode()),
    "gzip cut off": lambda v: gzip.compress(v.encode() + b"\n" + secrets.token_bytes(20_000))[:15_000],
    "base64 of gzip": lambda v: base64.b64encode(gzip.compress(v.encode())),
    "zlib": lambda v: zlib.compress(v.encode()),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_value_is_found_in_each_encoding(canaries: Canaries, kind: Kind, name: str) -> None:
    written = ENCODINGS[name](value_of(canaries, kind))
    hits = find(canaries, CLEAN + b"before " + written + b" after\n" + CLEAN)
    assert {hit.kind for hit in hits} == {kind}
    assert not all("piece" in hit.encoding for hit in hits)


@pytest.mark.parametrize("name", [name for name in ENCODINGS if "gzip" not in name and name != "zlib"])
def test_nothing_is_found_in_what_the_redactor_answers(canaries: Canaries, name: str) -> None:
    redactor = Redactor()
    for canary in canaries:
        redactor.add(Secret(canary.value), label=f"secrets:example.{canary.kind}")
    written = b"\n".join(b"before " + ENCODINGS[name](canary.value) + b" after" for canary in canaries)
    assert find(canaries, redactor.data(written)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_hit_says_where_and_in_what_encoding_and_shows_no_value(canaries: Canaries, kind: Kind) -> None:
    value = value_of(canaries, kind)
    plain = find(canaries, b"0123456789 " + value.encode())
    assert [(hit.encoding, hit.offset) for hit in plain] == [("raw", 11)]
    packed = find(canaries, b"0123456789 " + base64.b64encode(value.encode()))
    assert ("base64", 11) in [(hit.encoding, hit.offset) for hit in packed]
    assert value not in repr((plain, packed, canaries))


@pytest.mark.parametrize("kind", ["email", "password", "token"])
def test_a_piece_that_redaction_left_over_is_found(canaries: Canaries, kind: Kind) -> None:
    piece = value_of(canaries, kind)[17:28].encode()
    first, *more = find(canaries, CLEAN + piece + CLEAN)
    assert (first.kind, first.encoding) == (kind, "raw (piece)")
    assert all(hit.kind == kind and "(piece)" in hit.encoding for hit in more)


def test_nothing_is_found_in_clean_data(canaries: Canaries, tmp_path: Path) -> None:
    others = generate_canaries()
    data = b"".join(
        ENCODINGS[name](other.value) for name in ENCODINGS for other in others if other.kind != "otp"
    )
    assert find(canaries, CLEAN * 100 + data) == []
    assert find(canaries, b"") == []
    assert find(canaries, secrets.token_bytes(50_000)) == []
    (tmp_path / "clean").write_bytes(CLEAN)
    assert search_tree(canaries, tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "number 1482913",
        "4829130 bytes",
        "took 12.482913 s",
        "2026-11-20T10:11:12.482913Z",
        "sha256 9f86d081884c7d659a2feaa482913f9d0c55ad015",
        "id 123e4567-e89b-12d3-a456-426614482913",
        "<td>48</td> x <td>2913</td>",
    ],
)
def test_a_code_inside_a_longer_number_time_or_digest_is_no_hit(text: str) -> None:
    canaries = with_code("482913")
    assert find(canaries, text.encode()) == []


@pytest.mark.parametrize(
    "text",
    ["482 913", "482-913", "fill(482913)", "code482913", "482913.", '"otp":482913}', "4, 8, 2, 9, 1, 3"],
)
def test_a_code_as_people_and_programs_write_it_is_a_hit(text: str) -> None:
    assert [hit.kind for hit in find(with_code("482913"), text.encode())] == ["otp"]


def with_code(code: str) -> Canaries:
    others = generate_canaries()
    return Canaries(
        email=others.email, password=others.password, otp=Canary(kind="otp", value=code), token=others.token
    )


def png_with_text(value: str) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    text = b"Comment\0\0" + zlib.compress(value.encode())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"zTXt", text) + chunk(b"IEND", b"")


def labelled_picture(value: str) -> str:
    data = base64.b64encode(png_with_text(value)).decode()
    return f'<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,{data}"/></svg>'


def zip_with(value: str, *, cut: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trace.network", json.dumps({"postData": {"text": value}}))
    return packed.getvalue()[:-40] if cut else packed.getvalue()


def database(path: Path, *statements: tuple[str, tuple[object, ...]], wal: bool = False) -> None:
    with closing(sqlite3.connect(path)) as connection:
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


PLANTS: dict[str, Callable[[Path, str], None]] = {
    "file": lambda at, v: write(at / "log.txt", v),
    "hidden file in a folder": lambda at, v: write(at / ".d" / ".f", v),
    "file name": lambda at, v: (at / v).touch(),
    "folder name": lambda at, v: (at / v).mkdir(),
    "link target": lambda at, v: (at / "link").symlink_to(v),
    "png text": lambda at, v: write(at / "shot.png", png_with_text(v)),
    "picture in a labelled picture": lambda at, v: write(at / "shot.svg", labelled_picture(v)),
    "zip": lambda at, v: write(at / "trace.zip", zip_with(v)),
    "zip cut off": lambda at, v: write(at / "trace.zip", zip_with(v, cut=True)),
    "sqlite cell": lambda at, v: database(
        at / "db", ("CREATE TABLE t (a)", ()), ("INSERT INTO t VALUES (?)", (v,))
    ),
    "sqlite compressed cell, wal mode": lambda at, v: database(
        at / "db",
        ("CREATE TABLE t (a)", ()),
        ("INSERT INTO t VALUES (?)", (zlib.compress(v.encode()),)),
        wal=True,
    ),
    "sqlite cell over pages": lambda at, v: database(
        at / "db", ("CREATE TABLE t (a)", ()), ("INSERT INTO t VALUES (?)", ("x " * 2030 + v + " y" * 500,))
    ),
    "sqlite integer": lambda at, v: database(
        at / "db", ("CREATE TABLE t (a)", ()), ("INSERT INTO t VALUES (?)", (int(v) if v.isdigit() else v,))
    ),
    "sqlite deleted row": lambda at, v: database(
        at / "db",
        ("PRAGMA secure_delete=OFF", ()),
        ("CREATE TABLE t (a)", ()),
        ("INSERT INTO t VALUES (?)", ("the value " + v,)),
        ("DELETE FROM t", ()),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channel", PLANTS)
def test_a_leak_is_found_in_each_kind_of_file(
    canaries: Canaries, kind: Kind, channel: str, tmp_path: Path
) -> None:
    value = value_of(canaries, kind)
    PLANTS[channel](tmp_path, value.replace("/", "_") if "name" in channel else value)
    hits = search_tree(canaries, tmp_path)
    assert {hit.kind for hit in hits} == {kind}
    assert all(str(tmp_path) in hit.where for hit in hits)


KEY_FORMS: dict[str, Callable[[Ed25519PrivateKey], bytes]] = {
    "raw": lambda key: key.private_bytes_raw(),
    "hex": lambda key: key.private_bytes_raw().hex().encode(),
    "base64": lambda key: base64.b64encode(b"k" + key.private_bytes_raw()),
    "json": lambda key: json.dumps({"key": key.private_bytes_raw().hex(":")}).encode(),
    "pem": lambda key: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "openssh": lambda key: key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    "gzip": lambda key: gzip.compress(CLEAN + key.private_bytes_raw()),
    "half": lambda key: key.private_bytes_raw()[16:],
}


@pytest.mark.parametrize("form", KEY_FORMS)
def test_a_private_key_is_found_in_each_form(form: str) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    canary = Canary(kind="key", value=key.private_bytes_raw().decode("latin-1"))
    written = CLEAN + b" " + KEY_FORMS[form](key) + b" " + CLEAN
    assert {hit.kind for hit in find((canary,), written)} == {"key"}
    assert find((canary,), KEY_FORMS[form](other)) == []


def test_what_was_taken_out_of_a_file_is_searched_by_name_and_content(canaries: Canaries) -> None:
    taken_out = [("clean", CLEAN), ("told", canaries.token.value.encode()), (canaries.otp.value, CLEAN)]
    hits = search_parts(canaries, taken_out, where="bundle")
    assert [(hit.kind, hit.where) for hit in hits] == [("token", "bundle: told"), ("otp", "names in bundle")]


def test_several_paths_and_single_files_are_searched(canaries: Canaries, tmp_path: Path) -> None:
    (tmp_path / "one").write_text(canaries.token.value)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "three").write_text(canaries.email.value)
    hits = search_tree(canaries, tmp_path / "one", tmp_path / "two", tmp_path / "not there")
    assert {hit.kind for hit in hits} == {"token", "email"}


def test_a_pipe_does_not_stop_the_search(canaries: Canaries, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert search_tree(canaries, tmp_path) == []


GRANDCHILD = "import sys; print('up', flush=True); sys.stdin.read()"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}, *sys.argv[1:]])"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("channel", ["cmdline", "environ"])
def test_arguments_and_environments_of_descendants_are_searched(canaries: Canaries, channel: str) -> None:
    value = canaries.token.value
    arguments = [f"--token={value}"] if channel == "cmdline" else []
    environment = os.environ | ({"TOKEN": value} if channel == "environ" else {})
    command = [sys.executable, "-c", CHILD, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        found = find_in_process(canaries, process.pid)
        process.communicate()
    assert {hit.kind for hit in found} == {"token"}
    assert {Path(hit.where).name for hit in found} == {channel}
    assert len(found) == 2  # the child and its child
