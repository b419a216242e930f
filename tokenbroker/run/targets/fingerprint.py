"""What an element is, without any text of its page, and how well another one fits that (RESIL-2).

Texts become keyed hashes of 16 bits, which tell the words of one page apart. The key is the site's name, so that the
hashes of two sites differ; it is no secret: who tries a list of likely words can tell which one fits.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from tokenbroker.flow.selector import Fingerprint
from tokenbroker.run.targets.engine import Print

_HEX_DIGITS: Final = 4
_PRESSABLE: Final = frozenset({"button", "link", "menuitem", "tab", "option", "treeitem"})
_FIELDS: Final = frozenset({"textbox", "searchbox", "spinbutton", "combobox", "listbox", "slider"})
_TOGGLES: Final = frozenset({"checkbox", "radio", "switch", "menuitemcheckbox", "menuitemradio"})
_CLASSES: Final = (_PRESSABLE, _FIELDS, _TOGGLES)
_PLAIN_PART: Final = re.compile(r"(?:[A-Za-z]+(?:-[A-Za-z]+)*)?")
_MIN_NEAR_SHARE: Final = 0.5
_MAX_LEFT_SHARE: Final = 0.25
_USUAL_AUTOCOMPLETE: Final = frozenset({"", "on", "off"})
_TELLING_TYPES: Final = frozenset({"password", "email", "tel", "url", "file", "date", "search"})


def keyed_hash(text: str, *, site: str) -> str:
    """The first 16 bits, as hex digits, of the HMAC-SHA-256 of `text` with `site` as the key (RFC 2104).

    Case, white space and compatibility forms (Unicode NFKC) don't count.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    key = f"tokenbroker fingerprint 1 {site}".encode()
    return hmac.new(key, plain.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_HEX_DIGITS]


def fingerprint_of(print_: Print, *, site: str, form: str) -> Fingerprint:
    """The fingerprint of the element that `print_` tells of; `form` is its form's action as a flow would say it."""
    return Fingerprint(
        role=print_.role,
        tag=print_.tag,
        type=print_.type,
        autocomplete=print_.autocomplete,
        form=mere_words(form),
        landmark=print_.landmark,
        name=keyed_hash(print_.name, site=site) if print_.name else "",
        row=keyed_hash(print_.row, site=site) if print_.row else "",
        caption=keyed_hash(print_.caption, site=site) if print_.caption else "",
        near=tuple(dict.fromkeys(keyed_hash(text, site=site) for text in print_.near)),
        alike=print_.alike,
    )


def differences(recorded: Fingerprint | None, now: Fingerprint | None) -> tuple[str, ...]:
    """The names of what was `recorded` and is not so `now`."""
    if recorded is None or now is None:
        return ()
    return tuple(name for name in recorded.as_options() if getattr(recorded, name) != getattr(now, name))


def mere_words(address: str) -> str:
    """`address` with * for each part of its path that is not mere words: it names an account or a thing of it."""
    parts = urlsplit(address)
    path = "/".join(part if _PLAIN_PART.fullmatch(part) else "*" for part in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc}{path}" if parts.netloc else ""


class Surroundings(Enum):
    """How the captions and controls around an element fit those that were recorded."""

    SAME = "same"
    OTHER = "other"
    """They are still there, but around something else."""
    BARE = "bare"
    """It stands among nothing now: it was moved away from all that. A lookalike stands among things of its own."""
    GONE = "gone"
    """The page has next to nothing of what was recorded any more: it was translated, say."""
    UNKNOWN = "unknown"
    """Nothing was recorded, or only a part of it is no longer there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """How well an element fits a fingerprint.

    Attributes:
        contradicts: what of the fingerprint says that it can't be the element, as a field for a button, a password for
            a text, a form of another site; "" for nothing.
        same_name: it has the recorded name.
        other_name: it has a name, and not the recorded one.
        same_row: it stands in the recorded row of a table.
        surroundings: see `Surroundings`.
        same_around: the same controls, two or more, stand beside it in the same order, under the same caption.
        other_form: it does not belong to the recorded form, so that it can't submit that one.
        same_kind: role or tag, type, autocomplete, form and landmark are as recorded; in another frame with the same
            surroundings it may be without a form.
        same_number: as many elements of that kind are there as were then.
        is_only: it was the only one of its kind.
        tells_much: the kind itself tells much: a password field, say.
        same_role: of its kind, role or tag, type and autocomplete are as recorded.
    """

    contradicts: str
    same_name: bool
    other_name: bool
    same_row: bool
    surroundings: Surroundings
    same_around: bool
    other_form: bool
    same_kind: bool
    same_number: bool
    is_only: bool
    tells_much: bool
    same_role: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PageTexts:
    """Keyed hashes of what a page shows that may stand over elements, and beside them."""

    captions: frozenset[str]
    names: frozenset[str]


def fit(recorded: Fingerprint, now: Fingerprint, *, page: PageTexts, in_other_frame: bool = False) -> Fit:
    """How `now`, an element of `page`, fits what was `recorded`; `in_other_frame`: it stands in another frame now."""
    surroundings = _surroundings(recorded, now, page)
    # What was put into a frame belongs to no form any more, wherever the frame stands.
    has_left_its_form = in_other_frame and not now.form and surroundings is Surroundings.SAME
    return Fit(
        contradicts=_contradicts(recorded, now),
        same_name=bool(recorded.name) and recorded.name == now.name,
        other_name=_is_other_name(recorded, now),
        same_row=bool(recorded.row) and recorded.row == now.row,
        surroundings=surroundings,
        same_around=len(recorded.near) > 1 and _agree(recorded, now, "near", "caption"),
        other_form=bool(recorded.form) and recorded.form != now.form,
        same_kind=_agree(recorded, now, "role", "tag", "type", "autocomplete", "landmark")
        and (recorded.form == now.form or has_left_its_form),
        same_number=recorded.alike > 0 and recorded.alike == now.alike,
        is_only=recorded.alike == 1,
        tells_much=_tells_much(recorded),
        same_role=_agree(recorded, now, "role", "tag", "type", "autocomplete"),
    )


def _agree(recorded: Fingerprint, now: Fingerprint, *names: str) -> bool:
    return all(getattr(recorded, name) == getattr(now, name) for name in names)


def _is_other_name(recorded: Fingerprint, now: Fingerprint) -> bool:
    # What has no role is called by what stands before it, which is no name of a control.
    is_of_same_sort = bool(recorded.role) == bool(now.role)
    return is_of_same_sort and bool(recorded.name) and bool(now.name) and recorded.name != now.name


def _tells_much(recorded: Fingerprint) -> bool:
    return recorded.autocomplete not in _USUAL_AUTOCOMPLETE or recorded.type in _TELLING_TYPES


def _contradicts(recorded: Fingerprint, now: Fingerprint) -> str:
    classes = [{i for i, roles in enumerate(_CLASSES) if each.role in roles} for each in (recorded, now)]
    # A button may have become a mere division; what takes a text or a tick is still something that does.
    if classes[0] and classes[0] != classes[1] and (classes[1] or classes[0] != {0}):
        return "role"
    is_field = recorded.role in _FIELDS or not recorded.role
    if is_field and recorded.type and now.type and recorded.type != now.type:
        return "type"
    if recorded.autocomplete and now.autocomplete and recorded.autocomplete != now.autocomplete:
        return "autocomplete"
    forms = [urlsplit(each.form) for each in (recorded, now)]
    return "form" if all(form.netloc for form in forms) and forms[0][:2] != forms[1][:2] else ""


def _surroundings(recorded: Fingerprint, now: Fingerprint, page: PageTexts) -> Surroundings:
    if _is_gone(recorded, now, page):
        return Surroundings.GONE
    is_bare = not now.caption and not now.near and not now.row
    same_caption = bool(recorded.caption) and recorded.caption == now.caption
    # Its row is there without it; or has gone, and another one of the same table is left.
    is_left = recorded.row in page.captions or (bool(now.row) and same_caption)
    if recorded.row and recorded.row != now.row and not is_bare and is_left:
        return Surroundings.OTHER
    if not recorded.caption and not recorded.near:
        return Surroundings.SAME if is_bare else Surroundings.OTHER if now.caption else Surroundings.UNKNOWN
    if is_bare:
        return Surroundings.BARE
    if now.caption and not same_caption and recorded.caption in page.captions:
        # Moved within its own form, beside all that was there: under another caption it is still its form's.
        is_still_inside = recorded.form and recorded.form == now.form and {*recorded.near} <= {*now.near}
        return Surroundings.UNKNOWN if is_still_inside else Surroundings.OTHER
    near = {*recorded.near}
    shared, on_page = len(near & {*now.near}), len(near & page.names)
    if near and shared >= _MIN_NEAR_SHARE * len(near):
        return Surroundings.SAME
    if same_caption:
        return Surroundings.UNKNOWN if on_page > shared else Surroundings.SAME
    return Surroundings.OTHER if on_page > shared else Surroundings.UNKNOWN


def _is_gone(recorded: Fingerprint, now: Fingerprint, page: PageTexts) -> bool:
    """Whether next to nothing of the recorded texts is left, and neither name nor caption."""
    captions, names = page.captions | {now.caption}, page.names | {now.name, *now.near}
    texts = {recorded.name, recorded.caption, *recorded.near} - {""}
    if (
        not texts
        or (recorded.caption and recorded.caption in captions)
        or (recorded.name and recorded.name in names)
    ):
        return False
    return len({*recorded.near} & names) <= _MAX_LEFT_SHARE * len(texts)
