"""What really happened: which element a person's events have reached, as the pages themselves tell it."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, ElementHandle, Page

_PAGE = Path(__file__).parent / "page"
_FILES = ("witness", "places", "decoys", "names", "words", "structure", "around", "mutate")
_KIT = "".join((_PAGE / f"{name}.js").read_text(encoding="utf-8") for name in _FILES)
_LOOKS, _LOOK_AGAIN_MS = 12, 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An event, or a reading, and whether it was at the right element."""

    type: str
    right: bool


class Witness:
    """Listens in every document of a context, before the page's own scripts, for trusted events.

    Pages tell on their console; a secret mark before each line keeps a page from telling stories.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._mark = f"ui-mutations-{secrets.token_hex(8)}:"
        self._seen: list[Seen] = []
        context.on("console", self._hear)
        context.add_init_script(script=self._script())

    def forget(self) -> None:
        """What was seen until now does not count."""
        self._seen.clear()

    def seen(self, page: Page, *, expected: bool) -> tuple[Seen, ...]:
        """What was seen since :meth:`forget`; with `expected`, waited for a little. `page` is an open one."""
        for _ in range(_LOOKS if expected else 1):
            page.wait_for_timeout(_LOOK_AGAIN_MS)
            if self._seen:
                break
        return tuple(self._seen)

    def saw_reading(self, element: ElementHandle) -> None:
        """A step reads `element`; the page tells whether it is the right one."""
        element.evaluate("element => window[Symbol.for('ui-mutations')].read(element)")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.text.startswith(self._mark):
            told = json.loads(message.text.removeprefix(self._mark))
            self._seen.append(Seen(type=told["type"], right=told["right"]))

    def _script(self) -> str:
        return f"(() => {{\nconst NONCE = {json.dumps(self._mark)};\n{_KIT}\n}})();"


def mutate(
    target: ElementHandle, *, console: str, reads: bool, changes: list[tuple[str, dict[str, object]]]
) -> None:
    """Change the live page around `target`, which stays the right element, or its stand-in becomes it."""
    target.evaluate(
        "(target, asked) => window[Symbol.for('ui-mutations')].mutate(target, asked)",
        {"console": console.replace("_", "-"), "reads": reads, "changes": changes},
    )
