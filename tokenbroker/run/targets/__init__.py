"""Which element a step means: exactly one, or the step stops and lists the candidates."""

from tokenbroker.run.targets.found import Found, TargetReport
from tokenbroker.run.targets.seek import Seeker
from tokenbroker.run.targets.selector import bare_text

__all__ = ["Found", "Seeker", "TargetReport", "bare_text"]
