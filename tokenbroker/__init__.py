"""API tokens as declarative flows, run by pytest in a real browser, kept in a secret sink."""

__version__ = "0.1.0"
