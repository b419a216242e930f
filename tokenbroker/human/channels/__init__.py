"""The ways to reach a person, one file each."""

from tokenbroker.human.channels.simulated import SimulatedPerson
from tokenbroker.human.channels.terminal import TerminalChannel

__all__ = ["CHANNELS", "SimulatedPerson", "TerminalChannel"]

CHANNELS = {"terminal": TerminalChannel, "simulated": SimulatedPerson}
