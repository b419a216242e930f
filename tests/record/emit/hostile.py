"""Drafts whose every text tries to get out of the place that it is written to."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tokenbroker.record.draft import Draft, DraftParam, DraftStep

MARK = "Foreign"
"""What every hostile text holds, whole."""
HOSTILE = (
    f"'; {MARK}(); '", f'"; {MARK}(); "', f"`; {MARK}(); `", f"${{{MARK}()}}", f"\\\\'; {MARK}()", f"\\'; {MARK}(); //",
    f"\n{MARK}();\n", f"\r{MARK}()", f"\u2028{MARK}()", f"\u2029{MARK}();", f"*/ {MARK}() /*", f"// {MARK}", f"\\{MARK}",
    f"{MARK}\\", f"/; {MARK}(); /", f"\0{MARK}\x7f\u202e\ufeff", f"{MARK}\ud800", f"{MARK}\U000e0001", f"</script>{MARK}",
    f"[]{MARK}", f"(?s){MARK}/", f"{MARK}[/]\\/", f"(?P<x>{MARK})", f"text={MARK}'", f"{MARK} >> '", f'text="{MARK}"',
    f"[data-testid={MARK}]", f"{MARK}{{,3}}", f"a\\\n{MARK}",
)  # fmt: skip


def hostile_drafts() -> Iterator[Draft]:
    """One draft for each of `HOSTILE`."""
    for text in HOSTILE:
        yield hostile_draft(text, text)


def hostile_draft(text: str, other: str) -> Draft:
    """A draft that says `text` or `other` wherever one may say anything."""
    return Draft(
        site="examplecloud",
        flow=text,
        description=other,
        steps=tuple(_steps(text, other)),
        params=(
            DraftParam(name=text, default=other, label=text),
            DraftParam(name=other, personal=True, label=other),
        ),
        origins=(f"https://{MARK.lower()}.example.com",),
        notes=(text, other),
    )


def _steps(text: str, other: str) -> Iterator[DraftStep]:
    selectors: list[Any] = [
        text,
        [{"role": text, "name": other}, {"css": "a"}],
        [{"role": "button", "name": other}, {"css": "a"}],
        *(
            [{family: other}, {"role": "link", "name": "a"}]
            for family in ("test_id", "label", "text", "css", "xpath")
        ),
    ]
    frames = [
        {"name": text},
        {"selector": other},
        [{"name": other}, {"url": f"https://{MARK}.example/{text}"}],
    ]
    creates = {"name": text, "revoke": other}
    yield _step("navigate", {"url": f"https://{MARK}.example:8443/{text}"}, text)
    yield _step("navigate", {"url": text}, other)
    for selector in selectors:
        yield _step("click", {"selector": selector, "creates": creates, "dialog": text, "opens": other}, text)
        yield _step("type", {"selector": selector, "value": text, "page": other}, other)
        yield _step("type", {"selector": selector, "value_ref": f"param:{text}"}, other)
    for frame in frames:
        yield _step("type", {"selector": text, "value_ref": f"secrets:{other}", "frame": frame}, text)
    yield _step("select", {"selector": other, "value": text}, text)
    yield _step("press", {"key": text, "selector": other}, text)
    yield _step("press", {"key": text}, text)
    yield _step("wait_for", {"url": f"https://{MARK}.example/**{text}"}, text)
    yield _step("expect", {"selector": text, "text": other}, text)
    yield _step("expect", {"selector": text, "state": "enabled"}, text)
    yield _step("wait_human", {"reason": text, "kind": "otp", "until": other, "denied": text}, text)
    yield _step("wait_human", {"reason": text, "kind": "device", "denied": text}, text)
    yield _step(text, {}, text)
    for source in ("attribute", "clipboard", "value"):
        options = {"selector": other, "secret_ref": text, "from": source, "attribute": other, "pattern": text}
        yield DraftStep(verb="capture_token", options=options, shape=other)


def _step(verb: str, options: dict[str, Any], comment: str) -> DraftStep:
    return DraftStep(verb=verb, options=options, comment=comment)


texts = st.tuples(st.sampled_from(HOSTILE), st.text(max_size=8)).map("".join)
