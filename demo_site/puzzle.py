"""The picture puzzle behind "I'm human": nine arrows, of which one points another way."""

import hmac
import math
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TILES = 9
PUZZLE_LIFE = timedelta(minutes=3)

Stroke = tuple[tuple[float, float], ...]
"""Points of a line, in a square that reaches from -1 to 1."""

_ARROW: tuple[Stroke, ...] = (
    ((0.0, 0.62), (0.0, -0.6)),
    ((-0.36, -0.22), (0.0, -0.6), (0.36, -0.22)),
)
_WOBBLE_DEGREES = 9
_NOISE_STROKES = 3

# What is drawn decides what a machine can read from it: it must not be foreseen.
_random = secrets.SystemRandom()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One picture: the strokes of its arrow, and faint ones that mean nothing."""

    strokes: tuple[Stroke, ...]
    noise: tuple[Stroke, ...]


@dataclass(kw_only=True, slots=True)
class Puzzle:
    """One puzzle of one session. It changes once, when it is solved; a wrong answer asks for another.

    `odd` counts from 1, from the top left, row by row. `solution` is what a solved widget sends with its form.
    """

    tiles: tuple[Tile, ...] = field(repr=False)
    odd: int = field(repr=False)
    solution: str = field(repr=False)
    expires_at: datetime
    solved: bool = False

    @classmethod
    def draw(cls, now: datetime) -> "Puzzle":
        odd = _random.randrange(TILES)
        usual = _random.randrange(360)
        other = usual + _random.choice((90, 180, 270))
        # Quarters of a degree, each once: no two arrows are drawn alike.
        wobbles = _random.sample(range(-4 * _WOBBLE_DEGREES, 4 * _WOBBLE_DEGREES), TILES)
        return cls(
            tiles=tuple(
                _tile((other if number == odd else usual) + wobble / 4)
                for number, wobble in enumerate(wobbles)
            ),
            odd=odd + 1,
            solution=secrets.token_urlsafe(24),
            expires_at=now + PUZZLE_LIFE,
        )

    def press(self, tile: int, now: datetime) -> bool:
        """Whether `tile` is the odd one, pressed in time."""
        self.solved = tile == self.odd and now < self.expires_at
        return self.solved

    def admits(self, solution: str, now: datetime) -> bool:
        """Whether a form that came with `solution` comes from the one who solved this puzzle, in time."""
        right = hmac.compare_digest(solution.encode(), self.solution.encode())
        return self.solved and right and now < self.expires_at


def _tile(degrees: float) -> Tile:
    angle = math.radians(degrees)
    return Tile(
        strokes=tuple(tuple(_turned(point, angle) for point in stroke) for stroke in _ARROW),
        noise=tuple((_anywhere(), _anywhere()) for _ in range(_NOISE_STROKES)),
    )


def _turned(point: tuple[float, float], angle: float) -> tuple[float, float]:
    x, y = point
    return (
        round(x * math.cos(angle) - y * math.sin(angle), 3),
        round(x * math.sin(angle) + y * math.cos(angle), 3),
    )


def _anywhere() -> tuple[float, float]:
    return round(_random.uniform(-1, 1), 3), round(_random.uniform(-1, 1), 3)
