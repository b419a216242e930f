"""Ways to put a value into what a run has left; each answers the file that then holds it."""

import base64
import json
import re
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

from tests.leak.project import Project


def into_record(project: Project, value: str) -> Path:
    file = one(project.folder, "reports/*/run.json")
    record = json.loads(file.read_text())
    record["steps"][2]["remark"] = f"typed {value}"
    file.write_text(json.dumps(record))
    return file


def into_picture(project: Project, value: str) -> Path:
    file = one(project.folder, "reports/*/03-type.png")
    file.write_bytes(_with_text(file.read_bytes(), value))
    return file


def into_labelled_picture(project: Project, value: str) -> Path:
    """Into the PNG that lies inside of the SVG."""
    file = sorted(project.folder.glob("reports/*/allure-results/*.svg"))[0]

    def changed(found: re.Match[bytes]) -> bytes:
        return b"base64," + base64.b64encode(_with_text(base64.b64decode(found[1]), value))

    file.write_bytes(re.sub(rb"base64,([A-Za-z0-9+/=]+)", changed, file.read_bytes()))
    return file


def _with_text(png: bytes, value: str) -> bytes:
    body = b"zTXtComment\0\0" + zlib.compress(value.encode())
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]  # after the header


def into_step_title(project: Project, value: str) -> Path:
    return _retitled(one(project.folder, "reports/*/allure-results/*-result.json"), value)


def into_step_title_of_alluredir(project: Project, value: str) -> Path:
    results = project.out.glob("allure/*-result.json")
    (file,) = (path for path in results if b"capture_token" in path.read_bytes())
    return _retitled(file, value)


def _retitled(file: Path, value: str) -> Path:
    result = json.loads(file.read_bytes())
    result["steps"][2]["name"] = f"type {value}"
    file.write_text(json.dumps(result))
    return file


def into_store(project: Project, value: str) -> Path:
    file = next(file for file in project.home.iterdir() if file.read_bytes()[:15] == b"SQLite format 3")
    with closing(sqlite3.connect(file)) as store:
        store.execute("PRAGMA journal_mode=DELETE")
        store.execute("CREATE TABLE planted (value TEXT)")
        store.execute("INSERT INTO planted VALUES (?)", (value,))
        store.commit()
    return file


def into_free_pages(project: Project, value: str) -> Path:
    """What was in a table, and is deleted as any program would: its page is free, and still holds it."""
    file = project.home / "store.db"
    with closing(sqlite3.connect(file)) as store:
        store.execute("PRAGMA journal_mode=DELETE")
        store.execute("PRAGMA secure_delete=OFF")
        store.execute("CREATE TABLE planted (value TEXT)")
        store.execute("INSERT INTO planted VALUES (?)", (value,))
        store.commit()
        store.execute("DROP TABLE planted")
        store.commit()
    return file


def into_spool(project: Project, value: str) -> Path:
    file = project.home / "spool" / "planted"
    file.write_bytes(bytes(512) + value.encode() + bytes(512))
    return file


def into_core(project: Project, value: str) -> Path:
    file = project.folder / "core"
    file.write_bytes(b"\x7fELF" + bytes(100_000) + value.encode("utf-16-le") + bytes(100_000))
    return file


def one(folder: Path, pattern: str) -> Path:
    (file,) = folder.glob(pattern)
    return file
