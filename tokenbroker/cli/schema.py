"""``tokenbroker schema``."""

from tokenbroker.flow.schema import published_schema


def schema() -> None:
    """Print the JSON Schema of a flow file, for an editor."""
    print(published_schema(), end="")
