"""Pages that a test generates, and redesigns, always knowing which element is meant."""

from dataclasses import dataclass, replace
from html import escape

from hypothesis import strategies as st

WORDS = ("Create", "Cancel", "Revoke", "Add key", "Copy")
CAPTIONS = ("Keys", "Archive", "Members", "Billing")
OTHER_WORDS = ("New token", "Go on", "Remove")
IDS = ("create", "cancel", "go")
TAGS = ("button", "a", "div")


@dataclass(frozen=True, kw_only=True)
class Control:
    """A control; `uid` is the ground truth, which no selector can see."""

    uid: int
    words: str
    tag: str = "button"
    id: str = ""
    wrapped: bool = False

    def html(self) -> str:
        mark = f' id="{self.id}"' if self.id else ""
        extra = {"a": ' href="#"', "div": " role=button tabindex=0", "button": " type=button"}[self.tag]
        control = f"<{self.tag}{mark}{extra} class=c>{escape(self.words)}</{self.tag}>"
        return f"<span><span>{control}</span></span>" if self.wrapped else control


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page under its own caption; with `action` it is a form."""

    caption: str
    controls: tuple[Control, ...]
    action: str = ""

    def html(self) -> str:
        inside = "".join(control.html() for control in self.controls)
        body = (
            f'<form action="{self.action}" onsubmit="return false">{inside}</form>' if self.action else inside
        )
        return f"<section><h2>{self.caption}</h2>{body}</section>"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page, in the order of its sections."""

    sections: tuple[Section, ...]

    def html(self) -> str:
        return "<main>" + "\n".join(section.html() for section in self.sections) + "</main>"

    @property
    def controls(self) -> list[Control]:
        return [control for section in self.sections for control in section.controls]

    def with_control(self, uid: int, **changes: object) -> "Page":
        """The page with one control changed."""
        sections = [
            replace(s, controls=tuple(replace(c, **changes) if c.uid == uid else c for c in s.controls))  # type: ignore[arg-type]
            for s in self.sections
        ]
        return Page(sections=tuple(sections))

    def without(self, uid: int) -> "Page":
        """The page with one control taken out."""
        return Page(
            sections=tuple(
                replace(s, controls=tuple(c for c in s.controls if c.uid != uid)) for s in self.sections
            )
        )


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """A page of one to three sections; no two controls have the same id, and none the same words in one section."""
    ids = [*draw(st.permutations(IDS))]
    captions = draw(st.lists(st.sampled_from(CAPTIONS), min_size=1, max_size=3, unique=True))
    uid, sections = 0, []
    for caption in captions:
        words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True))
        controls = []
        for text in words:
            has_id = bool(ids) and draw(st.booleans())
            controls.append(
                Control(uid=uid, words=text, tag=draw(st.sampled_from(TAGS)), id=ids.pop() if has_id else "")
            )
            uid += 1
        action = f"/{caption.lower()}" if draw(st.booleans()) else ""
        sections.append(Section(caption=caption, controls=tuple(controls), action=action))
    return Page(sections=tuple(sections))


@st.composite
def redesigns(draw: st.DrawFn, page: Page, target: Control, *, may_vanish: bool) -> Page:
    """`page` after one or two changes as sites make them; ids of the target go to nobody else."""
    changes = [each for each in _CHANGES if may_vanish or each != "removed"]
    for change in draw(st.lists(st.sampled_from(changes), min_size=1, max_size=2, unique=True)):
        page = _CHANGES[change](draw, page, target)
    return page


def _lookalike(draw: st.DrawFn, page: Page, target: Control) -> Page:
    """A section of another caption that has a control of the same words and tag."""
    taken = {section.caption for section in page.sections}
    caption = draw(st.sampled_from([c for c in (*CAPTIONS, "Trash", "Old") if c not in taken]))
    double = Control(uid=1000, words=target.words, tag=target.tag)
    section = Section(caption=caption, controls=(double,), action="/other" if draw(st.booleans()) else "")
    at = draw(st.integers(0, len(page.sections)))
    return Page(sections=(*page.sections[:at], section, *page.sections[at:]))


def _more(draw: st.DrawFn, page: Page, target: Control) -> Page:
    """One more control beside the target, or elsewhere."""
    at = draw(st.integers(0, len(page.sections) - 1))
    first = draw(st.booleans())
    fresh = Control(uid=2000, words=draw(st.sampled_from(OTHER_WORDS)), tag=draw(st.sampled_from(TAGS)))
    section = page.sections[at]
    controls = (fresh, *section.controls) if first else (*section.controls, fresh)
    return Page(sections=(*page.sections[:at], replace(section, controls=controls), *page.sections[at + 1 :]))


_CHANGES = {
    "reworded": lambda draw, page, target: page.with_control(
        target.uid, words=draw(st.sampled_from(OTHER_WORDS))
    ),
    "id renamed": lambda draw, page, target: page.with_control(target.uid, id="x-1" if target.id else ""),
    "other tag": lambda draw, page, target: page.with_control(target.uid, tag=draw(st.sampled_from(TAGS))),
    "wrapped": lambda draw, page, target: page.with_control(target.uid, wrapped=True),
    "removed": lambda draw, page, target: page.without(target.uid),
    "lookalike": _lookalike,
    "one more": _more,
    "sections turned": lambda draw, page, target: Page(sections=tuple(draw(st.permutations(page.sections)))),
}
