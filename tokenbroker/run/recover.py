"""Finish what runs left behind: each key on a site ends in the sink once, or is named.

Everything here may be killed at any time and run again, also twice at once: a file is worked on by
the process that holds its lock, and a put is decided by its id.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tokenbroker.errors import BrokerError, RunError, SecretNotFound
from tokenbroker.run.keep import Remember, deliver, forget, translated
from tokenbroker.run.spool import Intent, OpenIntent, SealedToken, Spool
from tokenbroker.sinks.sink import Reference, Sink


class Outcome(StrEnum):
    """What became of a leftover, or of one of its tokens."""

    STORED = "stored"
    """The token went into the sink now."""
    ALREADY_STORED = "already_stored"
    """The sink got the token before (and a person may have removed it since)."""
    POSSIBLY_CREATED = "possibly_created"
    """The site may have a key of which not every token was read. Stays until dismissed."""
    NOT_CREATED = "not_created"
    """The run ended before the step that creates; nothing is left of it."""
    SINK_UNAVAILABLE = "sink_unavailable"
    """The token waits in the spool; `code` says why."""
    DAMAGED = "damaged"
    """A part of the file can't be read with this key. It stays; what could be read was used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """One line of what recover found. No values.

    Attributes:
        spool_file: the file of the spool that it was about.
        intent: site, key name and way to revoke; None if that part is damaged.
        targets: the ``SINK:PATH`` that it is about: one for a token, those that were not read for a
            key that was possibly created.
        reference: ``SINK:PATH@VERSION`` where the token is, or "".
        code: the code of the error, or "".
        torn: the last write into the file was cut off.
    """

    outcome: Outcome
    spool_file: Path
    intent: Intent | None
    targets: tuple[str, ...] = ()
    reference: str = ""
    code: str = ""
    torn: bool = False


def recover(
    spool: Spool, open_sink: Callable[[str], Sink], *, actor: str, remember: Remember = forget
) -> list[Recovered]:
    """Work through every leftover, oldest first. Files of live runs are not touched.

    Args:
        open_sink: answers the sink for the alias in front of the colon of a ``secret_ref``; asked
            only when a token waits for it.
        actor: who asked, for the sink's audit rows.
        remember: keeps what is known of the life of a token that is stored now.

    Raises:
        SecretUnavailable: ``spool.unavailable``, the folder can't be read.
    """
    found: list[Recovered] = []
    for file_id in spool.file_ids():
        try:
            held = spool.claim(file_id)
        except BrokerError as error:  # one unreadable file must not keep the others waiting
            path = spool.path(file_id)
            found.append(Recovered(outcome=Outcome.DAMAGED, spool_file=path, intent=None, code=error.code))
            continue
        if held is None:
            continue
        try:
            found.extend(_finish(held, open_sink, actor, remember))
        finally:
            held.leave()
    return found


def dismiss(spool: Spool, run_id: str) -> list[Intent]:
    """Drop what `run_id` possibly created, after a person has checked the site.

    Answers the dropped intents; telling the audit log is the caller's part.

    Raises:
        RunError: nothing was dropped. ``spool.not_found``: no leftover is of that run.
            ``spool.token_waiting``: a token of it is in no sink yet. ``spool.damaged``: its file
            can't be read as a whole.
    """
    held = list(_claims(spool))
    try:
        mine = [each for each in held if each.leftover.intent and each.leftover.intent.run_id == run_id]
        if not mine:
            raise RunError(
                f"The spool has no leftover of a run '{run_id}'.",
                next_step="`tokenbroker recover` lists what there is",
                code="spool.not_found",
            )
        for each in mine:
            _require_dismissible(each)
        for each in mine:
            each.clear()
        return [each.leftover.intent for each in mine if each.leftover.intent]
    finally:
        for each in held:
            each.leave()


def _require_dismissible(held: OpenIntent) -> None:
    if held.leftover.damaged:
        raise RunError(
            f"The spool file {held.leftover.path} is damaged, so it stays.",
            next_step="move it away by hand when you are sure that you don't need it",
            code="spool.damaged",
        )
    if held.leftover.waiting:
        raise RunError(
            "A token of that run waits in the spool and is in no sink yet.",
            next_step="run `tokenbroker recover`",
            code="spool.token_waiting",
        )


def _finish(
    held: OpenIntent, open_sink: Callable[[str], Sink], actor: str, remember: Remember
) -> list[Recovered]:
    left = held.leftover
    found = [_finish_token(token, held, open_sink, actor, remember) for token in left.sealed]
    waiting = any(each.outcome is Outcome.SINK_UNAVAILABLE for each in found)
    if left.damaged:
        found.append(_line(held, Outcome.DAMAGED, code="spool.damaged"))
    if left.intent and left.possibly_created:
        found.append(_line(held, Outcome.POSSIBLY_CREATED, targets=left.missing))
    elif not left.damaged and not waiting:
        if not left.sealed:
            found.append(_line(held, Outcome.NOT_CREATED))
        # A file that can't be removed now is found again by the next recover, and changes nothing.
        with suppress(BrokerError):
            held.clear()
    return found


def _finish_token(
    token: SealedToken, held: OpenIntent, open_sink: Callable[[str], Sink], actor: str, remember: Remember
) -> Recovered:
    about = (token.target,)
    if token.reference is not None:
        return _line(held, Outcome.ALREADY_STORED, targets=about, reference=token.reference)
    alias = token.target.partition(":")[0]
    try:
        sink = open_sink(alias)
        before = sink.find(token.put_id)
        reference = _deliver_once(token, before, held, sink, actor, remember)
    except Exception as error:  # noqa: BLE001 - whatever a sink of someone else raises
        code = translated(error, sink=alias).code
        return _line(held, Outcome.SINK_UNAVAILABLE, targets=about, code=code)
    outcome = Outcome.ALREADY_STORED if before else Outcome.STORED
    return _line(held, outcome, targets=about, reference=str(reference))


def _deliver_once(
    token: SealedToken,
    before: Reference | None,
    held: OpenIntent,
    sink: Sink,
    actor: str,
    remember: Remember,
) -> Reference:
    path = token.target.partition(":")[2]
    index, put_id = token.index, token.put_id
    try:
        return deliver(
            token.secret,
            index=index,
            put_id=put_id,
            intent=held,
            sink=sink,
            path=path,
            actor=actor,
            remember=remember,
        )
    except SecretNotFound:
        if before is None:
            raise
    # It was put, and a person removed it since: that is not ours to undo.
    held.mark_stored(index, str(before), put_id=put_id)
    return before


def _line(
    held: OpenIntent, outcome: Outcome, *, targets: tuple[str, ...] = (), reference: str = "", code: str = ""
) -> Recovered:
    left = held.leftover
    return Recovered(
        outcome=outcome,
        spool_file=left.path,
        intent=left.intent,
        targets=targets,
        reference=reference,
        code=code,
        torn=left.torn,
    )


def _claims(spool: Spool) -> Iterator[OpenIntent]:
    for file_id in spool.file_ids():
        with suppress(BrokerError):  # a file that can't be read is of no known run
            held = spool.claim(file_id)
            if held is not None:
                yield held
