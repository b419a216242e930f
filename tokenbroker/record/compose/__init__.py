"""From a sanitised recording to the draft of a flow: noise goes, ways become sets, waits are inferred (REC-1)."""

from tokenbroker.record.compose.composer import compose

__all__ = ["compose"]
