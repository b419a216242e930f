"""The target points: each acting step of each flow in `flows/examplecloud/`, the sign-in once.

Written down here, and not read from the flows, so that the drawn cases stay the same when a flow changes.
FROZEN before the resolver was tuned: don't change, reorder or extend it.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.ui_mutations.consoles import Console, Person, Point, Shape, Step, Verb, Wait

SEEDED_KEYS = ("Retired integration", "Personal notebook token", "Nightly backup", "Staging deploy")
"""The account's keys at the start of every case: two that flows revoke, two neighbours."""

EMAIL, PASSWORD = "{email}", "{password}"

MakePoint = Callable[[str], Point]
_USUAL: dict[str, Any] = {
    "has_id": False,
    "value": "",
    "frame": "",
    "window": False,
    "opens": False,
    "bound": False,
}


def _point(verb: Verb, selector: str, shape: Shape, words: str = "", **facts: Any) -> MakePoint:
    known = _USUAL | facts
    return lambda console: Point(
        console=console, verb=verb, selector=selector, shape=shape, words=words, **known
    )


def _click(selector: str, words: str, shape: Shape = Shape.BUTTON, **facts: Any) -> MakePoint:
    return _point(Verb.CLICK, selector, shape, words, **facts)


def _type(selector: str, words: str, value: str, **facts: Any) -> MakePoint:
    return _point(Verb.TYPE, selector, Shape.FIELD, words, value=value, **facts)


def _check(selector: str, words: str, **facts: Any) -> MakePoint:
    return _point(Verb.CHECK, selector, Shape.BOX, words, **facts)


def _select(selector: str, words: str, option: int, **facts: Any) -> MakePoint:
    return _point(Verb.SELECT, selector, Shape.CHOICE, words, value=str(option), **facts)


def _read(selector: str, words: str = "", shape: Shape = Shape.OUTPUT, **facts: Any) -> MakePoint:
    return _point(Verb.READ, selector, shape, words, **facts)


def _console(name: str, start: str, *steps: MakePoint | Wait | Person, signed_in: bool = True) -> Console:
    made: list[Step] = [step if isinstance(step, Wait | Person) else step(name) for step in steps]
    return Console(name=name, start=start, signed_in=signed_in, steps=tuple(made))


CONSOLES = (
    _console(
        "sign_in",
        "/login",
        _type("#email", "E-mail address", EMAIL, has_id=True),
        _type("#password", "Password", PASSWORD, has_id=True),
        _click("text=Sign in", "Sign in"),
        signed_in=False,
    ),
    _console(
        "create_api_key",
        "/api-keys",
        _click("text=Create API Key", "Create API Key", Shape.LINK),
        _type("#name", "Name", "OpenDiscourse Agent", has_id=True),
        _click("text=Create", "Create"),
        _read(".token"),
    ),
    _console(
        "captcha_key",
        "/speech",
        _type("#app", "Name of your app", "Dictation", has_id=True),
        Person.PUZZLE,
        _click("text=Get my key", "Get my key"),
        _read(".sp-key"),
    ),
    _console(
        "clipboard_key",
        "/maps",
        _click("text=Create a key", "Create a key", Shape.SUMMARY),
        _type("input[name=name]", "App name", "Store locator"),
        _click("text=Add key", "Add key"),
        Wait(selector="text=Copy the key before you leave this page"),
        _click("text=Copy key", "Copy key"),
    ),
    _console(
        "create_key_in_modal",
        "/console",
        Wait(selector="[data-testid=key-table][aria-busy=false]"),
        _click("text=New key", "New key"),
        _type("text=Key name", "Key name", "Nightly build", has_id=True),
        _click("text=Generate key", "Generate key"),
        _read("[data-testid=new-key-value]"),
        _click("text=I have saved it", "I have saved it"),
    ),
    _console(
        "deep_link",
        "/projects/alpha/keys/new",
        _type("#display_name", "Display name", "Crawler", has_id=True),
        _click("text=Add key", "Add key"),
        _read("[data-credential=key-string]"),
    ),
    _console(
        "device_key",
        "/deploy",
        _type("#token_name", "Token name", "ci-main", has_id=True),
        _click("text=Request token", "Request token"),
        Wait(selector="[data-waiting-for-device]"),
        Person.DEVICE,
        _read("#deploy-token", shape=Shape.CELL, has_id=True),
    ),
    _console(
        "embedded_key",
        "/payments",
        _click("text=Create secret key", "Create secret key", has_id=True),
        _type("#key-name", "Name of the key", "Billing service", has_id=True, frame="key-service"),
        _check("input[value=write]", "write", bound=True, frame="key-service"),
        _click("text=Issue key", "Issue key", frame="key-service"),
        _read("output.secret", "Secret key", frame="key-service"),
        _click("text=I have stored it", "I have stored it", frame="key-service"),
    ),
    _console(
        "input_key",
        "/mail",
        _click("text=New credential", "New credential", Shape.LINK),
        _type("text=Label", "Label", "Order receipts", has_id=True),
        _select("#credential_domain", "Sending domain", 1, has_id=True),
        _click("text=Generate credential", "Generate credential"),
        _read("input[name=api_key]", "API key", Shape.OUTPUT_FIELD, has_id=True),
        _click("text=All credentials", "All credentials", Shape.LINK),
    ),
    _console(
        "one_key",
        "/notebooks/settings",
        _click("text=Revoke token", "Revoke token"),
        _click("text=Generate token", "Generate token"),
        _read(".nb-token kbd"),
        _click("text=I stored it", "I stored it", Shape.LINK),
    ),
    _console(
        "popup_key",
        "/registry",
        _click("text=Generate token", "Generate token…", Shape.LINK, has_id=True, opens=True),
        _type("#note", "Note", "CI images", has_id=True, window=True),
        _check("input[value=push]", "push and pull", bound=True, window=True),
        _click("text=Generate", "Generate", window=True),
        _read("#token", has_id=True, window=True),
        _click("text=Done", "Done", has_id=True, window=True),
    ),
    _console(
        "revoke_api_key",
        "/api-keys",
        _click("text=Revoke Retired integration", "Revoke Retired integration", Shape.LINK, bound=True),
        Wait(selector="text=Revoke this key?"),
        _click("text=Revoke key", "Revoke key"),
    ),
    _console(
        "sentence_key",
        "/functions",
        _type("#key_caller", "Caller", "Order importer", has_id=True),
        _click("text=Issue key", "Issue key"),
        _read(".flash-notice p"),
    ),
    _console(
        "shadow_key",
        "/telemetry",
        Wait(selector="#sources[aria-busy=false]"),
        _click("text=Add source", "Add source", has_id=True),
        _type("text=Source name", "Source name", "checkout-service", has_id=True),
        _click("text=Continue", "Continue"),
        Wait(selector="text=Confirm scopes"),
        _check("text=Query what was sent", "Query what was sent"),
        _click("text=Confirm and create", "Confirm and create", has_id=True),
        _read("telemetry-secret code", has_id=True),
        _click("text=Finish", "Finish", has_id=True),
    ),
    _console(
        "slow_key",
        "/console-slow/keys?failures=1&delay_ms=0",
        Wait(selector="#batch:not([data-state=loading])"),
        _click("text=Retry", "Retry"),
        _type("[aria-label='Token name']", "Token name", "Night run"),
        _click("text=Create token", "Create token"),
        _read(".bt-token"),
    ),
    _console(
        "strict_key",
        "/custody",
        _click("text=Seal a new key", "Seal a new key"),
        _type("[name=purpose]", "Purpose", "Release signing"),
        _check("[name=understood]", "I know that this key can do everything in the account"),
        _click("text=Seal and show once", "Seal and show once"),
        _read("output", "Signing key"),
        _click("text=Close", "Close"),
    ),
    _console(
        "wrapped_key",
        "/storage",
        _type("[name=for]", "Used by", "Backup job"),
        _select("[name=rights]", "Rights", 1),
        _click("text=Add credential", "Add credential"),
        _read("[data-secret]"),
    ),
)


def console_named(name: str) -> Console:
    """The console of that name."""
    return next(console for console in CONSOLES if console.name == name)
