"""The one-time-code challenge on a page: is there one, how is the code typed, has it gone (RUN-12)."""

from dataclasses import dataclass

from playwright.sync_api import ElementHandle, Page
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tokenbroker.run.failure import attempt
from tokenbroker.secret import Secret

_DECLARED = "input[autocomplete~='one-time-code']:enabled:read-write"
# A group of fields that say so; else one short numeric input; else a group of single-digit inputs under one
# parent. Answers the fields, or an empty list.
_FIND = """() => {
  const seen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.disabled && !element.readOnly;
  const inputs = [...document.querySelectorAll('input')].filter(seen);
  const declared = inputs.filter(i => (i.autocomplete || '').split(' ').includes('one-time-code'));
  const kinds = ['text', 'tel', 'number'];
  const single = i => i.maxLength === 1 && (i.inputMode === 'numeric' || kinds.includes(i.type));
  const group = inputs.filter(single);
  const family = group.filter(i => group[0].closest('form, fieldset, [role=group], div') ===
                                   i.closest('form, fieldset, [role=group], div'));
  if (declared.length >= 4 && declared.every(single)) return declared;
  const numeric = i => i.inputMode === 'numeric' || ['number', 'tel'].includes(i.type)
    || /^\\[0-9\\]|^\\\\d/.test(i.pattern);
  const short = inputs.filter(i => numeric(i) && i.maxLength >= 4 && i.maxLength <= 10);
  if (short.length === 1) return short;
  const siblings = family.length >= 4 ? family : group;
  return siblings.length >= 4 && siblings.length <= 10 ? siblings : [];
}"""
# Whether the challenge was refused: its field was emptied, marked invalid, or an alert speaks of it.
_REFUSED = (
    """field => field.isConnected && (field.value === '' || field.getAttribute('aria-invalid') === 'true')"""
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """The visible fields that take a one-time code: one, or one for each digit."""

    page: Page
    fields: tuple[ElementHandle, ...]

    def answer(self, code: Secret, *, timeout_ms: float) -> None:
        """Type `code`, and press Enter if the field is still there afterwards."""
        text = code.reveal()
        last = self.fields[-1]
        if len(self.fields) == 1:
            attempt(lambda: self.fields[0].fill(text, timeout=timeout_ms), what="typing the code")
        else:
            attempt(lambda: self.fields[0].focus(), what="typing the code")
            for field, digit in zip(self.fields, text, strict=False):
                # The page may move the focus by itself; filling the field that is meant is right either way.
                attempt(lambda f=field, d=digit: f.fill(d, timeout=timeout_ms), what="typing the code")  # type: ignore[misc]
        try:
            if last.is_visible():
                last.press("Enter", timeout=1000, no_wait_after=True)
        except PlaywrightError:
            return  # a page that sends the form by itself has taken the field away already

    def is_over(self) -> bool:
        """Whether none of its fields is to be seen any more."""
        try:
            return not any(field.is_visible() for field in self.fields)
        except PlaywrightError:
            return True  # the page that held them is gone

    def wait_until_over(self, *, timeout_ms: float) -> bool:
        """Whether its last field has gone within the time; answers as soon as it has."""
        try:
            self.fields[-1].wait_for_element_state("hidden", timeout=timeout_ms)
        except PlaywrightTimeout:
            return False
        except PlaywrightError:
            return True  # the page that held it is gone
        return True

    def is_refused(self) -> bool:
        """Whether the very same field stands empty, or marked as invalid."""
        try:
            return bool(self.fields[0].evaluate(_REFUSED))
        except PlaywrightError:
            return False


def find_challenge(page: Page) -> Challenge | None:
    """The one-time-code challenge that the page shows now, if it shows exactly one."""
    return _declared(page) or _guessed(page)


def _declared(page: Page) -> Challenge | None:
    """The one field that says of itself that it takes a one-time code."""
    try:
        fields = page.locator(_DECLARED).filter(visible=True).element_handles()
    except PlaywrightError:
        return None
    return Challenge(page=page, fields=tuple(fields)) if len(fields) == 1 else None


def _guessed(page: Page) -> Challenge | None:
    """A single short numeric field, or a group of fields for one digit each."""
    try:
        handle = page.evaluate_handle(_FIND)
        found = [item.as_element() for item in handle.get_properties().values()]
    except PlaywrightError:
        return None
    fields = tuple(field for field in found if field is not None)
    return Challenge(page=page, fields=fields) if fields else None
