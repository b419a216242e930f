"""``tokenbroker secrets``."""

import getpass
import os
import secrets
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.home import open_broker, print_rows
from tokenbroker.errors import BrokerError, SecretNotFound, UsageError
from tokenbroker.secret import Secret
from tokenbroker.sinks import StoredSecret, split_reference
from tokenbroker.store.lives import Life

app = typer.Typer(
    help="What rests in the sinks: list, put, show, remove, and the key's backup.", no_args_is_help=True
)
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
    with open_broker() as broker:
        lives = broker.lives()
        rows: list[dict[str, str | None]] = []
        refusals: list[BrokerError] = []
        for alias in [sink] if sink else _aliases(broker):
            try:
                listed = broker.sink(alias).list()
            except BrokerError as error:  # what the others hold is told all the same
                refusals.append(error)
                continue
            rows += [_row(alias, each, lives.get((alias, each.path, each.version))) for each in listed]
    known = ("ends", "owner") if any(row["ends"] or row["owner"] for row in rows) else ()
    if rows or as_json or not refusals:
        print_rows(
            rows,
            columns=("reference", "fingerprint", "created", *known),
            as_json=as_json,
            empty="No secrets are stored.",
        )
    if refusals:
        raise refusals[0]


def _row(alias: str, stored: StoredSecret, life: Life | None) -> dict[str, str | None]:
    if life is not None and life.fingerprint not in (None, stored.fingerprint):
        life = None  # of what the alias led to before
    return {
        "reference": f"{alias}:{stored.path}@{stored.version}",
        "fingerprint": stored.fingerprint,
        "created": _moment(stored.created_at),
        "ends": _moment(life.ends_at) if life else None,
        "owner": life.owner or None if life else None,
        "flow": life.flow_id if life else None,
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
    with open_broker() as broker:
        target = broker.sink(alias)
        target.probe()
        stored = target.put(
            path, _read_value(reference), put_id=f"put-{secrets.token_hex(16)}", actor=broker.actor
        )
        print(f"Stored as {stored} (fingerprint {stored.fingerprint}).")
        print_key_advice(broker)


@app.command("show")
def show(
    reference: str = _REFERENCE,
    reveal: bool = typer.Option(False, "--reveal", help="Print the value itself; the act is audited."),
) -> None:
    """Tell about a secret; with --reveal, print its value."""
    alias, path, version = split_reference(reference)
    with open_broker() as broker:
        sink = broker.sink(alias)
        if reveal:
            print(sink.get(path, version=version, actor=broker.actor).reveal())
            return
        found = [s for s in sink.list() if s.path == path and version in (None, s.version)]
        lives = broker.lives()
    if not found:
        raise SecretNotFound(
            f"there is no secret at {reference}", next_step="tokenbroker secrets list   shows what there is"
        )
    for stored in found:
        row = _row(alias, stored, lives.get((alias, stored.path, stored.version)))
        told = {
            "stored": row["created"],
            "by": row["flow"],
            "ends": row["ends"],
            "owner": row["owner"],
            "to replace it": row["rotates"],
            "to revoke it": row["revokes"],
            "once replaced it works on for": row["grace"],
        }
        rest = "".join(f", {name} {value}" for name, value in told.items() if value)
        print(f"{row['reference']}  fingerprint {stored.fingerprint}{rest}")


@app.command("remove")
def remove(
    reference: str = _REFERENCE,
    yes: bool = typer.Option(False, "--yes", "-y", help="Don't ask."),
) -> None:
    """Destroy every version of a secret."""
    alias, path, version = split_reference(reference)
    if version is not None:
        raise UsageError("remove destroys every version; leave @VERSION away")
    with open_broker() as broker:
        if not yes and not typer.confirm(f"Destroy every version of {alias}:{path}?"):
            raise typer.Abort
        count = broker.sink(alias).remove(path, actor=broker.actor)
    if not count:
        raise SecretNotFound(f"there is no secret at {alias}:{path}")
    print(f"Removed {count} version{'s' if count > 1 else ''} of {alias}:{path}.")


@app.command("rotate-key")
def rotate_key() -> None:
    """Seal every secret anew under a fresh key: of this home's store, then of each database of its sinks.

    All or none of each. The master key stays the same.
    """
    with open_broker() as broker:
        for done in broker.rotate_key():
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
    with open_broker() as broker:
        custody = broker.local.custody
        out = None if to is None else _create_new(to)
        try:
            # Before anyone sees the key: it must not be out without a row of the audit that says so.
            custody.record_backup(actor=broker.actor)
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


def print_key_advice(broker: Broker, file: TextIO | None = None) -> None:
    """Say where the master key is and how to back it up, until that was done."""
    custody = broker.local.custody
    if custody.backup_pending():
        print(f"{custody.key_location()} Without it the secrets can't be read: back it up with", file=file)
        print("  tokenbroker secrets key-backup", file=file)


def _aliases(broker: Broker) -> list[str]:
    settings = broker.configuration.settings
    return list(dict.fromkeys(["local", *settings.sinks, settings.inputs.sink]))


def _read_value(reference: str) -> Secret:
    if sys.stdin.isatty():
        value = getpass.getpass(f"Value of {reference} (not shown): ")
    else:
        value = _standard_input().removesuffix("\n")
    if not value:
        raise UsageError("an empty value is no secret; nothing was stored")
    return Secret(value)


def _standard_input() -> str:
    # Bytes, and no foreign error: what Python says of text that is none holds a part of it.
    with suppress(UnicodeDecodeError):
        return sys.stdin.buffer.read().decode("utf-8")
    raise UsageError("the value is not UTF-8 text; nothing was stored")


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
