"""Which element a step means: exactly one, or the step stops and lists the candidates."""

from tokenbroker.run.targets.found import Found, TargetReport
from tokenbroker.run.targets.mending import Mender
from tokenbroker.run.targets.seek import Seeker
from tokenbroker.run.targets.selector import bare_text
from tokenbroker.run.targets.verdict import Purpose

__all__ = ["Found", "Mender", "Purpose", "Seeker", "TargetReport", "bare_text"]
