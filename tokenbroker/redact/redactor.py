"""The redactor: what it was told is in no text that it answers."""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NoReturn

from tokenbroker.redact.forms import HEAD, SHORT, Form, forms_of
from tokenbroker.redact.needles import Needles, Span
from tokenbroker.redact.squeeze import squeeze, trace, trace_without_tags, without_tags
from tokenbroker.secret import Secret

_WITHHELD = "«withheld»".encode()
_ROUNDS = 8
_BETWEEN = "\n|\n"  # no escape begins or ends in it, and squeezed it still keeps two texts apart
_TOGETHER = 4

# From here on Playwright shows the page, fields and all; nothing of it is ours to show.
_PAGE_CONTENT = re.compile(
    r"\n?[^\S\n]*(?:-\s*)?(?:Aria snapshot|Call log|Call Log|Browser logs):", re.IGNORECASE
)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Redactor:
    """Replaces secrets by the names they have in the flow: ``«secret:example.password»``.

    Found are the value as it is, in URL, HTML, JSON, Python, shell, SQL, base64 (any alignment) and hex
    encoding, mixtures and layers of these, and the value with white space, invisible characters, colour
    codes or HTML tags between its characters. Of a value of 16 characters or more the first 12 suffice,
    of 32 or more the last 16: texts are cut short. Values of fewer than four characters are replaced only
    where they stand as a word, and not in base64.

    The answer never holds one of the secrets, so redacting it again changes nothing.

    Safe to share between threads; grows during a run. It can't be pickled.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels: dict[str, str] = {}  # by value
        self._fresh: list[tuple[str, str]] = []  # value and label, not yet among the compiled
        self._compiled: _Compiled | None = None

    def add(self, secret: Secret, *, label: str) -> None:
        """Redact `secret` from now on.

        `label` is a name that stands in the flow, never a value. A value that was added before keeps
        its first label.
        """
        with self._lock:
            value = secret.reveal()
            if value not in self._labels:
                self._labels[value] = label
                self._fresh.append((value, label))

    def text(self, text: str) -> str:
        """`text` without any of the secrets."""
        raw = text.encode("utf-8", "surrogatepass")
        redacted = self.data(raw)
        return text if redacted is raw else redacted.decode("utf-8", "surrogatepass")

    def data(self, raw: bytes) -> bytes:
        """`raw` without any of the secrets; the marks are UTF-8. Answers the same object if it holds none."""
        compiled = self._ready()
        if compiled is None:
            return raw
        for _ in range(_ROUNDS):
            spans = compiled.spans(raw)
            if not spans:
                return raw
            # Again, for what is left may have come together to a secret.
            raw = compiled.replaced(raw, spans)
        return _WITHHELD

    def is_clean(self, texts: Iterable[str]) -> bool:
        """Whether none of `texts` holds a secret, by one search; False also where only all of them together seem to."""
        compiled = self._ready()
        return compiled is None or not compiled.spans(_BETWEEN.join(texts).encode("utf-8", "surrogatepass"))

    def exception_text(self, error: BaseException, *, max_characters: int = 600) -> str:
        """The type and message of `error`, redacted, without the page's content, and cut short."""
        try:
            message = str(error)
        except Exception:  # noqa: BLE001 - a foreign __str__ may raise anything; the type still tells
            message = ""
        # Redacted before it is cut: half of a secret is harder to recognise.
        message = self.text(_COLOURS.sub("", message))
        found = _PAGE_CONTENT.search(message)
        message = (message[: found.start()] if found else message).strip()
        if len(message) > max_characters:
            message = message[:max_characters].rstrip() + "…"
        name = self.text(type(error).__qualname__)
        return self.text(f"{name}: {message}" if message else name)

    def _ready(self) -> "_Compiled | None":
        with self._lock:
            if self._fresh:
                self._compiled = (self._compiled or _Compiled()).with_more(self._fresh)
                self._fresh = []
            return self._compiled

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._labels)} secrets>"

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("a Redactor holds secrets and can't be pickled")


class _Segment:
    """The automata of some secrets; never changed once made."""

    def __init__(
        self, forms: list[tuple[int, Form]], squeezed: set[tuple[int, Form]], level: int = 0
    ) -> None:
        self.level = level
        self.forms = forms
        self.squeezed_forms = squeezed
        self.needles = Needles(forms)
        self.squeezed = Needles(squeezed)

    @classmethod
    def of(cls, first_owner: int, values: Iterable[str]) -> "_Segment":
        forms = [(owner, form) for owner, value in enumerate(values, first_owner) for form in forms_of(value)]
        return cls(forms, set(_squeezed(forms)))

    @classmethod
    def joined(cls, segments: Iterable["_Segment"]) -> "_Segment":
        """One segment of several, made of the forms that they have worked out."""
        segments = tuple(segments)
        forms = [form for segment in segments for form in segment.forms]
        squeezed = set().union(*(segment.squeezed_forms for segment in segments))
        return cls(forms, squeezed, level=segments[0].level + 1)


class _Compiled:
    """The automata and marks for one set of secrets; never changed once made.

    Secrets that come during a run get a segment of their own. A few of one level are joined to one of the next: there
    are never many, and each secret is taken up again a few times only, however many come.
    """

    def __init__(
        self,
        labels: tuple[str, ...] = (),
        segments: tuple[_Segment, ...] = (),
        known_marks: tuple[bytes, ...] = (),
    ) -> None:
        self._labels = labels
        self._segments = segments
        more = enumerate(labels[len(known_marks) :], len(known_marks))
        self._marks = (*known_marks, *(self._harmless_mark(owner, label) for owner, label in more))

    def with_more(self, fresh: Sequence[tuple[str, str]]) -> "_Compiled":
        """These and the `fresh` ones, given as value and label."""
        segment = _Segment.of(len(self._labels), (value for value, _ in fresh))
        # A mark that is known stays, unless one of the fresh secrets stands in it.
        is_clean = not _Compiled(segments=(segment,)).spans(b"\n".join(self._marks))
        segments = [*self._segments, segment]
        while len(segments) >= _TOGETHER and segments[-_TOGETHER].level == segments[-1].level:
            segments[-_TOGETHER:] = [_Segment.joined(segments[-_TOGETHER:])]
        labels = (*self._labels, *(label for _, label in fresh))
        return _Compiled(labels, tuple(segments), self._marks if is_clean else ())

    def spans(self, raw: bytes) -> list[Span]:
        """What to replace in `raw`: ranges in order that don't overlap."""
        spans = [span for segment in self._segments for span in segment.needles.spans(raw)]
        thin = squeeze(raw)
        bare = without_tags(thin)
        in_thin = [segment for segment in self._segments if segment.squeezed.match(thin)]
        in_bare = [segment for segment in self._segments if bare != thin and segment.squeezed.match(bare)]
        if in_thin or in_bare:
            traced = trace(raw)
            views = [(traced, in_thin)] if in_thin else []
            views += [(trace_without_tags(traced), in_bare)] if in_bare else []
            spans += (
                Span(view.starts[span.start], view.ends[span.end - 1], span.owner)
                for view, segments in views
                for segment in segments
                for span in segment.squeezed.spans(view.data)
            )
        return _merged(_on_characters(raw, span) for span in spans)

    def replaced(self, raw: bytes, spans: Sequence[Span]) -> bytes:
        """`raw` with the mark of its secret in the place of each span."""
        parts, done = [], 0
        for span in spans:
            parts += [raw[done : span.start], self._marks[span.owner]]
            done = span.end
        return b"".join((*parts, raw[done:]))

    def _harmless_mark(self, owner: int, label: str) -> bytes:
        """The most telling mark in which no secret is found: a label may hold a word that is a password."""
        name = re.sub(r"[^\w.:/@+-]", "_", label.removeprefix("secrets:").removeprefix("secret:"))
        for mark in (f"«secret:{name}»", f"«#{owner}»", "«»", "***"):
            if not self.spans(mark.encode()):
                return mark.encode()
        return b""


def _squeezed(forms: Iterable[tuple[int, Form]]) -> Iterable[tuple[int, Form]]:
    for owner, form in forms:
        body = squeeze(form.body)
        if form.whole_word or len(body) < SHORT:
            continue
        cut = form.head_bytes < len(form.body)
        head = max(HEAD, len(squeeze(form.body[: form.head_bytes]))) if cut else len(body)
        # An end keeps its length only where nothing of it was squeezed away.
        tail = form.tail_bytes if body[-form.tail_bytes :] == form.body[-form.tail_bytes :] else 0
        yield owner, replace(form, body=body, head_bytes=min(head, len(body)), tail_bytes=tail)


def _on_characters(raw: bytes, span: Span) -> Span:
    """`span` widened to whole UTF-8 characters, so that what is left can be decoded."""
    start, end = span.start, span.end
    for _ in range(3):
        if start and start < len(raw) and raw[start] & 0xC0 == 0x80:
            start -= 1
        if end < len(raw) and raw[end] & 0xC0 == 0x80:
            end += 1
    return Span(start, end, span.owner)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans made one, which belongs to the owner of the longest of them."""
    merged: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        size = span.end - span.start
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            owner = span.owner if size > longest else last.owner
            merged[-1] = Span(last.start, max(last.end, span.end), owner)
            longest = max(longest, size)
        else:
            merged.append(span)
            longest = size
    return merged
