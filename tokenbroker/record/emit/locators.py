"""Selectors as Playwright's locators: the primary alternative of a set, or what a string means."""

import re
from dataclasses import dataclass
from typing import Any, Final

from tokenbroker.flow.selector import Alternative, Family, Selector, SelectorSet
from tokenbroker.record.emit.layout import Chain
from tokenbroker.record.emit.literal import css_string, string

_TEST_ID: Final = re.compile(r"""\[data-testid=(?:"([^"\\]+)"|'([^'\\]+)'|([A-Za-z_-][\w-]*))\]""")
_TEXT: Final = re.compile(r"""text=\s*(?:"([^"\\]+)"|'([^'\\]+)'|([^"'/\s].*?))\s*""", re.DOTALL)
# What Playwright takes for something else than CSS, where no engine is named.
_NOT_PLAIN: Final = re.compile(r"""\s*(?:[a-zA-Z_0-9:*+-]+=|//|\.\.|\(+//|["']|.*>>)""", re.DOTALL)
# What @playwright/test lets `getByRole` be asked for.
_ROLES: Final = frozenset({
    "alert", "alertdialog", "application", "article", "banner", "blockquote", "button", "caption",
    "cell", "checkbox", "code", "columnheader", "combobox", "complementary", "contentinfo",
    "definition", "deletion", "dialog", "directory", "document", "emphasis", "feed", "figure",
    "form", "generic", "grid", "gridcell", "group", "heading", "img", "insertion", "link", "list",
    "listbox", "listitem", "log", "main", "marquee", "math", "meter", "menu", "menubar", "menuitem",
    "menuitemcheckbox", "menuitemradio", "navigation", "none", "note", "option", "paragraph",
    "presentation", "progressbar", "radio", "radiogroup", "region", "row", "rowgroup", "rowheader",
    "scrollbar", "search", "searchbox", "separator", "slider", "spinbutton", "status", "strong",
    "subscript", "superscript", "switch", "tab", "table", "tablist", "tabpanel", "term", "textbox",
    "time", "timer", "toolbar", "tooltip", "tree", "treegrid", "treeitem",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A locator in its scope.

    Attributes:
        text: the text that it is found by; "" where it is found by anything else.
        is_bare: it is a bare ``text=…``, which an acting step takes for the name of a control first.
    """

    scope: str
    calls: Chain
    text: str = ""
    is_bare: bool = False

    @property
    def chain(self) -> Chain:
        return (self.scope, *self.calls)

    @property
    def expression(self) -> str:
        return "".join(self.chain)

    @property
    def field(self) -> "Target":
        """The field that it means where one is filled or ticked: a text is its label."""
        return Target(scope=self.scope, calls=(_exactly("Label", self.text),)) if self.text else self


def target_of(selector: Selector, scope: str) -> Target:
    """Where `selector` leads in `scope`, an expression for a page or a frame."""
    if isinstance(selector, SelectorSet):
        first = selector.alternatives[0]
        text = first.value if first.family is Family.TEXT else ""
        return Target(scope=scope, calls=(_by_alternative(first),), text=text)
    if found := _TEST_ID.fullmatch(selector):
        return Target(scope=scope, calls=(f".getByTestId({string(_one(found))})",))
    if (found := _TEXT.fullmatch(selector)) and ">>" not in selector:
        if found[3] is None:
            return Target(scope=scope, calls=(_exactly("Text", _one(found)),), text=_one(found))
        text = " ".join(found[3].split())
        return Target(scope=scope, calls=(f".getByText({string(text)})",), text=text, is_bare=True)
    return Target(scope=scope, calls=(f".locator({string(selector)})",))


def frame_element(way: dict[str, Any]) -> str:
    """The CSS selector of the element of a frame that is named or selected."""
    if "selector" in way:
        return str(way["selector"])
    name = css_string(str(way["name"]))
    return f"iframe:is([name={name}], [id={name}])"


def _by_alternative(alternative: Alternative) -> str:
    value = alternative.value
    match alternative.family:
        case Family.TEST_ID:
            return f".getByTestId({string(value)})"
        case Family.ROLE if value in _ROLES:
            name = string(alternative.name)
            return f".getByRole({string(value)}, {{ name: {name}, exact: true }})"
        case Family.ROLE:
            role = f"[role={css_string(value)}]"
            return f".locator({string(role)}, {{ hasText: {string(alternative.name)} }})"
        case Family.LABEL:
            return _exactly("Label", value)
        case Family.PLACEHOLDER:
            return _exactly("Placeholder", value)
        case Family.TEXT:
            return _exactly("Text", value)
        case Family.CSS:
            return f".locator({string(f'css={value}' if _NOT_PLAIN.match(value) else value)})"
        case Family.XPATH:
            return f".locator({string(f'xpath={value}')})"


def _exactly(what: str, value: str) -> str:
    return f".getBy{what}({string(value)}, {{ exact: true }})"


def _one(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)
