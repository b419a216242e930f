"""What is due, in words: a table where the window is wide enough, else one paragraph a token."""

import shlex
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from tokenbroker.cli.home import PIPED_WIDTH
from tokenbroker.lifecycle.due import Outlook, State, Token, UnderWay, Waits
from tokenbroker.store.rotations import Stage

_UNITS: Final = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)
_NOTHING: Final = "-"
Rows = Sequence[Sequence[str]]


def print_outlook(outlook: Outlook, *, now: datetime, within: str, is_everybodys: bool) -> None:
    """Print it; `within` as it was given, `is_everybodys` where neither an owner nor labels were."""
    # Piped output is for programs: there a cell is never broken over lines.
    console = Console(
        markup=False, highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH, soft_wrap=True
    )
    # A token that is being replaced has one line, which tells its end, too.
    replaced = [outlook.replaced_by(each) for each in outlook.rotations]
    tokens = [_token_cells(each, now) for each in outlook.tokens if each not in replaced]
    pairs = zip(outlook.rotations, replaced, strict=True)
    rotations = [_rotation_cells(each, token, now) for each, token in pairs]
    _print(console, ("reference", "ends", "owner", "labels", "next"), tokens)
    if rotations:
        console.print("Replacements under way:" if not tokens else "\nReplacements under way:")
        _print(console, ("reference", "state", "owner", "labels", "next"), rotations)
    if not outlook.is_due:
        if not outlook.refusals:
            console.print(
                f"Nothing is due within {within}." if not tokens else f"\nNothing of it within {within}."
            )
    elif is_everybodys and _can_rotate(outlook):
        console.print(f"\nAll that can be replaced now, at once: tokenbroker rotate --due --within {within}")


def token_step(token: Token) -> str | None:
    """The command that sees to `token`; None where nothing is to be done yet."""
    match token.state:
        case State.LATER:
            return None
        case State.UNKNOWN:
            return f"tokenbroker adopt {shlex.quote(token.reference)} --expires-in SPAN"
        case _ if not token.flow:
            return f"tokenbroker adopt {shlex.quote(token.reference)} --flow SITE/FLOW"
        case _:
            return f"tokenbroker rotate {shlex.quote(token.reference)}"


def rotation_step(under_way: UnderWay) -> str | None:
    """The command with which a replacement goes on; None while its old token has its grace."""
    return f"tokenbroker rotate {shlex.quote(under_way.rotation.reference)}" if under_way.is_due else None


def how_long(moment: datetime, now: datetime) -> str:
    """How long it is from `now` to `moment`, in whole units, rounded down: ``in 3 d``, ``2 h ago``, ``in 40 s``."""
    distance = abs(moment - now)
    said = next((f"{distance // unit} {name}" for name, unit in _UNITS if distance >= unit), "")
    if not said:
        return "now"
    return f"in {said}" if moment > now else f"{said} ago"


def _token_cells(token: Token, now: datetime) -> tuple[str, ...]:
    ends_at = token.life.ends_at if token.life else None
    step = token_step(token)
    why = "no flow is known: " if token.is_due and not token.flow else ""
    return (
        token.reference,
        f"{ends_at:%Y-%m-%d}, {how_long(ends_at, now)}" if ends_at else "no end is known",
        token.life.owner if token.life else "",
        ", ".join(token.life.labels) if token.life else "",
        f"{why}{step}" if step else "",
    )


def _rotation_cells(under_way: UnderWay, token: Token | None, now: datetime) -> tuple[str, ...]:
    rotation, life = under_way.rotation, under_way.life
    match under_way.waits:
        case Waits.ELSEWHERE:
            waits = f"'{rotation.sink}' leads to another store now, or was changed by hand"
        case Waits.STOPPED:
            waits = f"stopped with {rotation.code}"
        case _ if rotation.state is Stage.SURPLUS:
            waits = "another's key has its place, and the new one is to be revoked"
        case Waits.GOING_ON:
            what = "its run" if rotation.new_version is None else "the hook is to be called"
            waits = f"{what}, since {_moment(rotation.begun_at, now)}"
        case Waits.GRACE:
            waits = f"the old key's grace ends at {_moment(rotation.revoke_after, now)}"
        case Waits.REVOCATION:
            waits = f"the old key is to be revoked since {_moment(rotation.revoke_after, now)}"
    if token is not None and token.life is not None and token.life.ends_at is not None:
        ends_at = token.life.ends_at
        ends = "ended" if ends_at <= now else "ends"
        waits = f"{waits}; the token {ends} {ends_at:%Y-%m-%d}, {how_long(ends_at, now)}"
    labels = ", ".join(life.labels) if life else ""
    return rotation.reference, waits, life.owner if life else "", labels, rotation_step(under_way) or ""


def _moment(moment: datetime | None, now: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z, {how_long(moment, now)}" if moment else ""


def _can_rotate(outlook: Outlook) -> bool:
    return any(each.is_due and each.flow for each in outlook.tokens) or any(
        each.is_due for each in outlook.rotations
    )


def _print(console: Console, columns: Sequence[str], rows: Rows) -> None:
    """A line a row where that fits; else what is next stands below it: it stays in one piece, and can be copied."""
    if not rows:
        return
    used = [number for number in range(len(columns)) if any(row[number] for row in rows)]
    cells = [[row[number] or _NOTHING for number in used] for row in ([*columns], *rows)]
    beside = [row[: used.index(len(columns) - 1)] for row in cells] if len(columns) - 1 in used else cells
    if _width(cells) <= console.width:
        _print_lines(console, cells, [""] * len(cells))
    elif _width(beside) <= console.width:
        _print_lines(console, beside, ["", *(row[-1] for row in rows)])
    else:
        for reference, *told, step in rows:
            below = ("; ".join(filter(None, told)), step)
            console.print("\n  ".join([reference, *filter(None, below)]))


def _print_lines(console: Console, rows: Rows, steps: Sequence[str]) -> None:
    widths = _widths(rows)
    for number, (row, step) in enumerate(zip(rows, steps, strict=True)):
        line = "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        console.print(line.rstrip(), style=None if number else "bold")
        if step:
            console.print(f"  {step}")


def _width(rows: Rows) -> int:
    widths = _widths(rows)
    return sum(widths) + 2 * (len(widths) - 1)


def _widths(rows: Rows) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
