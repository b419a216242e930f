"""Strings that every later step can write: a page's may hold halves of a character, which no encoding has."""

from typing import Any


def well_formed(told: Any) -> Any:
    """`told`, as JSON has it, with a mark in the place of every lone surrogate."""
    if isinstance(told, str):
        return told.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(told, dict):
        return {well_formed(key): well_formed(value) for key, value in told.items()}
    if isinstance(told, list):
        return [well_formed(each) for each in told]
    return told
