"""What a run works with, all of it given by whoever asks for the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Browser

from tokenbroker.clock import Clock
from tokenbroker.human.checkpoint import Answer, Channel, Checkpoint
from tokenbroker.redact import Redactor
from tokenbroker.run.creation import CreationRecord
from tokenbroker.run.egress import Egress
from tokenbroker.run.result import RunEvent
from tokenbroker.run.sign_on import SignOn
from tokenbroker.secret import Secret


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The browser, the ways in and out of it, and who is told."""

    browser: Browser
    egress: Egress
    channel: Channel
    inputs: Mapping[str, str | Secret]
    record: CreationRecord
    redactor: Redactor
    clock: Clock
    step_timeout_s: float
    human_deadline_s: float
    human_parking_s: float = 0.0
    pictures: bool
    block_font: bool
    """Whether this browser is proven to draw every character as the same block."""
    on_event: Callable[[RunEvent], None]
    on_checkpoint: Callable[[Checkpoint, Answer], None]
    sign_on: SignOn | None = None
    """The session at the flow's identity provider that this run may use, and leaves to the next one."""
    is_watched: bool = False
    """Whether a person follows the run and can act in its page."""
