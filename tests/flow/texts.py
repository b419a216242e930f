"""Flow texts, and the way from a text to a Flow."""

from pathlib import Path

from tokenbroker.flow.load import loads
from tokenbroker.flow.model import Flow
from tokenbroker.run.steps import STEPS

REFERENCE = """\
version: 1
site: examplecloud
flow: create_api_key
allowed_automation: guided|semi_auto
steps:
  - navigate: "https://console.example.com/login"
  - type: { selector: "#email", value_ref: "secrets:example.email" }
  - type: { selector: "#password", value_ref: "secrets:example.password" }
  - click: { selector: "button[type=submit]" }
  - wait_for: { selector: "text=Security code" }
  - wait_human: { reason: "Enter 2FA" }
  - navigate: "https://console.example.com/api-keys"
  - click: { selector: "text=Create API Key" }
  - type: { selector: "#name", value: "OpenDiscourse Agent" }
  - click: { selector: "text=Create" }
  - capture_token: { selector: ".token", secret_ref: "bitwarden:example/opendiscourse" }
"""

EVERY_VERB = """\
version: 1
site: examplecloud
flow: every_verb
description: One of each.
allowed_automation: [guided, semi_auto]
tags: [demo, nightly]
origins: ["https://console.example.com", "http://127.0.0.1:8000"]
params:
  account: { pattern: "[a-z]+", required: true, personal: true, description: whose }
  note: { default: "" }
  plain:
expect_outcome: { status: failed, reason: expect.failed }
steps:
  - navigate: { url: "https://console.example.com/" }
    id: open
    name: Open the console
    timeout: 500ms
  - type: { selector: "#account", value_ref: "param:account" }
    when: "#account"
    unless: "text=Signed in"
  - click: "text=Next"
  - select: { selector: "#plan", value: free }
    timeout: 1.5
  - check: { selector: "#terms", checked: true }
  - press: Enter
  - wait_for: { url: "https://console.example.com/**" }
    timeout: 2m
  - wait_human: { reason: Approve it, kind: device, until: "#done" }
  - expect: { selector: h1, text: Welcome }
  - type: { selector: "#region", value_ref: "env:REGION" }
  - click: { selector: "#make", creates: { name: nightly, revoke: examplecloud/revoke } }
  - capture_token: { selector: .token, secret_ref: "vault:example/key" }
  - verify_token: { url: "https://console.example.com/api/me", status: 204, header: X-API-Key }
  - click: { selector: "text=Show", frame: { url: "https://console.example.com/**" }, opens: keys, dialog: accept }
  - check: { selector: "#yes", page: keys, frame: [{ name: outer }, { selector: iframe }], dialog: dismiss }
  - capture_token: { selector: .copy, secret_ref: "vault:example/id", from: clipboard, page: keys, unwrap: true }
  - capture_token:
      selector: .key
      secret_ref: "vault:example/secret"
      from: attribute
      attribute: data-key
      pattern: 'Your key is (\\S+)\\.'
"""

SETS_AND_RETRIES = """\
version: 1
site: examplecloud
flow: sets
allowed_automation: semi_auto
steps:
  - navigate: https://console.example.com/
    retry: 2
  - type:
      selector: [{ label: Name }, { css: "#name" }]
      value: nightly
    when: [{ role: heading, name: Keys }, { xpath: //h1 }]
  - click:
      selector:
        any: [{ test_id: make }, { role: button, name: Create }]
        fingerprint: { role: button, form: "https://console.example.com/keys/*", name: 0a1b, near: [22ff], alike: 1 }
    retry:
      times: 2
      expect: { selector: { any: [{ text: None yet }], fingerprint: { tag: p, row: 00aa } }, text: yet }
  - wait_human: { reason: Approve it, kind: otp, until: [{ placeholder: Code }, { css: "#code" }] }
"""


def flow_text(*steps: str, head: str = "", automation: str = "semi_auto") -> str:
    """A flow with these lines as its steps; `head` are further lines above them. Steps begin at line 5."""
    lines = ["version: 1", "site: example", "flow: sample", f"allowed_automation: {automation}"]
    lines += [*head.splitlines(), "steps:", *(f"  {step}" for step in steps or ("- click: '#go'",))]
    return "\n".join(lines) + "\n"


def flow_from(text: str | bytes, path: str = "flow.yaml") -> Flow:
    """The Flow that `text` is."""
    return loads(text, STEPS, path=Path(path))
