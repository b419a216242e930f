"""Questions to a person who sits at this terminal: no answer (Ctrl-D, Ctrl-C) is an answer of its own."""

from collections.abc import Callable
from contextlib import suppress

Ask = Callable[[str], str]
"""Shows a prompt, and answers the line that the person types; raises NoAnswer."""


class NoAnswer(Exception):
    """The person has ended the conversation, by Ctrl-D or Ctrl-C."""


def ask_at_terminal(prompt: str) -> str:
    """The line that the person types; raises NoAnswer."""
    try:
        return input(prompt)
    except (EOFError, KeyboardInterrupt):
        with suppress(OSError):  # the terminal itself may have gone
            print()
    raise NoAnswer


def is_yes(ask: Ask, question: str, *, default: bool = True) -> bool:
    """The answer to a question of yes or no; Enter is the default. Anything else is asked again."""
    while True:
        said = ask(f"{question} [{'Y/n' if default else 'y/N'}]: ").strip().casefold()
        if said in ("y", "yes", "n", "no"):
            return said.startswith("y")
        if not said:
            return default
        print("Please say y or n.")
