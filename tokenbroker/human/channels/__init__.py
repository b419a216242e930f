"""The ways to reach a person, one file each."""

from tokenbroker.human.channels.anywhere import AnywhereChannel
from tokenbroker.human.channels.overlay import OverlayChannel
from tokenbroker.human.channels.simulated import SimulatedPerson
from tokenbroker.human.channels.terminal import TerminalChannel

__all__ = ["CHANNELS", "AnywhereChannel", "OverlayChannel", "SimulatedPerson", "TerminalChannel"]

CHANNELS = {
    "anywhere": AnywhereChannel,
    "overlay": OverlayChannel,
    "terminal": TerminalChannel,
    "simulated": SimulatedPerson,
}
