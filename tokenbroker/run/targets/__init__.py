"""Which element a step means: exactly one, or the step stops and lists the candidates."""

from tokenbroker.run.targets.seek import Found, Seeker
from tokenbroker.run.targets.selector import bare_text

__all__ = ["Found", "Seeker", "bare_text"]
