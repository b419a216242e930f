"""Which tokens end soon, which have ended, and what the replacements under way wait for (FLOW-8)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tokenbroker.errors import BrokerError
from tokenbroker.sinks.sink import Sink, StoredSecret
from tokenbroker.store.lives import Life
from tokenbroker.store.rotations import Rotation, Stage

STOP: Final = ".rotating"
"""How a path ends under which a new token only rests until it takes the place of another."""
Lives = Mapping[tuple[str, str, int], Life]


class State(StrEnum):
    """Where a token is in its life."""

    EXPIRED = "expired"
    DUE = "due"
    """It ends within the time that was asked about."""
    LATER = "later"
    UNKNOWN = "unknown"
    """Nobody has said when it ends."""


class Waits(StrEnum):
    """What a replacement under way waits for."""

    STOPPED = "stopped"
    """For a person: an error stopped it."""
    GOING_ON = "going_on"
    """For its run; where that was cut off, for another."""
    GRACE = "grace"
    """For the end of the old token's grace."""
    ELSEWHERE = "elsewhere"
    """For its sink: the alias leads to another store now."""
    REVOCATION = "revocation"
    """For the run that revokes the old token: its grace is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """The newest version of one path.

    Attributes:
        state: as of the moment and for the time that was asked about.
        life: what is known of it; None for nothing.
    """

    sink: str
    path: str
    version: int
    state: State
    life: Life | None

    @property
    def reference(self) -> str:
        """Its reference, without a version."""
        return f"{self.sink}:{self.path}"

    @property
    def is_due(self) -> bool:
        return self.state in (State.EXPIRED, State.DUE)

    @property
    def flow(self) -> str:
        """The flow that gets another in its place, "" where none is known."""
        return (self.life.rotates or self.life.flow_id) if self.life else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderWay:
    """A replacement that has not come to its end; `life` is what is known of the token that is replaced."""

    rotation: Rotation
    waits: Waits
    life: Life | None

    @property
    def is_due(self) -> bool:
        """Whether something can be done about it now."""
        return self.waits is not Waits.GRACE


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which tokens are asked about.

    Attributes:
        within: those that end within this time from now.
        owner: only those of this owner; "" for anybody's.
        labels: only those that have each of these.
        whatever_end: also those that end later, and those of which nobody has said when.
    """

    within: timedelta
    owner: str = ""
    labels: frozenset[str] = frozenset()
    whatever_end: bool = False

    def takes(self, life: Life | None) -> bool:
        """Whether a token with that life is of the owner, and has the labels, that are asked about."""
        if life is None:
            return not self.owner and not self.labels
        return self.owner in ("", life.owner) and self.labels <= set(life.labels)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What was found.

    Attributes:
        tokens: the expired first, then by their ends, then those of which nobody has said it.
        rotations: the oldest first.
        refusals: the sinks that can't be listed now, and why.
    """

    tokens: tuple[Token, ...]
    rotations: tuple[UnderWay, ...]
    refusals: tuple[tuple[str, BrokerError], ...]

    @property
    def is_due(self) -> bool:
        """Whether a token has ended or soon will, or a replacement can go on."""
        return any(each.is_due for each in self.tokens) or any(each.is_due for each in self.rotations)

    def replaced_by(self, under_way: UnderWay) -> Token | None:
        """The one of `tokens` that `under_way` replaces, where it is among them."""
        rotation = under_way.rotation
        if under_way.waits is Waits.ELSEWHERE:  # another secret has its name
            return None
        old = (rotation.sink, rotation.path, rotation.old_version)
        return next((each for each in self.tokens if (each.sink, each.path, each.version) == old), None)


def look(
    wanted: Wanted,
    *,
    aliases: Iterable[str],
    open_sink: Callable[[str], Sink],
    lives: Lives,
    rotations: Sequence[Rotation],
    now: datetime,
) -> Outlook:
    """What is due at `now` of the tokens in the sinks `aliases`; asks these for lists only.

    What can't be listed hides nothing of the others.
    """
    tokens: list[Token] = []
    refusals = []
    lists: dict[str, list[StoredSecret]] = {}
    for alias in aliases:
        try:
            listed = lists[alias] = open_sink(alias).list()
        except BrokerError as error:
            refusals.append((alias, error))
            continue
        tokens += (
            _token(alias, each, known_life(lives, alias, each), wanted, now) for each in _newest(listed)
        )
    kept = [each for each in tokens if _is_kept(each, wanted)]
    under_way = (_under_way(each, lives, lists.get(each.sink), now) for each in rotations)
    return Outlook(
        tokens=tuple(sorted(kept, key=_order)),
        rotations=tuple(each for each in under_way if wanted.takes(each.life)),
        refusals=tuple(refusals),
    )


def known_life(lives: Lives, alias: str, stored: StoredSecret) -> Life | None:
    """What is known of `stored`; not what is known of another that its alias led to before."""
    life = lives.get((alias, stored.path, stored.version))
    return life if life is not None and life.is_of(stored.fingerprint) else None


def newest_of(path: str, listed: Iterable[StoredSecret]) -> StoredSecret | None:
    """The newest version of `path`; None where there is none."""
    return max((each for each in listed if each.path == path), key=lambda each: each.version, default=None)


def leads_elsewhere(rotation: Rotation, lives: Lives, listed: Iterable[StoredSecret]) -> bool:
    """Whether the alias of `rotation` leads to another store now than when it began, as far as `listed` tells.

    Where any secret of another path is there that is known, it is the same store, whatever has become of this token.
    Else one of the versions of the reference or of its stop that are there has to be the secret that was noted; where
    none is, a key that has come to the stop gives it away.
    """
    paths = (rotation.path, f"{rotation.path}{STOP}")
    marks = {(each.path, each.version): each.fingerprint for each in listed}
    known = [life for life in lives.values() if life.sink == rotation.sink]
    here = [life for life in known if (life.path, life.version) in marks]
    own = [life for life in here if life.path in paths]
    # By their fingerprints: one that was noted without any might be of either store.
    others = [life for life in here if life.path not in paths]
    if any(life.fingerprint == marks[life.path, life.version] for life in others):
        return False
    if own:
        return not any(life.is_of(marks[life.path, life.version]) for life in own)
    return any(life.path == paths[1] for life in known)


def _newest(listed: Iterable[StoredSecret]) -> Iterable[StoredSecret]:
    newest: dict[str, StoredSecret] = {}
    for each in listed:
        if each.path not in newest or each.version > newest[each.path].version:
            newest[each.path] = each
    return newest.values()


def _token(alias: str, stored: StoredSecret, life: Life | None, wanted: Wanted, now: datetime) -> Token:
    ends_at = life.ends_at if life else None
    if ends_at is None:
        state = State.UNKNOWN
    elif ends_at <= now:
        state = State.EXPIRED
    else:
        # The difference: a sum may lie beyond the last day there is.
        state = State.DUE if ends_at - now <= wanted.within else State.LATER
    return Token(sink=alias, path=stored.path, version=stored.version, state=state, life=life)


def _is_kept(token: Token, wanted: Wanted) -> bool:
    is_gone = token.life is not None and token.life.revoked_at is not None
    if is_gone or token.path.endswith(STOP) or not wanted.takes(token.life):
        return False
    return token.is_due or wanted.whatever_end


def _order(token: Token) -> tuple[bool, str, str]:
    ends_at = token.life.ends_at if token.life else None
    return ends_at is None, ends_at.isoformat() if ends_at else "", token.reference


def _under_way(
    rotation: Rotation, lives: Lives, listed: Sequence[StoredSecret] | None, now: datetime
) -> UnderWay:
    if listed is not None and leads_elsewhere(rotation, lives, listed):
        return UnderWay(rotation=rotation, waits=Waits.ELSEWHERE, life=None)
    if rotation.code:
        waits = Waits.STOPPED
    elif rotation.revoke_after is None or rotation.state is Stage.REPLACED:
        waits = Waits.GOING_ON
    else:
        waits = Waits.GRACE if rotation.revoke_after > now else Waits.REVOCATION
    life = lives.get((rotation.sink, rotation.path, rotation.old_version))
    return UnderWay(rotation=rotation, waits=waits, life=life)
