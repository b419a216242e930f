"""The statements of a spec: what each verb of the flow language is in Playwright."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tokenbroker.flow.selector import selector_of
from tokenbroker.record.draft import DraftParam, DraftStep
from tokenbroker.record.emit.layout import Chain, awaited, call, call_with_options
from tokenbroker.record.emit.literal import comment, regular_expression, string, template
from tokenbroker.record.emit.locators import Target, frame_element, target_of
from tokenbroker.record.emit.names import Names, Place, Value, camel, origin_of

Options = Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class Writer:
    """Writes the steps of one flow, and takes note of what its file needs for that."""

    params: Mapping[str, DraftParam]
    steps: Sequence[DraftStep]
    names: Names = field(default_factory=Names)
    imports: set[str] = field(default_factory=set)
    fixtures: set[str] = field(default_factory=lambda: {"page"})
    places: dict[str, Place] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    _windows: dict[str, str] = field(default_factory=dict)
    _frames: dict[str, str] = field(default_factory=dict)

    def body(self) -> list[str]:
        """The lines of all steps."""
        return [line for step in self.steps for line in self._statements(step)]

    def _statements(self, step: DraftStep) -> list[str]:
        """The lines of `step`, with its comment."""
        write = _VERBS.get(step.verb)
        said = [f"  // {comment(step.comment)}"] if step.comment.strip() else []
        if write is None:
            return [*said, f"  // The step {comment(step.verb)} of the flow has no counterpart here."]
        return [*said, *write(self, step)]

    def _place(self, origin: str) -> Place:
        """The place of `origin`, whose constant stands at the head of the file."""
        self.places.setdefault(origin, self.names.place(origin))
        self._use("origin")
        return self.places[origin]

    def value(self, reference: str) -> str:
        """The constant that holds what `reference` stands for."""
        self.values.setdefault(reference, self.names.value(reference))
        return self.values[reference].constant

    def _use(self, helper: str) -> str:
        self.imports.add(helper)
        return helper

    def _address(self, url: Any) -> str:
        text = str(url)
        origin = origin_of(text)
        if not origin:
            return string(text)
        place, path = self._place(origin), text[len(origin) :]
        return template(place.constant, path) if path else place.constant

    def _page(self, options: Options) -> str:
        return self._windows.get(str(options.get("page")), "page") if "page" in options else "page"

    def _target(self, options: Options, key: str = "selector") -> tuple[list[str], Target]:
        """What has to be said before, and what `options` mean with their selector."""
        lines: list[str] = []
        scope = self._scope(options, lines)
        return lines, target_of(selector_of(options[key]), scope)

    def _scope(self, options: Options, lines: list[str]) -> str:
        """The page or frame that a step works in."""
        said = options.get("frame")
        ways = list(said) if isinstance(said, list) else [said] if said else []
        scope = self._page(options)
        # An address is looked for in all of the page: what is said of the frames around it adds nothing.
        last = max((n for n, way in enumerate(ways) if "url" in way), default=-1)
        for way in ways[max(last, 0) :]:
            key = f"{scope} {sorted(way.items())}"
            if key not in self._frames:
                self._frames[key] = self._frame(way, scope, lines)
            scope = self._frames[key]
        return scope

    def _frame(self, way: Options, scope: str, lines: list[str]) -> str:
        if "url" in way:
            host = origin_of(str(way["url"])).partition("//")[2].partition(".")[0]
            name = self.names.fresh((camel(host, "frame"),))
            lines += call(
                self._use("frameAt"), (scope, self._address(way["url"])), opening=f"const {name} = "
            )
            return name
        name = self.names.fresh((camel(str(way.get("name", "")), "frame"),))
        lines.append(f"  const {name} = {scope}.frameLocator({string(frame_element(dict(way)))});")
        return name

    def _is_quiet(self, options: Options) -> bool:
        """Whether the value is one that no report may hold."""
        source, _, name = str(options.get("value_ref", "")).partition(":")
        param = self.params.get(name) if source == "param" else None
        return source in ("secrets", "env") or (source == "param" and (param is None or param.personal))

    def _text(self, options: Options) -> str:
        return (
            self.value(str(options["value_ref"])) if "value_ref" in options else string(str(options["value"]))
        )

    def _acting(self, step: DraftStep, chain: Chain) -> list[str]:
        """The act that `chain` is, with what it brings up: a dialog is answered, a window gets its name."""
        lines, options, page, act = list[str](), step.options, self._page(step.options), awaited(chain)
        if self._may_close_its_window(step):
            act = call(self._use("mayClose"), (page, "".join(chain)))
        if "creates" in options:
            lines += _told_creation(options["creates"])
        if "dialog" in options:
            answer = "accept" if options["dialog"] == "accept" else "dismiss"
            lines.append(f"  {page}.once('dialog', (dialog) => dialog.{answer}());")
        if "opens" not in options:
            return [*lines, *act]
        window = self.names.fresh((camel(str(options["opens"]), "window"),))
        opening = self.names.fresh((f"{window}Opening",))
        self._windows[str(options["opens"])] = window
        return [
            *lines,
            f"  const {opening} = {page}.waitForEvent('popup');",
            *act,
            f"  const {window} = await {opening};",
        ]

    def _may_close_its_window(self, step: DraftStep) -> bool:
        """Whether it is the last thing that is done in a window which was opened."""
        window = step.options.get("page")
        return window in self._windows and window not in self._later_pages(step)

    def _later_pages(self, step: DraftStep) -> set[Any]:
        at = next(n for n, each in enumerate(self.steps) if each is step)
        return {each.options.get("page") for each in self.steps[at + 1 :]}

    def navigate(self, step: DraftStep) -> list[str]:
        return awaited(("page", f".goto({self._address(step.options['url'])})"))

    def type(self, step: DraftStep) -> list[str]:
        lines, target = self._target(step.options)
        text = self._text(step.options)
        if self._is_quiet(step.options):
            return [*lines, *call(self._use("enter"), (target.field.expression, text))]
        return [*lines, *awaited((*target.field.chain, f".fill({text})"))]

    def click(self, step: DraftStep) -> list[str]:
        lines, target = self._target(step.options)
        chain = (f"({self._named(target)})",) if target.is_bare else target.chain
        return [*lines, *self._acting(step, (*chain, ".click()"))]

    def _named(self, target: Target) -> str:
        """The expression for the control that a bare text means."""
        return f"await {self._use('named')}({target.scope}, {string(target.text)})"

    def select(self, step: DraftStep) -> list[str]:
        lines, target = self._target(step.options)
        return [
            *lines,
            *self._acting(step, (*target.field.chain, f".selectOption({self._text(step.options)})")),
        ]

    def check(self, step: DraftStep) -> list[str]:
        lines, target = self._target(step.options)
        act = ".check()" if step.options.get("checked", True) else ".uncheck()"
        return [*lines, *self._acting(step, (*target.field.chain, act))]

    def press(self, step: DraftStep) -> list[str]:
        key = string(str(step.options["key"]))
        if "selector" not in step.options:
            return self._acting(step, (self._page(step.options), f".keyboard.press({key})"))
        lines, target = self._target(step.options)
        return [*lines, *self._acting(step, (*target.chain, f".press({key})"))]

    def wait_for(self, step: DraftStep) -> list[str]:
        if "url" in step.options:
            return awaited((self._page(step.options), f".waitForURL({self._address(step.options['url'])})"))
        lines, target = self._target(step.options)
        return [*lines, *self._seen(target.expression, str(step.options.get("state", "visible")))]

    def _seen(self, target: str, state: str) -> list[str]:
        return call(self._use("gone" if state == "hidden" else "shown"), (target,))

    def expect(self, step: DraftStep) -> list[str]:
        lines, found = self._target(step.options)
        target, state = found.expression, str(step.options.get("state", "visible"))
        if "text" in step.options:
            filtered = f"{target}.filter({{ hasText: {string(str(step.options['text']))} }})"
            return [*lines, *self._seen(filtered, "visible")]
        if state in ("visible", "hidden"):
            return [*lines, *self._seen(target, state)]
        # A failing expect(locator) would keep what the page shows.
        self.imports.add("expect")
        question = {"enabled": "isEnabled", "disabled": "isDisabled"}.get(state, "isChecked")
        wanted = "false" if state == "unchecked" else "true"
        return [*lines, f"  await expect.poll(() => {target}.{question}()).toBe({wanted});"]

    def wait_human(self, step: DraftStep) -> list[str]:
        self.fixtures.add("human")
        options = step.options
        kind = (string(str(options["kind"])),) if "kind" in options else ()
        asked = call("human", (string(str(options["reason"])), *kind))
        denied = self._target(options, "denied")[1].expression if "denied" in options else ""
        if "until" in options:
            until = self._target(options, "until")[1].expression
            return [
                *asked,
                *call_with_options(self._use("shown"), until, {"unless": denied} if denied else {}),
            ]
        if options.get("kind") == "device":
            before = self.names.fresh(("askedAt",))
            left = f"  await page.waitForURL((url) => url.href !== {before});"
            asked = [f"  const {before} = page.url();", *asked, left]
        if denied:
            asked.append(f"  if (await {denied}.isVisible()) throw new Error('It was denied.');")
        return asked

    def capture_token(self, step: DraftStep) -> list[str]:
        self.fixtures.add("keep")
        lines, target = self._target(step.options)
        helper, element = "readToken", target.expression
        if step.options.get("from") == "clipboard":
            helper, element = "copyToken", self._named(target) if target.is_bare else element
        members, remarks = _reading(step)
        token = self.names.fresh(("token",))
        return [
            *lines,
            *remarks,
            *call_with_options(self._use(helper), element, members, opening=f"const {token} = "),
            *call("keep", (string(str(step.options["secret_ref"])), token)),
        ]


def _told_creation(creates: Options) -> list[str]:
    named = f" “{comment(str(creates['name']))}”" if "name" in creates else " a key"
    revoked = f"; to revoke it: {comment(str(creates['revoke']))}" if "revoke" in creates else ""
    return [f"  // This creates{named} on the site{revoked}"]


def _reading(step: DraftStep) -> tuple[dict[str, str], list[str]]:
    """How the token is read, as members of an object; and what has to be remarked."""
    options, members, remarks = step.options, dict[str, str](), list[str]()
    source = options.get("from")
    if source in ("text", "value"):
        members["from"] = string(source)
    elif source == "attribute":
        members["from"] = f"{{ attribute: {string(str(options['attribute']))} }}"
    if "pattern" in options:
        pattern = regular_expression(str(options["pattern"]))
        if pattern is None:
            remarks.append(
                f"  // JavaScript has no expression for the flow's pattern: {comment(options['pattern'])}"
            )
        else:
            members["pattern"] = pattern
    if options.get("unwrap"):
        members["unwrap"] = "true"
    if step.shape and (shape := regular_expression(step.shape, is_whole=True)):
        members["shape"] = shape
    return members, remarks


_VERBS: Final[Mapping[str, Callable[[Writer, DraftStep], list[str]]]] = {
    "navigate": Writer.navigate,
    "type": Writer.type,
    "click": Writer.click,
    "select": Writer.select,
    "check": Writer.check,
    "press": Writer.press,
    "wait_for": Writer.wait_for,
    "wait_human": Writer.wait_human,
    "expect": Writer.expect,
    "capture_token": Writer.capture_token,
}
