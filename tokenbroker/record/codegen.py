"""Playwright's own recorder, in this process: what it says that the person did. Nothing of it reaches a disk.

It lives in the page's own world, where a page can imitate it, so that it vouches for nothing by itself: see `matching`.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError

from tokenbroker.errors import BrokerError
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.observed import CodegenAction
from tokenbroker.record.well_formed import well_formed

_GUARD: Final = (Path(__file__).parent / "guard.js").read_text(encoding="utf-8")
_VALUES: Final = {"fill": "text", "press": "key", "navigate": "url", "openPage": "url"}
_FAMILIES: Final = {
    "test-id": Family.TEST_ID,
    "label": Family.LABEL,
    "placeholder": Family.PLACEHOLDER,
    "text": Family.TEXT,
}
MAX_ACTIONS: Final = 5_000


class RecorderUnsupported(BrokerError):
    """The installed Playwright has no recorder that can be used from within a process."""

    code = "record.unsupported"


class Codegen:
    """The recorder of one context; `actions` grows while it runs. Nothing here raises a foreign error but `start`.

    Raises:
        RecorderUnsupported: from `start`.
    """

    def __init__(self, context: BrowserContext, *, window_of: Callable[[Any], int | None]) -> None:
        self._context = context
        self._window_of = window_of
        self._last: dict[int, int] = {}
        self.actions: list[CodegenAction] = []

    def start(self) -> None:
        """Record from now on; to be called before the context has a page."""
        begin = getattr(self._context._impl_obj, "_start_recording", None)
        end = getattr(self._context._impl_obj, "_stop_recording", None)
        if begin is None or end is None:
            raise RecorderUnsupported(
                "the installed Playwright has no recorder that can be used from here",
                next_step="install the version of Playwright that tokenbroker was released with",
            )
        self._context._sync(begin({"language": "jsonl"}, self))
        self._context.add_init_script(script=_GUARD)

    def stop(self) -> None:
        """Take what it has kept back until now, and end."""
        with suppress(PlaywrightError):  # the browser has gone
            self._context._sync(self._context._impl_obj._stop_recording())

    def action_added(self, page: object, data: Mapping[str, Any], code: str) -> None:
        """Called by Playwright."""
        window = self._window_of(page)
        if window is None or len(self.actions) >= MAX_ACTIONS:
            return
        self._last[window] = len(self.actions)
        self.actions.append(action_of(code, window=window))

    def action_updated(self, page: object, data: Mapping[str, Any], code: str) -> None:
        """Called by Playwright where an action replaces the one before it."""
        window = self._window_of(page)
        if window is None:
            return
        place = self._last.get(window)
        action = action_of(code, window=window)
        if place is not None and self.actions[place].name == action.name:
            self.actions[place] = action


def action_of(code: str, *, window: int) -> CodegenAction:
    """What a line of its says. A page may have written that line: whatever is not as it should be is left out."""
    said = well_formed(json.loads(code.split("\n", 1)[0]))
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, str):
        return CodegenAction(name="", window=window)
    value = said.get(_VALUES.get(name, ""), "")
    return CodegenAction(
        name=name,
        window=window,
        value=value if isinstance(value, str) else "",
        locator=_locator(said.get("locator")),
    )


def _locator(said: object) -> Alternative | None:
    """`said` as an alternative; None for what no flow can say: several parts, or a number among many."""
    if not isinstance(said, dict) or said.get("next") or not isinstance(body := said.get("body"), str):
        return None
    options = said.get("options")
    name = options.get("name", "") if isinstance(options, dict) else ""
    match said.get("kind"):
        case "role" if isinstance(name, str) and name:
            return Alternative(family=Family.ROLE, value=body, name=name)
        case "default" if body and not body.startswith("internal:"):
            return Alternative(family=Family.CSS, value=body.removeprefix("css="))
        case str(kind) if kind in _FAMILIES:
            return Alternative(family=_FAMILIES[kind], value=body)
    return None
