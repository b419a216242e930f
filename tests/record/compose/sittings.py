"""Sittings at the demo's consoles, as the sanitiser leaves them: by hand, and event for event."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.human.checkpoint import Kind
from tokenbroker.record.recording import (
    TOKEN_MARK,
    Appeared,
    ElementSeen,
    Event,
    FrameSeen,
    Recording,
    TokenSeen,
    What,
)
from tokenbroker.run.targets.engine import Print

CONSOLE = "https://console.example.com"
KEYS = "https://keys.example.com"
SHAPE = "[A-Za-z0-9_]{38,50}"


def way(family: str, value: str, name: str = "") -> Alternative:
    """One alternative."""
    return Alternative(family=Family(family), value=value, name=name)


def element(*ways: Alternative, tag: str = "div", role: str = "", label: str = "", **more) -> ElementSeen:
    """An element to which `ways` lead; `landmark`, `form`, `near` and `caption` are about what is around it."""
    around = {name: more.pop(name) for name in ("landmark", "form", "near", "caption") if name in more}
    seen = Print(
        **{"landmark": "main", "form": "", "near": (), "caption": ""} | around,
        role=role,
        tag="" if role else tag,
        type=more.get("type", ""),
        autocomplete=more.get("autocomplete", ""),
        name=label,
        row="",
        alike=1,
    )
    return ElementSeen(alternatives=ways, print=seen, tag=tag, label=label, **more)


def button(name: str, css: str = "", xpath: str = "", **more) -> ElementSeen:
    """A button with these words."""
    ways = [way("role", "button", name)]
    ways += [way("css", css)] if css else []
    ways += [way("xpath", xpath)] if xpath else []
    return element(*ways, **{"tag": "button", "role": "button", "label": name} | more)


def submit(name: str, css: str = "", xpath: str = "", **more) -> ElementSeen:
    """A button that sends a form."""
    return button(name, css, xpath, **{"type": "submit"} | more)


def text_field(label: str, css: str, xpath: str = "", **more) -> ElementSeen:
    """A field with a label."""
    ways = [way("label", label), way("css", css)]
    ways += [way("xpath", xpath)] if xpath else []
    return element(*ways, **{"tag": "input", "role": "textbox", "label": label, "type": "text"} | more)


def link(name: str, path: str, css: str = "", **more) -> ElementSeen:
    """A link to `path` of the console."""
    ways = [way("role", "link", name)]
    ways += [way("css", css)] if css else []
    return element(*ways, **{"tag": "a", "role": "link", "label": name, "href": f"{CONSOLE}{path}"} | more)


def heading(name: str, css: str = "") -> Appeared:
    """A heading that came."""
    ways = [way("role", "heading", name)]
    ways += [way("css", css)] if css else []
    return Appeared(role="heading", name=name, alternatives=tuple(ways))


@dataclass(kw_only=True)
class Sitting:
    """Notes events one after the other, each at the page that the last one led to."""

    page: str = "about:blank"
    window: int = 0
    frames: tuple[FrameSeen, ...] = ()
    events: list[Event] = field(default_factory=list)

    def note(self, what: What, seen: ElementSeen | None = None, *, to: str = "", shows=(), **more) -> None:
        """One event; `to` is the path that it led to, `shows` the headings that came."""
        came = tuple(
            each if isinstance(each, Appeared) else heading(each)
            for each in ([shows] if isinstance(shows, str) else shows)
        )
        led_to = f"{CONSOLE}{to}" if to.startswith("/") else to
        event = Event(
            what=what, window=self.window, frames=self.frames, page_url=self.page, element=seen, led_to=led_to,
            appeared=came, at_s=float(len(self.events)), **more,
        )  # fmt: skip
        self.events.append(event)
        self.page = led_to or self.page

    def go(self, path: str, *, to: str = "", shows=()) -> None:
        """To `path`, or to where the site leads instead."""
        self.note(What.NAVIGATE, value=f"{CONSOLE}{path}", to=to or path, shows=shows)

    def click(self, seen: ElementSeen, **more) -> None:
        self.note(What.CLICK, seen, **more)

    def type(self, seen: ElementSeen, value: str = "", *, ref: str = "") -> None:
        self.note(What.TYPE, seen, value=value, ref=ref)

    def human(self, kind: Kind, seen: ElementSeen | None = None, **more) -> None:
        self.note(What.HUMAN, seen, human=kind, **more)

    def token(
        self, seen: ElementSeen, around: str = TOKEN_MARK, *, source: str = "text", is_wrapped: bool = False
    ) -> None:
        said = TokenSeen(source=source, around=around, shape=SHAPE, is_wrapped=is_wrapped)
        self.note(What.TOKEN, seen, token=said)

    def recording(self) -> Recording:
        return Recording(events=tuple(self.events))


EMAIL = text_field(
    "E-mail address",
    "#email",
    "//form/input[@type='email']",
    type="email",
    autocomplete="username",
    form=f"{CONSOLE}/login",
)
PASSWORD = text_field(
    "Password",
    "#password",
    "//form/input[@type='password']",
    type="password",
    is_secret=True,
    form=f"{CONSOLE}/login",
)
SIGN_IN = submit(
    "Sign in",
    "button[type=submit]",
    "//main//form/button",
    form=f"{CONSOLE}/login",
    caption="Welcome back",
    near=("E-mail address", "Password"),
)
CODE = text_field(
    "Six digits",
    "#code",
    autocomplete="one-time-code",
    inputmode="numeric",
    max_length=6,
    form=f"{CONSOLE}/login/verify",
)
VERIFY = submit("Verify", "button.primary", form=f"{CONSOLE}/login/verify")


def signed_in(*, at: str = "/login", lands_on: str = "/api-keys") -> Sitting:
    """Signed in with a code, from `at` on, which the site leads to its sign-in page."""
    sitting = Sitting()
    sitting.go(at, to="/login", shows="Welcome back")
    sitting.click(EMAIL)
    sitting.type(EMAIL, ref="secrets:example.email")
    sitting.type(PASSWORD, ref="secrets:example.password")
    sitting.click(SIGN_IN, to="/login/verify", shows=[heading("Security code", "main h1")])
    sitting.human(Kind.OTP, CODE)
    sitting.type(CODE)
    sitting.click(VERIFY, to=lands_on, shows="API keys")
    return sitting


def at_console(path: str, shows: str, *, to: str = "") -> Sitting:
    """Signed in, and led to the console at `path` by the list of products."""
    sitting = signed_in()
    sitting.click(link("Products", "/products", landmark="navigation"), to="/products", shows="Products")
    tile = element(
        way("css", f"a[href='{path}']"),
        way("xpath", f"//main//a[@href='{path}']"),
        tag="a",
        role="link",
        href=f"{CONSOLE}{path}",
    )
    sitting.click(tile, to=to or path, shows=shows)
    return sitting


def reference() -> Sitting:
    """The reference journey."""
    sitting = signed_in()
    sitting.click(link("Access", "/api-keys", landmark="navigation"), to="/api-keys", shows="API keys")
    sitting.click(
        link("Create API Key", "/api-keys/new", "a[href$='/new']"), to="/api-keys/new", shows="Create API Key"
    )
    form = f"{CONSOLE}/api-keys"
    sitting.type(
        text_field("Name", "#name", "//main//form/input[@type='text']", form=form), "OpenDiscourse Agent"
    )
    sitting.click(
        submit("Create", "form button[type=submit]", "//main//form/div/button", form=form, caption="Create API Key", near=("Name", "read", "write")),
        to="/api-keys/created", shows="Your key is ready",
    )  # fmt: skip
    sitting.token(element(way("css", ".token"), way("xpath", "//main//div/code"), tag="code"))
    sitting.click(link("Done", "/api-keys"), to="/api-keys")
    return sitting


def modal() -> Sitting:
    """A dialog that comes late, and a name that differs from run to run."""
    sitting = signed_in()
    sitting.click(link("Workbench", "/console", landmark="navigation"), to="/console", shows="Workbench")
    sitting.click(
        button("New key", "[data-testid=new-key]"), shows=[Appeared(role="dialog", name="Name your key")]
    )
    sitting.type(
        element(
            way("label", "Key name"),
            way("test_id", "key-name"),
            tag="input",
            role="textbox",
            label="Key name",
            type="text",
            landmark="dialog",
        ),
        ref="param:key_name",
    )
    sitting.click(
        element(
            way("test_id", "generate-key"),
            way("role", "button", "Generate key"),
            tag="button",
            role="button",
            label="Generate key",
            type="submit",
            landmark="dialog",
            form=f"{CONSOLE}/console",
        ),
        shows="Your new key",
    )
    sitting.token(
        element(way("test_id", "new-key-value"), way("css", "dialog code"), tag="code", landmark="dialog")
    )
    sitting.click(
        element(
            way("test_id", "copy-key"),
            way("role", "button", "Copy"),
            tag="button",
            role="button",
            label="Copy",
            landmark="dialog",
        )
    )
    sitting.click(
        element(
            way("test_id", "key-saved"),
            way("role", "button", "I have saved it"),
            tag="button",
            role="button",
            label="I have saved it",
            landmark="dialog",
        )
    )
    return sitting


def embedded() -> Sitting:
    """A frame of another origin."""
    sitting = at_console("/payments", "Developers")
    sitting.click(button("Create secret key", "#open-issuer"), shows="Key service")
    sitting.frames = (FrameSeen(name="k3x9f", url=f"{KEYS}/issue?proof=1", selector="#frame-place iframe"),)
    form = f"{KEYS}/issue"
    sitting.type(text_field("Name of the key", "#key-name", form=form), "Billing service")
    sitting.note(
        What.CHECK,
        element(
            way("label", "write"),
            way("css", "input[value=write]"),
            tag="input",
            role="checkbox",
            type="checkbox",
            label="write",
            form=form,
        ),
    )
    sitting.click(button("Issue key", ".act button", form=form), shows="Billing service")
    sitting.token(element(way("label", "Secret key"), way("css", "output.secret"), tag="output"))
    sitting.click(button("I have stored it", "[data-done]"))
    return sitting


def shadow() -> Sitting:
    """Shadow roots, which no XPath leads into, and one dialog after the other."""
    sitting = at_console("/telemetry", "Telemetry")
    sitting.click(button("Add source", "#new"), shows=[Appeared(role="dialog", name="New source")])
    sitting.type(
        element(
            way("label", "Source name"),
            tag="input",
            role="textbox",
            label="Source name",
            type="text",
            landmark="dialog",
        ),
        "checkout-service",
    )
    sitting.click(
        button("Continue", "button.strong", landmark="dialog"),
        shows=[Appeared(role="dialog", name="Confirm scopes")],
    )
    sitting.note(
        What.CHECK,
        element(
            way("label", "Query what was sent"),
            tag="input",
            role="checkbox",
            type="checkbox",
            label="Query what was sent",
            landmark="dialog",
        ),
    )
    sitting.click(
        button("Confirm and create", "#create", landmark="dialog"),
        shows=[Appeared(role="dialog", name="Your ingest key")],
    )
    sitting.token(element(way("css", "telemetry-secret code"), tag="code", landmark="dialog"))
    sitting.click(button("Finish", "#finish", landmark="dialog"))
    return sitting


def wizard() -> Sitting:
    """The same button on each page of a wizard, which does not change its address."""
    sitting = at_console("/telemetry", "Telemetry")
    go_on = button("Continue", "button.strong", landmark="dialog")
    sitting.click(button("Add source", "#new"), shows="New source")
    sitting.type(text_field("Source name", "#source"), "checkout-service")
    sitting.click(go_on, shows="Confirm scopes")
    sitting.click(go_on, shows="Your ingest key")
    sitting.token(element(way("css", "telemetry-secret code"), tag="code", landmark="dialog"))
    return sitting


def popup() -> Sitting:
    """A window of its own."""
    sitting = at_console("/registry", "Registry")
    sitting.click(
        element(way("role", "button", "Generate token…"), way("css", "#generate"), tag="a", role="button", label="Generate token…", href=f"{CONSOLE}/registry/tokens/new"),
        opens=1, shows="Generate a registry token",
    )  # fmt: skip
    sitting.window, sitting.page = 1, f"{CONSOLE}/registry/tokens/new"
    form = f"{CONSOLE}/registry/tokens/new"
    sitting.type(text_field("Note", "#note", form=form), "CI images")
    push = element(
        way("label", "push and pull"),
        way("css", "input[value=push]"),
        tag="input",
        role="radio",
        type="radio",
        label="push and pull",
        form=form,
    )
    sitting.click(push)
    sitting.note(What.CHECK, push)
    sitting.click(
        submit("Generate", ".bottom button", form=form), to="/registry/tokens/one", shows="Token generated"
    )
    sitting.token(element(way("css", "#token"), way("xpath", "//samp"), tag="samp"))
    sitting.click(button("Done", "#done"))
    return sitting


def sentence() -> Sitting:
    """The token in the middle of a sentence."""
    sitting = at_console("/functions", "Functions")
    form = f"{CONSOLE}/functions/keys"
    sitting.type(text_field("Caller", "#key_caller", form=form, name="caller"), "Order importer")
    sitting.click(
        submit("Issue key", "input[name=commit]", form=form, tag="input"), to="/functions", shows="Functions"
    )
    sitting.token(
        element(way("css", ".flash-notice p"), way("xpath", "//div[@role='status']/p"), tag="p"),
        f"Your new key is {TOKEN_MARK}. It is shown once, so copy it now.",
    )
    return sitting


def wrapped() -> Sitting:
    """The token cut into lines, in one block with other words."""
    sitting = at_console("/storage", "Buckets")
    sitting.click(
        link("Credentials", "/storage#credentials", landmark="navigation"), to="/storage#credentials"
    )
    form = f"{CONSOLE}/storage/credentials"
    sitting.type(text_field("Used by", "[name=for]", form=form), "Backup job")
    sitting.note(
        What.SELECT,
        element(
            way("xpath", "//main//form//select"),
            way("css", "[name=rights]"),
            tag="select",
            role="combobox",
            label="Rights",
            form=form,
        ),
        value="Read and write",
    )
    sitting.click(button("Add credential", ".toolbar__add", form=form), to="/storage", shows="Buckets")
    sitting.token(
        element(way("css", "[data-secret]"), tag="div", role="button", label="Click to copy"),
        f" {TOKEN_MARK}\n Click to copy ",
        is_wrapped=True,
    )
    return sitting


def clipboard() -> Sitting:
    """A token that is never shown."""
    sitting = at_console("/maps", "Maps")
    sitting.click(
        element(way("text", "Create a key"), way("css", "summary"), tag="summary", label="Create a key")
    )
    form = f"{CONSOLE}/maps/api/keys"
    sitting.type(text_field("App name", "input[name=name]", form=form), "Store locator")
    sitting.click(submit("Add key", "#new-map-key button", form=form), shows="Store locator")
    copy = button("Copy key", "[data-action=copy]")
    sitting.click(copy)
    sitting.token(copy, "", source="clipboard")
    return sitting


def device() -> Sitting:
    """A token that comes once it was approved on the phone."""
    sitting = at_console("/deploy", "Deploy tokens")
    form = f"{CONSOLE}/deploy/tokens"
    sitting.type(text_field("Token name", "#token_name", form=form), "ci-main")
    sitting.click(
        button("Request token", ".dp-go", form=form), to="/deploy/tokens/waiting", shows="Check your phone"
    )
    sitting.human(Kind.DEVICE, to="/deploy/tokens/made")
    sitting.token(element(way("css", "#deploy-token"), tag="td"))
    sitting.click(link("Done", "/deploy"), to="/deploy")
    return sitting


def captcha() -> Sitting:
    """A puzzle before the key is made."""
    sitting = at_console("/speech", "Speech to text")
    form = f"{CONSOLE}/speech/keys"
    sitting.type(text_field("Name of your app", "#app", form=form), "Dictation")
    sitting.human(
        Kind.ACTION,
        element(
            way("css", "[data-captcha-checkbox]"), tag="span", role="checkbox", label="I'm human", form=form
        ),
    )
    sitting.click(button("Get my key", ".sp-get", form=form), to="/speech/key", shows="Your key")
    sitting.token(element(way("css", ".sp-key"), way("xpath", "//main//blockquote"), tag="blockquote"))
    return sitting


def one_key() -> Sitting:
    """An old token is revoked first, and the browser asks whether it may."""
    sitting = at_console("/notebooks", "Settings", to="/notebooks/settings")
    sitting.click(
        button("Revoke token", ".nb-button-red", form=f"{CONSOLE}/notebooks/settings/token/revoke"),
        dialog="accept",
    )
    sitting.click(button("Generate token", ".nb-button-blue", form=f"{CONSOLE}/notebooks/settings/token"))
    sitting.token(element(way("css", ".nb-token kbd"), way("xpath", "//dd//kbd"), tag="kbd"))
    sitting.click(link("I stored it", "/notebooks/settings"), to="/notebooks/settings")
    return sitting


def deep_link() -> Sitting:
    """A form that asks a stranger to sign in, and forgets where he wanted to go."""
    sitting = signed_in(at="/projects/alpha/keys/new", lands_on="/products")
    sitting.go("/projects/alpha/keys/new", shows="New key for alpha")
    form = f"{CONSOLE}/projects/alpha/keys"
    sitting.type(text_field("Display name", "#display_name", form=form), "Crawler")
    sitting.click(
        submit("Add key", ".pj-actions button", form=form), to="/projects/alpha/keys/made", shows="Key added"
    )
    sitting.token(element(way("css", "[data-credential=key-string]"), tag="span"))
    sitting.click(link("Close", "/projects"), to="/projects")
    return sitting


def slow() -> Sitting:
    """A list that has to be asked for again."""
    sitting = signed_in()
    sitting.go("/console-slow/keys?failures=1&delay_ms=900", shows="Batch")
    sitting.click(button("Retry", "[data-act=retry]"))
    sitting.type(
        element(
            way("label", "Token name"),
            way("css", "[aria-label='Token name']"),
            tag="input",
            role="textbox",
            label="Token name",
            type="text",
        ),
        "Night run",
    )
    sitting.click(button("Create token", ".bt-place button"))
    sitting.token(element(way("css", ".bt-token"), tag="span"))
    return sitting


def strict() -> Sitting:
    """A page that is drawn by its script alone."""
    sitting = at_console("/custody", "Signing keys")
    sitting.click(button("Seal a new key", "[data-go=form]"), shows="Seal a new key")
    sitting.type(text_field("Purpose", "[name=purpose]", form=f"{CONSOLE}/custody"), "Release signing")
    sitting.note(
        What.CHECK,
        element(
            way("label", "I know that this key can do everything in the account"),
            way("css", "[name=understood]"),
            tag="input",
            role="checkbox",
            type="checkbox",
            label="I know that this key can do everything in the account",
        ),
    )
    sitting.click(
        button("Seal and show once", "form button", form=f"{CONSOLE}/custody"), shows="Release signing"
    )
    sitting.token(element(way("label", "Signing key"), way("css", "output"), tag="output"))
    sitting.click(button("Close", "[data-go=overview]"))
    return sitting


def input_key() -> Sitting:
    """A token in a field that can't be written to."""
    sitting = at_console("/mail", "Mail")
    sitting.click(
        link("New credential", "/mail/credentials/new", ".mail-btn-primary"),
        to="/mail/credentials/new",
        shows="New credential",
    )
    form = f"{CONSOLE}/mail/credentials"
    sitting.type(text_field("Label", "#credential_label", form=form), "Order receipts")
    sitting.note(
        What.SELECT,
        element(
            way("label", "Sending domain"),
            way("css", "#credential_domain"),
            tag="select",
            role="combobox",
            label="Sending domain",
            form=form,
        ),
        value="notify.acme-robotics.example",
    )
    sitting.click(
        submit("Generate credential", ".mail-form-foot input", form=form, tag="input"),
        to="/mail/credentials/one",
        shows="Order receipts",
    )
    sitting.token(text_field("API key", "input[name=api_key]"), source="value")
    sitting.click(link("All credentials", "/mail"), to="/mail")
    return sitting


CONSOLES: dict[str, Callable[[], Sitting]] = {
    "reference": reference,
    "modal": modal,
    "embedded": embedded,
    "shadow": shadow,
    "wizard": wizard,
    "popup": popup,
    "sentence": sentence,
    "wrapped": wrapped,
    "clipboard": clipboard,
    "device": device,
    "captcha": captcha,
    "one_key": one_key,
    "deep_link": deep_link,
    "slow": slow,
    "strict": strict,
    "input_key": input_key,
}
