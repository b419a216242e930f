"""``tokenbroker secrets``."""

import os
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import typer

from tokenbroker.cli.asked_value import read_value
from tokenbroker.cli.home import open_home, print_rows
from tokenbroker.errors import BrokerError, SecretNotFound, UsageError
from tokenbroker.home import Home
from tokenbroker.lifecycle.due import known_life
from tokenbroker.secret import Secret
from tokenbroker.sinks import StoredSecret, split_reference
from tokenbroker.store.lives import Life

app = typer.Typer(
    help="What rests in the sinks: list, put, show, remove, and the key's backup.", no_args_is_help=True
)
_LOOK = "tokenbroker secrets list   shows what there is"
_REFERENCE = typer.Argument(
    metavar="[SINK:]PATH[@VERSION]", help="Such as example.password or bitwarden:example/key."
)


@app.command("list")
def list_(
    sink: str = typer.Option(
        "", help="Only this sink; default: local, every alias of the settings, and where inputs come from."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List references; never values."""
    with open_home() as home:
        lives = home.lives()
        rows: list[dict[str, Any]] = []
        refusals: list[BrokerError] = []
        for alias in [sink] if sink else home.aliases:
            try:
                listed = home.sink(alias).list()
            except BrokerError as error:  # what the others hold is told all the same
                refusals.append(error)
                continue
            rows += [_row(alias, each, known_life(lives, alias, each)) for each in listed]
    known = ("ends", "owner") if any(row["ends"] or row["owner"] for row in rows) else ()
    told = [name for name in ("labels", "revoked") if any(row[name] for row in rows)]
    if rows or as_json or not refusals:
        shown = rows if as_json else [{**row, "labels": ", ".join(row["labels"]) or None} for row in rows]
        print_rows(
            shown,
            columns=("reference", "fingerprint", "created", *known, *told),
            as_json=as_json,
            empty="No secrets are stored.",
        )
    if refusals:
        raise refusals[0]


def _row(alias: str, stored: StoredSecret, life: Life | None) -> dict[str, Any]:
    return {
        "reference": f"{alias}:{stored.path}@{stored.version}",
        "fingerprint": stored.fingerprint,
        "created": _moment(stored.created_at),
        "ends": _moment(life.ends_at) if life else None,
        "owner": life.owner or None if life else None,
        "labels": list(life.labels) if life else [],
        "revoked": _moment(life.revoked_at) if life else None,
        "key_name": life.key_name or None if life else None,
        "flow": life.flow_id or None if life else None,
        "rotates": life.rotates or None if life else None,
        "revokes": life.revokes or None if life else None,
        "grace": f"{life.grace_s // 60} min" if life and life.grace_s is not None else None,
    }


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else None


@app.command("put")
def put(reference: str = _REFERENCE) -> None:
    """Store a secret; it is asked for without echo, or read from standard input."""
    alias, path, version = split_reference(reference)
    if version is not None:
        raise UsageError("a put makes a new version by itself; leave @VERSION away")
    with open_home() as home:
        target = home.sink(alias)
        target.probe()
        stored = target.put(
            path, read_value(reference), put_id=f"put-{secrets.token_hex(16)}", actor=home.actor
        )
        print(f"Stored as {stored} (fingerprint {stored.fingerprint}).")
        print_key_advice(home)


@app.command("show")
def show(
    reference: str = _REFERENCE,
    reveal: bool = typer.Option(False, "--reveal", help="Print the value itself; the act is audited."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tell about a secret; with --reveal, print its value."""
    alias, path, version = split_reference(reference)
    if reveal and as_json:
        raise UsageError("--reveal prints the value alone, and not as JSON")
    with open_home() as home:
        sink = home.sink(alias)
        if reveal:
            print(sink.get(path, version=version, actor=home.actor).reveal())
            return
        found = [s for s in sink.list() if s.path == path and version in (None, s.version)]
        lives = home.lives()
    if not found:
        raise SecretNotFound(f"there is no secret at {reference}", next_step=_LOOK)
    rows = [_row(alias, stored, known_life(lives, alias, stored)) for stored in found]
    if as_json:
        print_rows(rows, columns=(), as_json=True, empty="")
        return
    for row in rows:
        told = {
            "stored": row["created"],
            "by": row["flow"],
            "ends": row["ends"],
            "revoked": row["revoked"],
            "at its site": row["key_name"],
            "owner": row["owner"],
            "labels": " ".join(row["labels"]),
            "to replace it": row["rotates"],
            "to revoke it": row["revokes"],
            "once replaced it works on for": row["grace"],
        }
        rest = "".join(f", {name} {value}" for name, value in told.items() if value)
        print(f"{row['reference']}  fingerprint {row['fingerprint']}{rest}")


@app.command("remove")
def remove(
    reference: str = _REFERENCE,
    yes: bool = typer.Option(False, "--yes", "-y", help="Don't ask."),
) -> None:
    """Destroy every version of a secret."""
    alias, path, version = split_reference(reference)
    if version is not None:
        raise UsageError("remove destroys every version; leave @VERSION away")
    with open_home() as home:
        if not yes and not typer.confirm(f"Destroy every version of {alias}:{path}?"):
            raise typer.Abort
        count = home.sink(alias).remove(path, actor=home.actor)
    if not count:
        raise SecretNotFound(f"there is no secret at {alias}:{path}", next_step=_LOOK)
    print(f"Removed {count} version{'s' if count > 1 else ''} of {alias}:{path}.")


@app.command("rotate-key")
def rotate_key() -> None:
    """Seal every secret anew under a fresh key: of this home's store, then of each database of its sinks.

    All or none of each. The master key stays the same.
    """
    with open_home() as home:
        for done in home.rotate_key():
            records = f"{done.records} record{'' if done.records == 1 else 's'}"
            print(f"{records} sealed anew under the key {done.key_id}, in {done.store}.")
            if done.remains:
                print(done.remains)


@app.command("key-backup")
def key_backup(
    to: Path | None = typer.Option(
        None, help="Write the key into this new file (0600) instead of printing it."
    ),
) -> None:
    """Give out the master key for its backup, and remember that this was done."""
    with open_home() as home:
        custody = home.local.custody
        out = None if to is None else _create_new(to)
        try:
            # Before anyone sees the key: it must not be out without a row of the audit that says so.
            custody.record_backup(actor=home.actor)
        except BaseException:
            _discard(to, out)
            raise
        key = custody.export_key()
        if out is not None:
            _write_key(out, key)
            print(
                f"The key was written to {to}. Move it to a safe place that is not this machine.",
                file=sys.stderr,
            )
        else:
            print(key.reveal())
            print(
                "Keep this key in a safe place that is not this machine, and clear the screen.",
                file=sys.stderr,
            )


def print_key_advice(home: Home, file: TextIO | None = None) -> None:
    """Say where the master key is and how to back it up, until that was done."""
    custody = home.local.custody
    if custody.backup_pending():
        print(f"{custody.key_location()} Without it the secrets can't be read: back it up with", file=file)
        print("  tokenbroker secrets key-backup --to FILE", file=file)


def _create_new(file: Path) -> TextIO:
    """`file`, made for this (0600), still empty; one that is already there is refused."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        reason = error.strerror
    else:
        return os.fdopen(descriptor, "w", encoding="ascii")
    raise UsageError(f"{file} can't be written: {reason}", next_step="name a file that does not exist yet")


def _write_key(out: TextIO, key: Secret) -> None:
    reason: str | None = None
    try:
        with out:
            out.write(key.reveal() + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason is not None:
        _discard(Path(out.name), None)
        raise UsageError(f"the key can't be written: {reason}", next_step="name a file on another disk")


def _discard(file: Path | None, out: TextIO | None) -> None:
    if out is not None:
        out.close()
    if file is not None:
        file.unlink(missing_ok=True)
