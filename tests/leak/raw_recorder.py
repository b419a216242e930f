"""`tokenbroker` whose recorder has lost its sanitiser: ``python raw_recorder.py``. Its flow holds what was typed, which
proves that the search would see it.

What composes the flow would still refuse passwords and e-mail addresses by itself: that is lost, too.
"""

from dataclasses import replace
from typing import Any

from tokenbroker.cli import main, record_review
from tokenbroker.record.compose import labels, values
from tokenbroker.record.recording import Event, Recording
from tokenbroker.record.sanitise import sanitise


class Unsanitised:
    """All that a `Sanitised` has, but for the recording, which is the raw one."""

    def __init__(self, recording: Recording, **said: Any) -> None:
        self._sanitised = sanitise(recording, **said)
        self.recording = replace(recording, events=tuple(map(_as_plain, recording.events)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sanitised, name)

    def why_not(self, _text: str) -> None:
        return None


def _as_plain(event: Event) -> Event:
    """`event`, as if its field were for no secret."""
    return event if event.element is None else replace(event, element=replace(event.element, is_secret=False))


if __name__ == "__main__":
    record_review.sanitise = Unsanitised
    values.may_stand = lambda _: True
    values.is_about_a_secret = lambda _: False
    labels.is_ordinary = lambda _: True  # names in headings, too
    main()
