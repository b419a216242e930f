"""What each verb and option of the flow language is in a spec."""

from pathlib import Path
from typing import Any

import pytest

from tokenbroker.record.draft import Draft, DraftParam, DraftStep
from tokenbroker.record.emit.literal import regular_expression
from tokenbroker.record.emit.spec import SUPPORT_NAME, emit_spec, emit_support, spec_path
from tokenbroker.run.steps import STEPS

pytestmark = pytest.mark.req("REC-1")

SNAPSHOTS = Path(__file__).with_name("snapshots")
SITE = "https://console.example.com"


def step(verb: str, shape: str = "", comment: str = "", **options: Any) -> DraftStep:
    renamed = {name.rstrip("_"): value for name, value in options.items()}
    return DraftStep(verb=verb, options=renamed, shape=shape, comment=comment)


def draft(*steps: DraftStep, **more: Any) -> Draft:
    return Draft(**{"site": "examplecloud", "flow": "one", "description": "", **more}, steps=steps)


def lines(*steps: DraftStep, **more: Any) -> list[str]:
    """The lines of the test's body for `steps`."""
    _, _, body = emit_spec(draft(*steps, **more)).partition("}) => {\n")
    return [line.removeprefix("  ") for line in body.removesuffix("});\n").splitlines()]


ROLE = [{"role": "button", "name": "Create"}, {"css": "form button"}]
LABEL = [{"label": "Key name"}, {"css": "#name"}]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (step("navigate", url=f"{SITE}/login?a=1#b"), "await page.goto(`${CONSOLE}/login?a=1#b`);"),
        (step("navigate", url=SITE), "await page.goto(CONSOLE);"),
        (step("click", selector=ROLE), "await page.getByRole('button', { name: 'Create', exact: true }).click();"),
        (step("click", selector={"any": ROLE, "fingerprint": {"role": "button"}}), "await page.getByRole('button', { name: 'Create', exact: true }).click();"),
        (step("click", selector="text=Create"), "await (await named(page, 'Create')).click();"),
        (step("click", selector='text="Create"'), "await page.getByText('Create', { exact: true }).click();"),
        (step("click", selector="button[type=submit]"), "await page.locator('button[type=submit]').click();"),
        (step("click", selector="[data-testid=new-key]"), "await page.getByTestId('new-key').click();"),
        (step("click", selector="form >> text=Create"), "await page.locator('form >> text=Create').click();"),
        (step("type", selector=LABEL, value="It's"), """await page.getByLabel('Key name', { exact: true }).fill("It's");"""),
        (step("type", selector="text=Key name", value="x"), "await page.getByLabel('Key name', { exact: true }).fill('x');"),
        (step("type", selector=[{"text": "Key name"}, {"css": "a"}], value="x"), "await page.getByLabel('Key name', { exact: true }).fill('x');"),
        (step("type", selector=[{"placeholder": "Name"}, {"css": "a"}], value="x"), "await page.getByPlaceholder('Name', { exact: true }).fill('x');"),
        (step("type", selector=[{"test_id": "name"}, {"css": "a"}], value="x"), "await page.getByTestId('name').fill('x');"),
        (step("type", selector=[{"xpath": "//input"}, {"css": "a"}], value="x"), "await page.locator('xpath=//input').fill('x');"),
        (step("type", selector=[{"css": "a=b >> c"}, {"label": "a"}], value="x"), "await page.locator('css=a=b >> c').fill('x');"),
        (step("type", selector=[{"role": "cell-like", "name": "a"}, {"css": "a"}], value="x"), """await page.locator('[role="cell-like"]', { hasText: 'a' }).fill('x');"""),
        (step("select", selector="#region", value="Europe"), "await page.locator('#region').selectOption('Europe');"),
        (step("check", selector="#agree"), "await page.locator('#agree').check();"),
        (step("check", selector="#agree", checked=False), "await page.locator('#agree').uncheck();"),
        (step("check", selector="text=I agree"), "await page.getByLabel('I agree', { exact: true }).check();"),
        (step("press", key="Enter"), "await page.keyboard.press('Enter');"),
        (step("press", key="Enter", selector="#name"), "await page.locator('#name').press('Enter');"),
        (step("wait_for", selector="text=Security code"), "await shown(page.getByText('Security code'));"),
        (step("wait_for", selector="#wait", state="hidden"), "await gone(page.locator('#wait'));"),
        (step("wait_for", url=f"{SITE}/keys/**"), "await page.waitForURL(`${CONSOLE}/keys/**`);"),
        (step("wait_for", url="https://*.example.com/"), "await page.waitForURL('https://*.example.com/');"),
        (step("expect", selector="li"), "await shown(page.locator('li'));"),
        (step("expect", selector="li", state="hidden"), "await gone(page.locator('li'));"),
        (step("expect", selector="li", text="Done"), "await shown(page.locator('li').filter({ hasText: 'Done' }));"),
        (step("expect", selector="#a", state="enabled"), "await expect.poll(() => page.locator('#a').isEnabled()).toBe(true);"),
        (step("expect", selector="#a", state="disabled"), "await expect.poll(() => page.locator('#a').isDisabled()).toBe(true);"),
        (step("expect", selector="#a", state="checked"), "await expect.poll(() => page.locator('#a').isChecked()).toBe(true);"),
        (step("expect", selector="#a", state="unchecked"), "await expect.poll(() => page.locator('#a').isChecked()).toBe(false);"),
        (step("wait_human", reason="Enter 2FA"), "await human('Enter 2FA');"),
        (step("wait_human", reason="Enter 2FA", kind="otp"), "await human('Enter 2FA', 'otp');"),
    ],
)  # fmt: skip
def test_a_step_is_one_statement(given: DraftStep, wanted: str) -> None:
    assert lines(given) == [wanted]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            step("click", selector="#a", opens="token-window"),
            [
                "const tokenWindowOpening = page.waitForEvent('popup');",
                "await page.locator('#a').click();",
                "const tokenWindow = await tokenWindowOpening;",
            ],
        ),
        (
            step("click", selector="#a", dialog="dismiss"),
            ["page.once('dialog', (dialog) => dialog.dismiss());", "await page.locator('#a').click();"],
        ),
        (
            step("click", selector="#a", creates={"name": "CI", "revoke": f"{SITE}/keys"}),
            [
                "// This creates “CI” on the site; to revoke it: https://console.example.com/keys",
                "await page.locator('#a').click();",
            ],
        ),
        (
            step("type", selector="#a", value="x", frame={"name": "key-service"}),
            [
                """const keyServiceFrame = page.frameLocator('iframe:is([name="key-service"], [id="key-service"])');""",
                "await keyServiceFrame.locator('#a').fill('x');",
            ],
        ),
        (
            step("type", selector="#a", value="x", frame={"url": "https://keys.example.com/**"}),
            [
                "const keysFrame = await frameAt(page, `${KEYS}/**`);",
                "await keysFrame.locator('#a').fill('x');",
            ],
        ),
        (
            step("type", selector="#a", value="x", frame=[{"name": "console"}, {"selector": "iframe.keys"}]),
            [
                """const consoleFrame = page.frameLocator('iframe:is([name="console"], [id="console"])');""",
                "const frame = consoleFrame.frameLocator('iframe.keys');",
                "await frame.locator('#a').fill('x');",
            ],
        ),
        (
            step("wait_human", reason="Approve it", kind="device", until="#token", denied="#no"),
            [
                "await human('Approve it', 'device');",
                "await shown(page.locator('#token'), { unless: page.locator('#no') });",
            ],
        ),
        (
            step("wait_human", reason="Approve it", kind="device", denied="#no"),
            [
                "const askedAt = page.url();",
                "await human('Approve it', 'device');",
                "await page.waitForURL((url) => url.href !== askedAt);",
                "if (await page.locator('#no').isVisible()) throw new Error('It was denied.');",
            ],
        ),
        (
            step("press", key="Enter", comment="The form has no button.\nReally."),
            ["// The form has no button. Really.", "await page.keyboard.press('Enter');"],
        ),
        (
            step("verify_token", url=f"{SITE}/api/whoami"),
            ["// The step verify_token of the flow has no counterpart here."],
        ),
    ],
)
def test_what_takes_more_than_one_statement(given: DraftStep, wanted: list[str]) -> None:
    assert lines(given) == wanted


@pytest.mark.parametrize(
    ("given", "call"),
    [
        (step("capture_token", selector=".token"), "readToken(page.locator('.token'))"),
        (
            step("capture_token", selector=".token", shape="exk_[a-z]{8}"),
            "readToken(page.locator('.token'), { shape: /^exk_[a-z]{8}$/ })",
        ),
        (
            step("capture_token", selector="#a", from_="value", unwrap=True),
            "readToken(page.locator('#a'), { from: 'value', unwrap: true })",
        ),
        (
            step("capture_token", selector="#a", from_="attribute", attribute="data-key"),
            "readToken(page.locator('#a'), { from: { attribute: 'data-key' } })",
        ),
        (
            step("capture_token", selector="#a", pattern=r"(?s)key/(\S+)\."),
            r"readToken(page.locator('#a'), { pattern: /key\/(\S+)\./s })",
        ),
        (step("capture_token", selector="#a", from_="clipboard"), "copyToken(page.locator('#a'))"),
        (
            step("capture_token", selector="text=Copy", from_="clipboard"),
            "copyToken(await named(page, 'Copy'))",
        ),
    ],
)
def test_a_token_is_read_and_handed_on(given: DraftStep, call: str) -> None:
    capture = DraftStep(
        verb=given.verb, options={**given.options, "secret_ref": "tokens:a/b"}, shape=given.shape
    )
    assert lines(capture) == [f"const token = await {call};", "await keep('tokens:a/b', token);"]


def test_a_second_token_has_a_name_of_its_own() -> None:
    capture = step("capture_token", selector="#a", secret_ref="tokens:a")
    assert lines(capture, capture)[2] == "const token2 = await readToken(page.locator('#a'));"


def test_a_window_and_a_frame_are_declared_once() -> None:
    frame = {"selector": "iframe"}
    said = lines(
        step("click", selector="#a", opens="keys"),
        step("check", selector="#b", page="keys", frame=frame),
        step("check", selector="#c", page="keys", frame=frame),
    )
    assert said[3:5] == [
        "const frame = keysWindow.frameLocator('iframe');",
        "await frame.locator('#b').check();",
    ]
    assert said[5:] == ["await mayClose(keysWindow, frame.locator('#c').check());"]


def test_the_last_act_in_a_window_may_close_it() -> None:
    steps = [step("click", selector="#a", page="keys"), step("press", key="Enter", page="keys")]
    said = lines(step("click", selector="#a", opens="keys"), *steps, step("click", selector="#a"))
    assert said[3:] == [
        "await keysWindow.locator('#a').click();",
        "await mayClose(keysWindow, keysWindow.keyboard.press('Enter'));",
        "await page.locator('#a').click();",
    ]


def test_values_come_from_the_environment_and_what_is_private_goes_into_no_report() -> None:
    references = (
        "secrets:example.email",
        "secrets:${account}/login#otp",
        "env:CI_USER",
        "param:team",
        "param:owner",
    )
    steps = [step("type", selector="#a", value_ref=reference) for reference in references]
    params = (DraftParam(name="team", default="it's"), DraftParam(name="owner", personal=True))
    assert lines(*steps, params=params) == [
        "const { EXAMPLE_EMAIL, ACCOUNT_LOGIN_OTP, CI_USER, PARAM_OWNER } = environment(",
        "  'EXAMPLE_EMAIL',",
        "  'ACCOUNT_LOGIN_OTP',",
        "  'CI_USER',",
        "  'PARAM_OWNER',",
        ");",
        """const PARAM_TEAM = process.env.PARAM_TEAM ?? "it's";""",
        "",
        "await enter(page.locator('#a'), EXAMPLE_EMAIL);",
        "await enter(page.locator('#a'), ACCOUNT_LOGIN_OTP);",
        "await enter(page.locator('#a'), CI_USER);",
        "await page.locator('#a').fill(PARAM_TEAM);",
        "await enter(page.locator('#a'), PARAM_OWNER);",
    ]  # fmt: skip


def test_references_that_look_alike_have_variables_of_their_own() -> None:
    steps = [
        step("type", selector="#a", value_ref=f"secrets:{name}") for name in ("a.b", "a/b", "console", "1")
    ]
    said = "\n".join(lines(*steps, step("navigate", url=SITE)))
    assert "environment('A_B', 'A_B_2', 'CONSOLE', 'HOST_1')" in said
    assert "page.goto(CONSOLE_EXAMPLE_COM);" in said


def test_two_origins_have_a_constant_each() -> None:
    addresses = (SITE, "https://console.example.org", "http://127.0.0.1:8080", "https://www.example.net")
    text = emit_spec(draft(*(step("navigate", url=f"{each}/a") for each in addresses)))
    assert [line for line in text.splitlines() if line.startswith("const ")] == [
        "const CONSOLE = origin('CONSOLE_EXAMPLE_COM_URL', 'https://console.example.com');",
        "const CONSOLE_EXAMPLE_ORG = origin('CONSOLE_EXAMPLE_ORG_URL', 'https://console.example.org');",
        "const HOST_127_0_0_1_8080 = origin('HOST_127_0_0_1_8080_URL', 'http://127.0.0.1:8080');",
        "const EXAMPLE = origin('WWW_EXAMPLE_NET_URL', 'https://www.example.net');",
    ]


def test_a_long_statement_is_broken_as_prettier_does() -> None:
    name = "A very long name of a button that does a great many things at once, and then some more"
    assert lines(step("click", selector=[{"role": "button", "name": name}, {"css": "a"}])) == [
        "await page",
        f"  .getByRole('button', {{ name: '{name}', exact: true }})",
        "  .click();",
    ]


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (r"(?is)a/b", r"/a\/b/is"),
        (r"[]/]\A\Z", r"/[\]\/]^$/"),
        (r"(?P<token>\w+)", r"/(?<token>\w+)/"),
        (r"(?<!a)(?:b|c)(?=d){,3}", "/(?<!a)(?:b|c)(?=d){0,3}/"),
        (r"a+?\++", r"/a+?\++/"),
        ("a\n\u2028", r"/a\n\u2028/"),
        ("", "/(?:)/"),
        *((pattern, None) for pattern in (r"a++", "(?i:a)", r"(?P<a>x)(?P=a)", "(?>a)", r"\N{DIGIT ONE}", r"\a", "(")),
    ],
)  # fmt: skip
def test_a_pattern_means_the_same_in_javascript_or_is_not_used(pattern: str, wanted: str | None) -> None:
    assert regular_expression(pattern) == wanted


def test_a_pattern_that_javascript_has_not_is_told() -> None:
    said = lines(step("capture_token", selector="#a", secret_ref="tokens:a", pattern="(a++)", shape="a|b"))
    assert said[:2] == [
        "// JavaScript has no expression for the flow's pattern: (a++)",
        "const token = await readToken(page.locator('#a'), { shape: /^(?:a|b)$/ });",
    ]


def test_every_verb_that_is_recorded_has_a_counterpart() -> None:
    given = {
        "selector": "a",
        "url": SITE,
        "key": "Enter",
        "value": "a",
        "reason": "abc",
        "secret_ref": "tokens:a",
    }
    missing = [
        verb for verb in STEPS if "no counterpart" in "".join(lines(DraftStep(verb=verb, options=given)))
    ]
    assert missing == ["verify_token"]


def test_the_head_tells_what_is_to_be_looked_at() -> None:
    text = emit_spec(draft(description="Makes a key.", notes=("The key's name was kept as it was typed.",)))
    assert text.startswith("// Recorded by tokenbroker: examplecloud/one. Makes a key.\n")
    assert "// To look at before this is used:\n//   - The key's name was kept as it was typed.\n" in text


def test_the_reference_flow() -> None:
    steps = (
        step("navigate", url=f"{SITE}/login"),
        step("type", selector=[{"label": "E-mail address"}, {"css": "#email"}], value_ref="secrets:example.email"),
        step("type", selector=[{"label": "Password"}, {"css": "#password"}], value_ref="secrets:example.password"),
        step("click", selector=[{"role": "button", "name": "Sign in"}, {"css": "button[type=submit]"}]),
        step("wait_for", selector=[{"role": "heading", "name": "Security code"}, {"css": "main h1"}]),
        step("wait_human", reason="Enter the code that was sent to the phone", kind="otp"),
        step("navigate", url=f"{SITE}/api-keys"),
        step("click", selector=[{"role": "link", "name": "Create API Key"}, {"css": "a[href$='/new']"}]),
        step("type", selector=LABEL, value_ref="param:key_name"),
        step("click", selector=ROLE, creates={"revoke": f"{SITE}/api-keys"}),
        step("capture_token", selector=[{"css": ".token"}, {"xpath": "//main//code"}], secret_ref="tokens:example/key", shape="exk_live_[A-Za-z0-9]{32}"),
    )  # fmt: skip
    params = (DraftParam(name="key_name", default="OpenDiscourse Agent", label="Name"),)
    made = draft(*steps, flow="create_api_key", description="Makes an API key.", params=params)
    assert emit_spec(made) == (SNAPSHOTS / "create_api_key.spec.ts").read_text(encoding="utf-8")
    assert spec_path(made) == "examplecloud/create_api_key.spec.ts"


def test_what_specs_share_imports_nothing_but_playwright_and_node() -> None:
    text = emit_support()
    imported = [
        line.rpartition(" from ")[2] for line in text.splitlines() if " from '" in line and line[0] != "/"
    ]
    assert imported == ["'node:timers/promises';", "'@playwright/test';"]
    assert SUPPORT_NAME == "tokenbroker.ts"
