"""What a person does by hand at each console of the demo site to get a key: words that they see, and no selector."""

from typing import Any

Act = dict[str, Any]
SITE = "https://console.example.com"
TOKEN = r"exk_live_[A-Za-z0-9_-]{10,}"


def sign_in(email: str, password: str) -> list[Act]:
    return [
        {"do": "type", "into": "E-mail address", "text": email},
        {"do": "type", "into": "Password", "text": password},
        {"do": "press", "words": "Sign in"},
        {"do": "code"},
    ]


def _product(words: str) -> Act:
    """A card of the page of products, known by the name that stands in it."""
    return {"do": "press_card", "words": words}


def press(words: str) -> Act:
    return {"do": "press", "words": words}


def fill(into: str, text: str) -> Act:
    return {"do": "type", "into": into, "text": text}


def the_token(like: str = TOKEN) -> list[Act]:
    return [{"do": "panel", "says": "This is the token"}, {"do": "pick", "like": like}]


FINISH: Act = {"do": "panel", "says": "Finish", "ends": True}
BY_HAND: Act = {"do": "panel", "says": "I answer 2FA here"}
DONE: Act = {"do": "panel", "says": "I am done"}

EARLIER = "Personal notebook token"
"""A key that the account has to have at first: at Notebooks, which allows one, it is in the way."""

JOURNEYS: dict[str, list[Act]] = {
    "create_api_key": [
        press("Access"), press("Create API Key"), fill("Name", "OpenDiscourse Agent"), press("Create"), *the_token(),
    ],
    "create_key_in_modal": [
        press("Workbench"), press("New key"), fill("Key name", "Nightly build"), press("Generate key"), *the_token(),
        press("I have saved it"),
    ],
    "input_key": [
        press("Products"), _product("Mail"), press("New credential"), fill("Label", "Order receipts"),
        {"do": "choose", "in": "Sending domain", "option": "notify"}, press("Generate credential"), *the_token(),
    ],
    "clipboard_key": [
        press("Products"), _product("Maps"), press("Create a key"), fill("App name", "Store locator"), press("Add key"),
        *the_token("^\\s*Copy key\\s*$"),
    ],
    "embedded_key": [
        press("Products"), _product("Payments"), press("Create secret key"), fill("Name of the key", "Billing service"),
        {"do": "tick", "words": "write"}, press("Issue key"), *the_token(), press("I have stored it"),
    ],
    "shadow_key": [
        press("Products"), _product("Telemetry"), press("Add source"), fill("Source name", "checkout-service"), press("Continue"),
        {"do": "tick", "words": "Query what was sent"}, press("Confirm and create"), *the_token(), press("Finish"),
    ],
    "popup_key": [
        press("Products"), _product("Registry"), press("Generate token"), fill("Note", "CI images"), {"do": "tick", "words": "push and pull"},
        press("Generate"), *the_token(), press("Done"),
    ],
    "sentence_key": [
        press("Products"), _product("Functions"), fill("Caller", "Order importer"), press("Issue key"), *the_token(),
    ],
    "wrapped_key": [
        press("Products"), _product("Storage"), fill("Used by", "Backup job"), {"do": "choose", "in": "Rights", "option": "Read and write"},
        press("Add credential"), *the_token("^\\s*exk_live_[A-Za-z0-9]"),
    ],
    "device_key": [
        press("Products"), _product("Deploy"), fill("Token name", "ci-main"), press("Request token"), BY_HAND,
        {"do": "approve", "when": "Check your phone"}, DONE, *the_token(),
    ],
    "captcha_key": [
        press("Products"), _product("Speech"), fill("Name of your app", "Dictation"), BY_HAND, {"do": "solve"}, DONE, press("Get my key"),
        *the_token(),
    ],
    "one_key": [
        press("Products"), _product("Notebooks"), press("Revoke token"), press("Generate token"), *the_token(), press("I stored it"),
    ],
    "deep_link": [
        # The sign-in ends elsewhere: the form is asked for again.
        {"do": "wait", "for": "Each product has keys"}, {"do": "go", "address": f"{SITE}/projects/alpha/keys/new"}, fill("Display name", "Crawler"), press("Add key"),
        *the_token(),
    ],
    "slow_key": [
        press("Products"), _product("Batch"), press("Retry"), fill("Token name", "Night run"), press("Create token"), *the_token(),
    ],
    "strict_key": [
        press("Products"), _product("Custody"), press("Seal a new key"), fill("Purpose", "Release signing"),
        {"do": "tick", "words": "I know that this key"}, press("Seal and show once"), *the_token(), press("Close"),
    ],
}  # fmt: skip
"""By the names of the flows in ``flows/examplecloud``; what comes after the sign-in, before `FINISH`."""


def begins_at(console: str) -> str:
    """Where a person begins who wants a key of `console`."""
    return f"{SITE}/projects/alpha/keys/new" if console == "deep_link" else f"{SITE}/login"


CHOSEN = {"sending_domain": "notify.acme-robotics.example"}
"""What is chosen from a list and tells of an account, by the parameter that stands for it."""
