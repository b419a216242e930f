"""A write to Vault that is done once: by check-and-set, and looked for before it is tried again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.vault_failure import UNCERTAIN, Failure
from tokenbroker.sinks.vault_kv import KvEngine, KvPath, KvRecord, KvVersion
from tokenbroker.sinks.vault_session import VaultSession

_LOST_RACES_MAX: Final = 20
_LOST_ANSWERS_MAX: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """What shall be written once: `put_id` names the act, and lies beside the secret with the fingerprint."""

    path: str
    secret: Secret
    put_id: str
    fingerprint: str


def write_once(session: VaultSession, engine: KvEngine, put: Put, *, after: int, now: datetime) -> KvRecord:
    """Do `put`, where `after` is the number of the path's newest version.

    Where another writer was faster it is tried again, and once where the answer was lost; each time only after a look
    has shown that it was not done. A write that was lost on its way and arrives late finds its version taken.

    Raises:
        SecretAccessDenied, SecretTimeout, SecretUnavailable: it may have been done in the case of the last two.
    """
    about = {"put_id": put.put_id, "fingerprint": put.fingerprint}
    since, left = after + 1, {Failure.CONFLICT: _LOST_RACES_MAX}
    while True:
        answer = engine.write(session, put.path, put.secret, after=after, about=about)
        if isinstance(answer, KvVersion):
            return KvRecord(
                version=answer.number, created=answer.created, secret=put.secret, put_id=put.put_id
            )
        if answer is not Failure.CONFLICT and answer not in UNCERTAIN:
            session.had(answer)
        after, done = look_for(session, engine, put.path, put.put_id, since=since, now=now)
        if done is not None:
            return done
        left[answer] = left.get(answer, _LOST_ANSWERS_MAX) - 1
        if left[answer] < 0:
            session.had(answer)


def look_for(
    session: VaultSession, engine: KvEngine, path: str, put_id: str, *, since: int, now: datetime
) -> tuple[int, KvRecord | None]:
    """The number of the newest version at `path`, and what the put with `put_id` wrote there, not below `since`.

    Raises:
        SecretAccessDenied, SecretTimeout, SecretUnavailable: it could not be looked for.
    """
    found = session.had(engine.look(session, path))
    records = _records(session, engine, path, found, since=since, now=now)
    return found.current, next((record for record in records if record.put_id == put_id), None)


def _records(
    session: VaultSession, engine: KvEngine, path: str, found: KvPath, *, since: int, now: datetime
) -> Iterator[KvRecord]:
    """Those that can be read, newest first."""
    for version in reversed(found.versions):
        if version.number >= since and version.readable(now):
            record = engine.read(session, path, version.number)
            if record is not Failure.NOT_FOUND:  # removed since the look
                yield session.had(record)
