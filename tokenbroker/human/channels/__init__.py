"""The ways to reach a person, one file each."""

from tokenbroker.human.channels.anywhere import AnywhereChannel
from tokenbroker.human.channels.simulated import SimulatedPerson
from tokenbroker.human.channels.terminal import TerminalChannel

__all__ = ["CHANNELS", "AnywhereChannel", "SimulatedPerson", "TerminalChannel"]

CHANNELS = {"anywhere": AnywhereChannel, "terminal": TerminalChannel, "simulated": SimulatedPerson}
