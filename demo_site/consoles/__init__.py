"""Consoles over the same keys: each gives a key out in a way that some real site has."""
