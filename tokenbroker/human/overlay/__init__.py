"""The panel in the page that talks to the person: what it says (`card`), and the panel itself (`panel`)."""

from tokenbroker.human.overlay.card import Button, Card
from tokenbroker.human.overlay.mark import panel_mark
from tokenbroker.human.overlay.panel import Act, Panel, Press, panel_of

__all__ = ["Act", "Button", "Card", "Panel", "Press", "panel_mark", "panel_of"]
