"""The flows that the harness runs: one that passes, one that fails at each of its steps, and hostile pages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.leak.example_site import KEYS_ORIGIN, ORIGIN

DEMO_FLOWS = Path(__file__).parents[2] / "flows" / "examplecloud"
HEAD = "version: 1\nsite: examplecloud\nflow: {name}\nallowed_automation: semi_auto\n{more}steps:\n"
STEPS = (
    f'navigate: "{ORIGIN}/login"',
    'type: { selector: "#email", value_ref: "secrets:example.email" }',
    'type: { selector: "#password", value_ref: "secrets:example.password" }',
    'click: { selector: "button[type=submit]" }',
    'wait_for: { selector: "text=Security code" }',
    'wait_human: { reason: "Enter the code" }',
    f'navigate: "{ORIGIN}/api-keys"',
    'click: { selector: "text=Create API Key" }',
    'type: { selector: "#name", value: "Canary" }',
    'click: { selector: "text=Create" }',
    'capture_token: { selector: ".token", secret_ref: "bitwarden:example/NAME" }',
)
"""The reference flow's steps."""

_SHORT = "\n    timeout: 900ms"  # of the step that is meant to fail
_MISSPELT = {
    1: f'navigate: "{ORIGIN}/no-such-page"',
    2: 'type: { selector: "#emial", value_ref: "secrets:example.email" }' + _SHORT,
    3: 'type: { selector: "#passwort", value_ref: "secrets:example.password" }' + _SHORT,
    4: 'click: { selector: "button[type=submitt]" }' + _SHORT,
    5: 'wait_for: { selector: "text=Secret code" }' + _SHORT,
    6: 'wait_human: { reason: "Enter the code" }',
    7: f'navigate: "{ORIGIN}/no-such-keys"',
    8: 'click: { selector: "text=Make API Key" }' + _SHORT,
    9: 'type: { selector: "#nmae", value: "Canary" }' + _SHORT,
    10: 'click: { selector: "text=Creaet" }' + _SHORT,
    11: 'capture_token: { selector: ".tokne", secret_ref: "bitwarden:example/NAME" }' + _SHORT,
}
_CODES = {1: "navigation.refused", 5: "wait_for.timeout", 6: "human.denied", 7: "navigation.refused"}


class Written(Protocol):
    """A flow as text."""

    @property
    def name(self) -> str:
        """Of its file."""

    @property
    def text(self) -> str:
        """The YAML."""


@dataclass(frozen=True, kw_only=True)
class FlowText:
    """A flow, and how it ends: at which step, with which code ("" if it passes); `more` stands above its steps."""

    name: str
    steps: tuple[str, ...]
    ends_at: int
    code: str = ""
    more: str = ""

    @property
    def text(self) -> str:
        """The YAML."""
        lines = [f"  - {step}" for step in self.steps]
        text = HEAD.replace("{more}", self.more) + "\n".join(lines) + "\n"
        return text.replace("{name}", self.name).replace("NAME", self.name)


def passing(name: str = "passes") -> FlowText:
    """The reference flow."""
    return FlowText(name=name, steps=STEPS, ends_at=len(STEPS))


def failing_at(number: int) -> FlowText:
    """The reference flow with a mistake in its step `number`; at the checkpoint the person says no."""
    steps = tuple(_MISSPELT[n] if n == number else step for n, step in enumerate(STEPS, 1))
    name = "denied" if number == 6 else f"fails_at_{number:02d}"
    return FlowText(name=name, steps=steps, ends_at=number, code=_CODES.get(number, "target.not_found"))


def on_trap(trap: str, code: str, *more: str, ends_at: int = 3, name: str = "") -> FlowText:
    """E-mail and password typed into the page of that name, then `more`."""
    steps = (f'navigate: "{ORIGIN}/trap/{trap}"', STEPS[1], STEPS[2], *more)
    steps = (*steps[: ends_at - 1], steps[ends_at - 1] + _SHORT, *steps[ends_at:])
    return FlowText(name=name or f"trap_{trap}", steps=steps, ends_at=ends_at, code=code)


BLOCKS = FlowText(
    name="blocks", steps=(f'navigate: "{ORIGIN}/trap/blocks"', *STEPS[1:4]), ends_at=3, code="run.interrupted"
)
"""Stays in its third step, in mid-fill, until the test lets it go."""

TRAPS = (
    on_trap("disabled", "step.timeout"),
    on_trap("read_only", "step.timeout"),
    on_trap("hidden", "step.timeout"),
    on_trap("wrong_element", "target.not_editable"),
    on_trap("ambiguous", "target.ambiguous"),
    on_trap("gossip", "target.ambiguous", 'click: { selector: "text=Send" }', ends_at=4),
    on_trap("throws", "target.not_found", 'click: { selector: "text=Sned" }', ends_at=4),
    on_trap("throws", "capture.no_token", STEPS[10], ends_at=4, name="trap_throws_capture"),
    on_trap(
        "gossip", "target.ambiguous", STEPS[3].replace("[type=submit]", ""), ends_at=4, name="trap_gossip_css"
    ),
    on_trap(
        "gossip",
        "expect.failed",
        'expect: { selector: "h1", text: "Saved" }',
        ends_at=4,
        name="trap_gossip_expect",
    ),
    on_trap(
        "gossip",
        "target.ambiguous",
        'click: { selector: [{ css: "p button" }, { xpath: "//p/button" }] }',
        ends_at=4,
        name="trap_gossip_set",
    ),
    FlowText(
        name="trap_error_page",
        steps=(
            f'navigate: "{ORIGIN}/trap/ambiguous"',
            STEPS[1],
            'click: { selector: "text=Save" }',
            'expect: { selector: "h1", text: "Error 500" }',
            'click: { selector: "button" }' + _SHORT,
        ),
        ends_at=5,
        code="target.ambiguous",
    ),
)
"""Flows on pages that make the browser's messages tell what was typed."""


@dataclass(frozen=True, kw_only=True)
class DemoFlow:
    """A flow of the demo's consoles, as it stands in the repository."""

    name: str

    @property
    def text(self) -> str:
        """The YAML."""
        return (DEMO_FLOWS / f"{self.name}.yaml").read_text(encoding="utf-8")


def on_shown(name: str, *steps: str, code: str = "") -> FlowText:
    """`steps` on the page that shows the token wherever a page can; with `code` the last one fails."""
    steps = (f'navigate: "{ORIGIN}/trap/shows"', *steps)
    steps = (*steps[:-1], steps[-1] + _SHORT) if code else steps
    origins = f'origins: ["{ORIGIN}", "{KEYS_ORIGIN}"]\n'
    return FlowText(name=name, steps=steps, ends_at=len(steps), code=code, more=origins)


def capture(selector: str, more: str = "") -> str:
    """A step that captures from `selector`."""
    return f'capture_token: {{ selector: "{selector}", secret_ref: "bitwarden:example/NAME"{more} }}'


_IN_FRAME = f', frame: {{ url: "{KEYS_ORIGIN}/**" }}'
COPIES = on_shown("copies", capture("#copy", ", from: clipboard"))
CAPTURES: tuple[Written, ...] = (
    *(
        DemoFlow(name=f"{name}_key")
        for name in ("clipboard", "sentence", "popup", "embedded", "shadow", "wrapped")
    ),
    DemoFlow(name="create_api_key_with_sets"),
    on_shown("attribute", capture("#attribute", ", from: attribute, attribute: data-clipboard-text")),
    on_shown("asks", 'click: { selector: "#asks" }', capture("#value")),
)
"""Flows that read a token from each kind of place, and pass."""
MISSED = (
    on_shown(
        "pattern", capture("#sentence", r", pattern: 'Your old key is (\S+)\.'"), code="capture.no_token"
    ),
    on_shown(
        "no_attribute",
        capture("#attribute", ", from: attribute, attribute: data-none"),
        code="capture.no_token",
    ),
    on_shown("two_words", capture("#copy-more", ", from: clipboard"), code="capture.no_token"),
    on_shown("any_button", capture("button", ", from: clipboard"), code="target.ambiguous"),
    on_shown("in_shadow", 'click: { selector: ".deep" }', code="target.ambiguous"),
    on_shown("in_frame", f'click: {{ selector: "button"{_IN_FRAME} }}', code="target.ambiguous"),
    on_shown("no_frame", capture("h1", ", frame: { name: none }"), code="target.frame_not_found"),
    on_shown(
        "in_popup",
        'click: { selector: "#opens", opens: w }',
        capture("h1", ", page: w"),
        code="capture.no_token",
    ),
)
"""Flows that fail where the token is shown, so that nothing of ours has learned it."""
