"""What a spool file says: the intent, and the tokens that were read under it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from tokenbroker.clock import iso
from tokenbroker.run.spool_frame import Frame, Kind, Scan
from tokenbroker.secret import Secret

UNKNOWN = "unknown"
"""The name of a key for which the flow tells none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """What a run is about to create at a site; names and addresses only, no values.

    Attributes:
        flow_id: ``site/flow``.
        key_name: the name that the key will have at the site, or :data:`UNKNOWN`.
        revoke: the way to revoke the key: a flow, or the address of a page.
        targets: where the tokens go: each capture's ``SINK:PATH``, in the order of the captures.
        created_at: when the intent was made; aware, UTC.
    """

    run_id: str
    flow_id: str
    site: str
    origin: str
    key_name: str
    revoke: str
    targets: tuple[str, ...]
    created_at: datetime
    lives: tuple[Mapping[str, str], ...] = ()
    """What the flow says of the life of each target's token; () where an earlier release made the intent."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What the run was given, but for what is personal: a later run that replaces the key is given it too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedToken:
    """A token that rests in the spool; `reference` says where the sink has it, if that is known."""

    index: int
    target: str
    put_id: str
    secret: Secret
    reference: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """What the spool file of a run that is over says.

    Attributes:
        intent: None if that part of the file is damaged.
        pressed: the creating step was about to act, or did.
        sealed: the tokens that were read, in order.
        torn: the last write was cut off; it doesn't count.
        damaged: something that once counted can't be read (or was sealed with another key).
    """

    path: Path
    intent: Intent | None
    pressed: bool
    sealed: tuple[SealedToken, ...]
    torn: bool
    damaged: bool

    @property
    def waiting(self) -> tuple[SealedToken, ...]:
        """The tokens of which the spool doesn't know that the sink has them."""
        return tuple(token for token in self.sealed if token.reference is None)

    @property
    def missing(self) -> tuple[str, ...]:
        """The targets for which no token was read."""
        read = {token.index for token in self.sealed}
        targets = self.intent.targets if self.intent else ()
        return tuple(target for index, target in enumerate(targets) if index not in read)

    @property
    def possibly_created(self) -> bool:
        """The site may have a key of which not everything was read."""
        # A torn write counts as the press: better one question too many than a key nobody knows.
        acted = self.pressed or self.torn or bool(self.sealed)
        return acted and (bool(self.missing) or not self.sealed)


def read_leftover(path: Path, scan: Scan) -> Leftover:
    """What the frames of the file at `path` say together."""
    stored = {
        str(frame.payload["put_id"]): str(frame.payload["reference"])
        for frame in scan.frames
        if frame.kind is Kind.STORED
    }
    sealed = []
    for frame in scan.frames:
        if frame.kind is Kind.SEALED:
            put_id = f"{path.stem}.{frame.slot}"
            sealed.append(
                SealedToken(
                    index=frame.index,
                    target=str(frame.payload["target"]),
                    put_id=put_id,
                    secret=Secret(str(frame.payload["value"])),
                    reference=stored.get(put_id),
                )
            )
    return Leftover(
        path=path,
        intent=next((_intent(frame) for frame in scan.frames if frame.kind is Kind.INTENT), None),
        pressed=any(frame.kind is Kind.PRESSED for frame in scan.frames),
        sealed=tuple(sealed),
        torn=scan.torn,
        damaged=scan.damaged,
    )


def unreadable(path: Path) -> Leftover:
    """A file of which nothing can be read."""
    return Leftover(path=path, intent=None, pressed=False, sealed=(), torn=False, damaged=True)


def intent_payload(intent: Intent) -> dict[str, object]:
    """The JSON form of an intent's frame."""
    return {**asdict(intent), "created_at": iso(intent.created_at)}


def _intent(frame: Frame) -> Intent:
    fields = frame.payload
    return Intent(
        **{name: str(fields[name]) for name in ("run_id", "flow_id", "site", "origin", "key_name", "revoke")},
        targets=tuple(cast(list[str], fields["targets"])),
        created_at=datetime.fromisoformat(str(fields["created_at"])).astimezone(UTC),
        lives=tuple(cast(list[dict[str, str]], fields.get("lives", ()))),
        params=cast(dict[str, str], fields.get("params", {})),
    )
