"""What a recorder writes down of a target, before anything has changed: selectors of independent families."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import ElementHandle, Frame, Locator, Page

Alternative = Mapping[str, str]
"""One of `{"test_id": …}`, `{"role": …, "name": …}`, `{"label": …}`, `{"placeholder": …}`, `{"text": …}`,
`{"css": …}` and `{"xpath": …}`; names, labels, placeholders and texts are meant exactly."""

LIMIT = 5
_SCRIPT = (Path(__file__).parent / "page" / "alternatives.js").read_text(encoding="utf-8")
_MARK = "data-codegen"
_HIDE_WORDS = """(element, attribute) => {
  const before = element.localName === 'input' ? null : [...element.childNodes];
  if (before) element.replaceChildren();
  element.setAttribute(attribute, '');
  return before;
}"""
_SHOW_WORDS = """(element, [attribute, before]) => {
  if (before) element.replaceChildren(...before);
  element.removeAttribute(attribute);
}"""


def locate(frame: Frame, alternative: Alternative) -> Locator:
    """What `alternative` means in `frame`, by Playwright's own engines."""
    match dict(alternative):
        case {"test_id": test_id}:
            return frame.get_by_test_id(test_id)
        case {"role": role, "name": name}:
            return frame.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]  # a literal there
        case {"label": label}:
            return frame.get_by_label(label, exact=True)
        case {"placeholder": placeholder}:
            return frame.get_by_placeholder(placeholder, exact=True)
        case {"text": text}:
            return frame.get_by_text(text, exact=True)
        case {"css": css}:
            return frame.locator(f"css={css}")
        case {"xpath": xpath}:
            return frame.locator(f"xpath={xpath}")
    raise ValueError(f"no alternative: {sorted(alternative)}")


def alternatives_of(frame: Frame, target: ElementHandle, *, reads: bool) -> tuple[Alternative, ...]:
    """Up to five, one of a family, each of which matches `target` and nothing else that is visible.

    `reads`: the target's text is a key; nothing of it is written down.
    """
    guessed = target.evaluate(_SCRIPT, {"reads": reads})
    right = (one for one in _guesses(guessed) if _matches_only(frame, one, target))
    return tuple(one for _, one in zip(range(LIMIT), right, strict=False))


def _guesses(found: Mapping[str, str]) -> Iterator[Alternative]:
    if found["test_id"]:
        yield {"test_id": found["test_id"]}
    if found["role"] and found["name"]:
        yield {"role": found["role"], "name": found["name"]}
    for family in ("label", "placeholder", "text", "css", "xpath"):
        if found[family]:
            yield {family: found[family]}


def _matches_only(frame: Frame, alternative: Alternative, target: ElementHandle) -> bool:
    found = locate(frame, alternative).filter(visible=True).element_handles()
    return len(found) == 1 and bool(found[0].evaluate("(one, other) => one === other", target))


def codegen_selector(page: Page, frame: Frame, target: ElementHandle, *, reads: bool) -> str:
    """The one selector that `playwright codegen` writes for `target`, from the page's own document on.

    Codegen would write a shown key into it, which finds nothing the next time: the key is out of the page here
    while the selector is made.
    """
    words = target.evaluate_handle(
        _HIDE_WORDS if reads else f"element => element.setAttribute('{_MARK}', '')", _MARK
    )
    try:
        marked = frame.locator(f"[{_MARK}]")
        if frame.parent_frame is not None:
            marked = page.frame_locator(f"iframe[name='{frame.name}']").locator(f"[{_MARK}]")
        # Playwright tells a locator's selector to its own parts only; its text is Python code.
        return str(marked.normalize()._impl_obj._selector)
    finally:
        target.evaluate(_SHOW_WORDS, [_MARK, words])
