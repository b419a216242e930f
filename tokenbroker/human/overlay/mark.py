"""Two words by which the person knows the panel: told at the terminal, and out of any page's reach."""

import secrets
from functools import cache
from typing import Final

_FIRST: Final = (
    "amber", "ashen", "azure", "blue", "brass", "bronze", "coral", "crimson", "ebony", "emerald", "golden", "green",
    "indigo", "ivory", "jade", "lilac", "maroon", "mint", "ochre", "olive", "pearl", "plum", "russet", "scarlet",
    "silver", "slate", "tawny", "teal", "umber", "velvet", "violet", "white",
)  # fmt: skip
_SECOND: Final = (
    "acorn", "anchor", "badger", "beacon", "bell", "bridge", "canoe", "cedar", "compass", "falcon", "feather", "fern",
    "garden", "harbor", "heron", "island", "kettle", "ladder", "lantern", "maple", "meadow", "mitten", "otter",
    "pebble", "pepper", "pillow", "ribbon", "saddle", "sparrow", "thimble", "tunnel", "walnut",
)  # fmt: skip


@cache
def panel_mark() -> str:
    """The mark of this process's panels: drawn by lot, once; a page that imitates the panel can't know it."""
    return f"{secrets.choice(_FIRST)} {secrets.choice(_SECOND)}"
