"""Which tokens end soon, and what replacements under way wait for (FLOW-8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenbroker.cli.due_words import how_long
from tokenbroker.errors import SecretUnavailable
from tokenbroker.flow.life import TokenLife
from tokenbroker.flow.span import span_of
from tokenbroker.lifecycle.due import Outlook, State, Waits, Wanted, look
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.store.audit_log import AuditEntry
from tokenbroker.store.lives import Life, known_lives, remember
from tokenbroker.store.rotations import Rotation, Stage, begin_rotation, keep_rotation, rotations_under_way

pytestmark = pytest.mark.req("FLOW-8")

NOW = datetime(2027, 2, 28, 23, 30, tzinfo=UTC)
DAY = timedelta(days=1)
FORTNIGHT = Wanted(within=14 * DAY)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSink]:
    folder = tmp_path_factory.mktemp("due") / "home"
    with open_local(folder, default_home=False, clock=lambda: NOW) as sink:
        yield sink


@pytest.fixture
def local(home: LocalSink) -> LocalSink:
    """A sink of this test's own, in a home that all share: to make one takes long."""
    return LocalSink(store=home.store, custody=home.custody, name=uuid4().hex, clock=lambda: NOW)


def put(
    local: LocalSink, path: str, ends_at: datetime | None = None, *, said: bool = True, **more: Any
) -> Life:
    """Another version of `path`, of which it is known when it ends and what `more` says."""
    number = sum(each.path == path for each in local.list()) + 1
    stored = local.put(
        path, Secret(f"demo-only-{path}-{number}"), put_id=f"{local.name}-{path}-{number}", actor="tests"
    )
    life = Life(
        sink=local.name,
        path=path,
        version=stored.version,
        fingerprint=stored.fingerprint,
        flow_id="example/create",
        run_id="",
        created_at=NOW,
        ends_at=ends_at,
        rotates="",
        revokes="",
        grace_s=None,
        owner="",
    )
    life = replace(life, **more)
    if said:
        remember(local.store, life)
    return life


def seen(local: LocalSink, wanted: Wanted = FORTNIGHT, *, now: datetime = NOW) -> Outlook:
    return look(
        wanted,
        aliases=[local.name],
        open_sink=lambda _: local,
        lives=known_lives(local.store, [local.name]),
        rotations=rotations_under_way(local.store, [local.name]),
        now=now,
    )


def states(outlook: Outlook) -> list[tuple[str, State]]:
    return [(each.path, each.state) for each in outlook.tokens]


def test_the_expired_come_first_then_by_their_ends_and_the_unknown_last(local: LocalSink) -> None:
    put(local, "a/later", NOW + 15 * DAY)
    put(local, "a/unknown")
    put(local, "a/never-said", said=False)
    put(local, "a/soon", NOW + 3 * DAY)
    put(local, "a/gone", NOW - 2 * DAY)
    assert states(seen(local)) == [("a/gone", State.EXPIRED), ("a/soon", State.DUE)]
    whatever = Wanted(within=14 * DAY, whatever_end=True)
    assert states(seen(local, whatever))[2:] == [
        ("a/later", State.LATER),
        ("a/never-said", State.UNKNOWN),
        ("a/unknown", State.UNKNOWN),
    ]
    assert not seen(local, Wanted(within=DAY, whatever_end=True), now=NOW - 4 * DAY).is_due


@pytest.mark.parametrize(
    ("said", "now", "state"),
    [
        # That day is the last: it works until midnight, UTC, wherever one looks from.
        ("2027-02-28", NOW, State.DUE),
        ("2027-02-28", NOW.astimezone(timezone(timedelta(hours=14))), State.DUE),
        ("2027-02-28", NOW + timedelta(minutes=30), State.EXPIRED),
        ("2027-02-28", datetime(2027, 2, 28, 16, 0, tzinfo=timezone(timedelta(hours=-8))), State.EXPIRED),
        ("2028-02-29", datetime(2028, 2, 15, tzinfo=UTC), State.LATER),
        ("2028-02-29", datetime(2028, 2, 16, tzinfo=UTC), State.DUE),
        ("9999-12-31", NOW, State.LATER),
    ],
)
def test_a_day_ends_at_midnight_utc_also_at_the_end_of_a_month(
    local: LocalSink, said: str, now: datetime, state: State
) -> None:
    put(local, "a/key", TokenLife.of({"expires_at": said}).ends(NOW))
    found = seen(local, Wanted(within=14 * DAY, whatever_end=True), now=now)
    assert states(found) == [("a/key", state)]


def test_only_the_newest_version_counts_and_none_that_is_revoked_or_on_its_way(local: LocalSink) -> None:
    put(local, "a/key", NOW - DAY)
    newest = put(local, "a/key", NOW + DAY)
    put(local, "a/revoked", NOW - DAY, revoked_at=NOW)
    put(local, "a/key.rotating", NOW - DAY)
    (token,) = seen(local, Wanted(within=14 * DAY, whatever_end=True)).tokens
    assert (token.reference, token.version, token.life) == (f"{local.name}:a/key", 2, newest)


def test_what_is_known_of_what_an_alias_led_to_before_does_not_count(local: LocalSink) -> None:
    put(local, "a/key", NOW - DAY, fingerprint="0" * 16)
    put(local, "a/noted-by-an-early-release", NOW - DAY, fingerprint=None)
    assert states(seen(local)) == [("a/noted-by-an-early-release", State.EXPIRED)]


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        ({"owner": "platform"}, ["a/one", "a/two"]),
        ({"labels": frozenset({"prod"})}, ["a/one"]),
        ({"labels": frozenset({"prod", "eu"})}, []),
        ({"owner": "nobody"}, []),
    ],
)
def test_owner_and_labels_choose(local: LocalSink, wanted: dict[str, Any], paths: list[str]) -> None:
    put(local, "a/one", NOW, owner="platform", labels=("prod", "us"))
    put(local, "a/two", NOW, owner="platform")
    put(local, "a/three", NOW)
    assert [each.path for each in seen(local, Wanted(within=DAY, **wanted)).tokens] == paths


def test_a_sink_that_can_not_be_listed_hides_nothing_and_is_said(local: LocalSink) -> None:
    put(local, "a/key", NOW)

    def open_sink(alias: str) -> Sink:
        if alias == "vault":
            raise SecretUnavailable("it is down")
        return local

    lives = known_lives(local.store, [local.name])
    found = look(
        FORTNIGHT, aliases=["vault", local.name], open_sink=open_sink, lives=lives, rotations=[], now=NOW
    )
    assert states(found) == [("a/key", State.EXPIRED)]
    ((alias, error),) = found.refusals
    assert (alias, error.code) == ("vault", "secret.unavailable")


@pytest.mark.parametrize(
    ("state", "code", "revoke_after", "waits", "is_due"),
    [
        (Stage.BEGUN, "", None, Waits.GOING_ON, True),
        (Stage.PROVEN, "target.not_found", None, Waits.STOPPED, True),
        (Stage.REPLACED, "", NOW + DAY, Waits.GOING_ON, True),  # cut off before the hook was called
        (Stage.TOLD, "", NOW + DAY, Waits.GRACE, False),
        (Stage.TOLD, "", NOW, Waits.REVOCATION, True),
    ],
)
def test_a_replacement_under_way_says_what_it_waits_for(
    local: LocalSink, state: Stage, code: str, revoke_after: datetime | None, waits: Waits, is_due: bool
) -> None:
    put(local, "a/key", NOW + 90 * DAY, owner="platform")
    begun = Rotation(
        id=local.name,
        sink=local.name,
        path="a/key",
        old_version=1,
        flow_id="example/create",
        key_name="key",
        state=Stage.BEGUN,
        begun_at=NOW,
    )
    entry = AuditEntry(service_id="a", action="rotate_token", actor="tests", key="local:a/key")
    begin_rotation(local.store, begun, entry)
    kept = replace(begun, state=state, code=code, revoke_after=revoke_after)
    keep_rotation(local.store, kept, entry, after=begun, at=NOW)
    found = seen(local)
    assert ([each.waits for each in found.rotations], found.is_due) == ([waits], is_due)
    assert len(seen(local, Wanted(within=DAY, owner="platform")).rotations) == 1
    assert seen(local, Wanted(within=DAY, owner="search")).rotations == ()


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(days=3, hours=23), "in 3 d"),
        (timedelta(hours=23, minutes=59), "in 23 h"),
        (timedelta(minutes=59), "in 59 min"),
        (timedelta(seconds=59, milliseconds=900), "in 59 s"),
        (timedelta(milliseconds=900), "now"),
        (timedelta(0), "now"),
        (-timedelta(seconds=40), "40 s ago"),
        (-timedelta(minutes=1), "1 min ago"),
        (-timedelta(days=400), "400 d ago"),
    ],
)
def test_how_long_it_is_is_told_in_whole_units(distance: timedelta, words: str) -> None:
    assert how_long(NOW + distance, NOW) == words


@given(number=st.integers(1, 9999), unit=st.sampled_from("mhdw"), offset_h=st.integers(-12, 14))
def test_any_span_is_as_long_as_it_says_from_wherever_it_is_counted(
    number: int, unit: str, offset_h: int
) -> None:
    minutes = number * {"m": 1, "h": 60, "d": 1440, "w": 10080}[unit]
    span = span_of(f"{number}{unit}")
    assert span == timedelta(minutes=minutes)
    ends = TokenLife(expires_in=span).ends(NOW.astimezone(timezone(timedelta(hours=offset_h))))
    assert ends is not None
    assert ends - NOW == span
    assert how_long(ends, NOW) != "now"
