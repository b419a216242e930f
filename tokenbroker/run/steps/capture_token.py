"""``capture_token``: read the token that the page shows, and bring it to rest in a sink."""

import time
from dataclasses import dataclass, field

from tokenbroker.flow.model import Step
from tokenbroker.run import fault_points
from tokenbroker.run.failure import StepFailed, attempt
from tokenbroker.run.quiet import POLL_S
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import SELECTOR, StepKind, options
from tokenbroker.secret import Secret

# The text, how long ago (ms) the document was asked for, and whether it is still being parsed.
_READ = """element => [
  element.isConnected ? (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
    ? element.value : element.innerText) : '',
  performance.now(), document.readyState === 'loading']"""
_MASKS = frozenset("•●∙·*…⋯")
_SEPARATORS = "_-.:"
MIN_CHARACTERS = 8
LONGEST_WORD = 20
# How long a text has to stay as it is before it counts as finished.
SHORTEST_QUIET_S = 0.015
USUAL_QUIET_S = 0.25
LONGEST_QUIET_S = 1.0
STROKES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """What the element showed at one moment."""

    text: str = field(default="", repr=False)
    age_s: float = 0
    """How old its document was."""
    parsing: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it may be a token: long enough, one word, not masked, and no placeholder."""
        text = self.text
        if len(text) < MIN_CHARACTERS or _MASKS & set(text) or len(text.split()) != 1:
            return False
        return not text.endswith("..") and not _is_placeholder(text)

    @property
    def quiet_s(self) -> float:
        """How long it has to stay unchanged.

        A page that types n characters one by one, and is t seconds old, takes t/n a stroke or less: silence of
        several strokes says that it has stopped. So a token that came with its page costs next to nothing, and
        one that a script reveals later the usual interval, which no typewriter effect pauses for. What looks
        like a beginning (a document still being parsed, ``sk_live_``, no digit yet) is watched longest.
        """
        if self.parsing or self.text[-1] in _SEPARATORS or not any(c.isdigit() for c in self.text):
            return LONGEST_QUIET_S
        return min(max(STROKES * self.age_s / len(self.text), SHORTEST_QUIET_S), USUAL_QUIET_S)


def _is_placeholder(text: str) -> bool:
    word = text.isalpha() and (text[1:].islower() or text.isupper() or not text.isascii())
    return word and len(text) <= LONGEST_WORD


def _perform(step: Step, stage: Stage) -> str:
    selector = str(step.options["selector"])
    fault_points.reached("before_read")
    token = _read_finished(selector, stage, str(step.options["secret_ref"]))
    fault_points.reached("read")
    return f"stored as {stage.keeper.keep(step, token)}"


def _learn(stage: Stage, text: str, secret_ref: str) -> None:
    """Redact `text` from now on, also where it turns out to be a beginning; the work is done while we wait anyway."""
    stage.redactor.add(Secret(text), label=secret_ref)
    stage.redactor.text(secret_ref)


def _read_finished(selector: str, stage: Stage, secret_ref: str) -> Secret:
    """The shown token, once it is whole and has stayed as it is for its quiet interval."""
    before, since, quiet_s = "", 0.0, 0.0
    while True:
        stage.require_declared_origin()
        reading = _read(selector, stage)
        now = time.monotonic()
        pause_s = POLL_S
        if not reading.is_whole:
            before = ""
        else:
            if reading.text != before:
                before, since, quiet_s = reading.text, now, reading.quiet_s
                _learn(stage, before, secret_ref)
            elif now - since >= quiet_s:
                return Secret(before)
            pause_s = max(since + quiet_s - now, 0.001)
        if stage.remaining_s() <= pause_s + POLL_S:
            raise StepFailed(
                "no whole token is shown: the text is empty, masked, short, not one word, or still changing",
                code="capture.no_token",
            )
        _pause(stage, max(pause_s - (time.monotonic() - now), 0.001))


def _pause(stage: Stage, seconds: float) -> None:
    attempt(lambda: stage.page.wait_for_timeout(seconds * 1000), what="waiting for the token")


def _read(selector: str, stage: Stage) -> _Reading:
    """What the element shows now, looked for afresh: the page may have put another in its place."""
    try:
        text, age_ms, parsing = stage.seek(wordless=True).read(selector, _READ)
    except StepFailed as error:
        if error.code != "target.detached" and error.code.startswith(("browser.", "target.")):
            raise
        return _Reading()  # the page was just changing: it is looked for again
    return _Reading(text=str(text).strip(), age_s=age_ms / 1000, parsing=bool(parsing))


CAPTURE_TOKEN = StepKind(
    verb="capture_token",
    summary="Read the token that the page shows and store it in a sink.",
    options=options(
        {
            "selector": {**SELECTOR, "description": "The element that shows the token, and nothing else."},
            "secret_ref": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]+:[A-Za-z0-9_][A-Za-z0-9_./-]*$",
                "maxLength": 255,
                "description": "Where it goes: SINK:PATH; the sink's name is an alias in the settings.",
            },
        },
        required=("selector", "secret_ref"),
    ),
    requires=frozenset({"sink"}),
    perform=_perform,
)
