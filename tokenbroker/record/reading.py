"""From what the listener's script tells, JSON, to the entries of the log."""

from collections.abc import Mapping
from typing import Any, Final

from tokenbroker.record.observed import Acted, CameUp, Entry, Followed, Picked, Seen, Traits
from tokenbroker.record.recording import Appeared, ElementSeen, FrameSeen, OwnValue, TokenSeen
from tokenbroker.record.ways import best_of
from tokenbroker.run.targets.engine import Print

_TRAITS: Final = ("is_text", "is_code", "asks_code", "is_readonly", "opens_list", "is_pointed", "acts")
_WORDS: Final = ("tag", "label", "type", "autocomplete", "inputmode", "name", "placeholder", "href")
_OWN: Final = frozenset({"email", "phone", "name", "username", "account", "other"})


class Reader:
    """Reads what one window tells; it knows the elements that were looked at."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._seen: dict[tuple[str, int], Seen] = {}

    def read(
        self,
        told: Mapping[str, Any],
        *,
        frame: str,
        frames: tuple[FrameSeen, ...],
        page_url: str,
        at_s: float,
    ) -> Entry | None:
        """The entry that `told` amounts to; None where it is only a sight of an element, or nothing for the log."""
        document, number = str(told["document"]), int(told.get("number", 0))
        key = document, number
        match told["told"]:
            case "seen":
                self._seen[key] = _seen(
                    told.get("facts"), window=self._window, key=key, frames=frames, url=page_url
                )
                return None
            case "appeared":
                appeared = Appeared(
                    role=told["role"], name=told["name"], alternatives=best_of(told["offers"])
                )
                return CameUp(window=self._window, document=document, appeared=appeared, frame=frame)
            case "submitted" | "handled" | "toggled" as kind:
                return Followed(kind=kind, window=self._window, document=document)
        seen = self._seen.get(key) or Seen(
            window=self._window, document=document, number=number, frames=frames, page_url=page_url
        )
        match told["told"]:
            case "click":
                return Acted(kind="click", seen=seen, detail=int(told["detail"]), at_s=at_s)
            case "key":
                return Acted(kind="key", seen=seen, value=told["key"], at_s=at_s)
            case "input":
                return Acted(
                    kind="input", seen=seen, value=told["value"], how=told["how"], at_s=at_s,
                    before=told.get("before") or "",
                )  # fmt: skip
            case "checked":
                return Acted(kind="check" if told["is_checked"] else "uncheck", seen=seen, at_s=at_s)
            case "selected":
                return Acted(kind="select", seen=seen, value=told["value"], at_s=at_s)
            case "picked":
                token = TokenSeen(
                    source=told["source"],
                    text=told["text"],
                    selected=told["selected"],
                    inner=tuple(told["inner"]),
                )
                return Picked(seen=seen, token=token, at_s=at_s)
        return None


def own_values(told: Mapping[str, Any]) -> list[OwnValue]:
    """What a page shows as the account's own."""
    return [OwnValue(what=what, value=value) for what, value in told["own"] if what in _OWN]


def _seen(
    facts: Mapping[str, Any] | None,
    *,
    window: int,
    key: tuple[str, int],
    frames: tuple[FrameSeen, ...],
    url: str,
) -> Seen:
    document, number = key
    if facts is None:
        return Seen(window=window, document=document, number=number, frames=frames, page_url=url)
    around = facts["print"]
    element = ElementSeen(
        alternatives=best_of(facts["offers"], is_token=bool(facts["is_token"])),
        print=Print(**{**around, "near": tuple(around["near"])}),
        is_secret=bool(facts["is_secret"]),
        max_length=int(facts["max_length"]),
        **{name: str(facts[name]) for name in _WORDS},
    )
    return Seen(
        window=window, document=document, number=number, element=element, frames=frames, page_url=url,
        traits=Traits(**{name: bool(facts[name]) for name in _TRAITS}),
    )  # fmt: skip
