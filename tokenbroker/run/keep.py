"""Keep a token that the site has just shown: spool, sink, read back."""

from collections.abc import Callable

from tokenbroker.errors import BrokerError, SecretUnavailable
from tokenbroker.run.fault_points import reached
from tokenbroker.run.spool import Intent, OpenIntent
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import Reference, Sink

Remember = Callable[[Intent, int, Reference], None]
"""Keeps what an intent says of the token for the target of that index, which is at the reference now."""


def forget(_intent: Intent, _index: int, _reference: Reference) -> None:
    """Remembers nothing."""


def keep(
    token: Secret,
    *,
    index: int,
    intent: OpenIntent,
    sink: Sink,
    path: str,
    actor: str,
    remember: Remember = forget,
) -> Reference:
    """Put `token`, which was read for target `index` of `intent`, into `sink` under `path`.

    From the first durable byte on the token survives the end of this process. When this returns,
    the sink has given the token back once, and the spool knows that; the caller clears the intent
    after the last token. A spool that refuses doesn't stop the sink from being tried.

    Raises:
        BrokerError: the sink's error, of its class and code; the sentence says whether the token is
            safe in the spool. The caller leaves the intent.
    """
    put_id = intent.next_put_id
    unsealed: BrokerError | None = None
    try:
        intent.seal(index, token)
    except BrokerError as error:
        unsealed = error
    failure: BrokerError
    try:
        return deliver(
            token,
            index=index,
            put_id=put_id,
            intent=intent,
            sink=sink,
            path=path,
            actor=actor,
            remember=remember,
        )
    except Exception as error:  # noqa: BLE001 - whatever a sink of someone else raises
        failure = translated(error, sink=sink.name)
    # Raised outside of `except`: a foreign error or its frames may hold the token.
    raise _with_whereabouts(failure, unsealed)


def deliver(
    token: Secret,
    *,
    index: int,
    put_id: str,
    intent: OpenIntent,
    sink: Sink,
    path: str,
    actor: str,
    remember: Remember,
) -> Reference:
    """Put a token once (`put_id` decides), read it back, remember its life, and note that in the spool.

    Raises:
        SecretUnavailable: ``secret.read_back_differs``; and whatever the sink raises.
    """
    reference = sink.put(path, token, put_id=put_id, actor=actor)
    reached("put")
    if sink.get(path, version=reference.version, actor=actor) != token:
        raise SecretUnavailable(
            f"The sink '{sink.name}' gave back something else than the token put into it.",
            next_step=f"check what the sink holds under {path}",
            code="secret.read_back_differs",
        )
    reached("read_back")
    if intent.leftover.intent is not None:
        _remember(remember, intent.leftover.intent, index, reference)
    try:
        intent.mark_stored(index, str(reference), put_id=put_id)
    except BrokerError:
        # The token is where it belongs. Without the mark, recover puts it again under the same id,
        # which changes nothing.
        return reference
    return reference


def _remember(remember: Remember, intent: Intent, index: int, reference: Reference) -> None:
    """Raises BrokerError only, with a sentence that doesn't blame the sink, which has the token."""
    failure: BrokerError | None = None
    try:
        remember(intent, index, reference)
    except BrokerError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  whatever it is, the token is stored
        failure = SecretUnavailable(
            f"The token is stored as {reference}, but not how long it lives ({type(error).__name__})."
        )
    if failure is not None:
        raise failure


def translated(error: Exception, *, sink: str) -> BrokerError:
    """`error` as one of ours: itself, or one that names its type only."""
    if isinstance(error, BrokerError):
        return error
    return SecretUnavailable(f"The sink '{sink}' failed with {type(error).__name__}.")


def _with_whereabouts(failure: BrokerError, unsealed: BrokerError | None) -> BrokerError:
    """The same error, that also says where the token is now."""
    # A class of another package may want other arguments: the nearest of ours stands in.
    kind = next(
        each
        for each in type(failure).__mro__
        if issubclass(each, BrokerError) and each.__module__ == BrokerError.__module__
    )
    if unsealed is None:
        where = "The token is safe in the spool; `tokenbroker recover` finishes."
        next_step = f"{failure.next_step}; then run `tokenbroker recover`".removeprefix("; then ")
    else:
        where = f"The token is not kept, for the spool refused it too: {unsealed.sentence}"
        next_step = "revoke the key at the site; `tokenbroker recover` names it and the way to do so"
    return kind(f"{failure.sentence.removesuffix('.')}. {where}", next_step=next_step, code=failure.code)
