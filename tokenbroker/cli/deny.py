"""``tokenbroker deny``."""

from tokenbroker.cli.approve import deny

__all__ = ["deny"]
