"""The patch of a flow's text: what is not changed stays as it was written (RESIL-3)."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenbroker.flow.comments import comments_in
from tokenbroker.flow.document import Document, parse_document
from tokenbroker.flow.mend import as_options
from tokenbroker.flow.patch import SetChange, patched
from tokenbroker.flow.selector import Alternative, Family

pytestmark = pytest.mark.req("RESIL-3")
AT = ("steps", 1, "click", "selector")
WORDS = [
    "Create",
    "Add a key",
    "It's here",
    'Say "go"',
    "#create",
    "yes",
    "4711",
    "a: b",
    "[x] # no comment",
    "größer",
    "~",
]
PLAIN = {"Create", "Add a key", "It's here", "größer", "button", "link"}
STYLES = ["plain", "single", "double"]


def alternative(family: str, value: str, name: str = "") -> Alternative:
    return Alternative(family=Family(family), value=value, name=name)


def parsed(text: str) -> Document:
    return parse_document(text.encode(), Path("flow.yaml"))


def comments(text: str) -> list[str]:
    return sorted(each.text for each in comments_in(parsed(text), shortest=0))


def scalar(value: str, style: str) -> str:
    if style == "plain" and value in PLAIN:
        return value
    if style == "single":
        return "'" + value.replace("'", "''") + "'"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True)
class Written:
    """A flow's text, and the alternatives of the set in it."""

    text: str
    alternatives: tuple[Alternative, ...]


@st.composite
def alternatives(draw: st.DrawFn, family: Family) -> Alternative:
    value = draw(st.sampled_from(WORDS))
    if family is Family.ROLE:
        return alternative("role", draw(st.sampled_from(["button", "link"])), value)
    return alternative(family.value, value)


@st.composite
def flows(draw: st.DrawFn) -> Written:
    """A flow whose second step has a set, in any of the layouts that people write."""
    families = draw(st.lists(st.sampled_from(Family), min_size=2, max_size=5, unique=True))
    said = tuple(draw(alternatives(family)) for family in families)
    style = st.sampled_from(STYLES)
    remarks = iter(f"remark {n}" for n in range(100))

    def remark() -> str:
        return f"   # {next(remarks)}" if draw(st.booleans()) else ""

    def pairs(one: Alternative) -> list[str]:
        return [f"{name}: {scalar(value, draw(style))}" for name, value in as_options(one).items()]

    def in_braces(one: Alternative) -> str:
        blank = draw(st.sampled_from(["", " "]))
        return f"{{{blank}{', '.join(pairs(one))}{blank}}}"

    layout = draw(st.sampled_from(["block", "line", "lines"]))
    has_fingerprint = draw(st.booleans())
    indent = " " * (10 if has_fingerprint else 8)
    lines = ["# the head", "version: 1", "steps:", "  - navigate: x  # there", "  - click:"]
    lines += [f"      selector:{remark()}"] if has_fingerprint or layout == "block" else []
    key = "        any:" if has_fingerprint else "      selector:"
    if layout == "block":
        lines += [f"{key}{remark()}"] if has_fingerprint else []
        for one in said:
            if draw(st.booleans()):
                lines.append(f"{indent}# {next(remarks)}")
            if draw(st.booleans()):
                lines.append(f"{indent}- {in_braces(one)}{remark()}")
                continue
            for number, pair in enumerate(pairs(one)):
                lines.append(f"{indent}{'  ' if number else '- '}{pair}{remark()}")
    elif layout == "line":
        lines.append(f"{key} [{', '.join(map(in_braces, said))}]{remark()}")
    else:
        lines.append(f"{key} [{remark()}")
        for number, one in enumerate(said, 1):
            comma = "," if number < len(said) or draw(st.booleans()) else ""
            lines.append(f"{indent}  {in_braces(one)}{comma}{remark()}")
        lines.append(f"{indent}]{remark()}")
    if has_fingerprint:
        lines.append(
            '        fingerprint: { role: button, near: ["6656", \'a763\'], name: "419d", alike: 1 }'
        )
    lines += ["      creates: { name: x }", "  # the end", "  - expect: .done"]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return Written(text=end.join(lines) + draw(st.sampled_from([end, ""])), alternatives=said)


@st.composite
def changes(draw: st.DrawFn, written: Written) -> dict[int, Alternative | None]:
    """What a mend may be: some alternatives are replaced, some dropped, one stays at least."""
    numbers = draw(st.lists(st.integers(0, len(written.alternatives) - 1), unique=True))
    wanted: dict[int, Alternative | None] = {}
    for number in numbers:
        does_drop = (
            draw(st.booleans())
            and len([each for each in wanted.values() if each is None]) < len(written.alternatives) - 1
        )
        wanted[number] = None if does_drop else draw(alternatives(draw(st.sampled_from(Family))))
    return wanted


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_the_patched_text_holds_what_was_wanted_and_all_comments_and_nothing_else_is_changed(
    data: st.DataObject,
) -> None:
    written = data.draw(flows())
    wanted = data.draw(changes(written))
    done = patched(written.text, SetChange(at=AT, alternatives=wanted))
    assert done.refused == ()
    expected = parsed(written.text).data
    inner = expected["steps"][1]["click"]
    listed = inner["selector"]["any"] if isinstance(inner["selector"], dict) else inner["selector"]
    after = [wanted.get(number, each) for number, each in enumerate(written.alternatives)]
    listed[:] = [as_options(each) for each in after if each is not None]
    assert parsed(done.text).data == expected
    assert comments(done.text) == comments(written.text)
    head, tail = written.text.partition("click:")[0], "creates: {"
    assert done.text.startswith(head)
    assert done.text.partition(tail)[2] == written.text.partition(tail)[2]
    assert ("\r\n" in written.text) == ("\r\n" in done.text)
    assert done.text.count("\n") == done.text.count("\r\n") or "\r\n" not in done.text


def without_scalars(text: str, paths: list[tuple[str | int, ...]]) -> str:
    document = parsed(text)
    for node in sorted((document.values[path] for path in paths), key=lambda each: -each.start_mark.index):
        text = text[: node.start_mark.index] + text[node.end_mark.index :]
    return text


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_where_values_are_replaced_only_their_scalars_differ(data: st.DataObject) -> None:
    written = data.draw(flows())
    number = data.draw(st.integers(0, len(written.alternatives) - 1))
    fresh = data.draw(alternatives(written.alternatives[number].family))
    done = patched(written.text, SetChange(at=AT, alternatives={number: fresh}))
    has_any = isinstance(parsed(written.text).data["steps"][1]["click"]["selector"], dict)
    at = (*AT, "any", number) if has_any else (*AT, number)
    paths = [(*at, name) for name in as_options(fresh)]
    assert without_scalars(done.text, paths) == without_scalars(written.text, paths)
    assert parsed(done.text).data != parsed(written.text).data or fresh == written.alternatives[number]


FINGERPRINTED = """\
steps:
  - click: x
  - click:
      selector:
        any: [{ css: "#a" }, { text: A }]
        fingerprint:
          role: button
          name: '419d'    # words
          near:
            - "6656"
            - a763
          # how many
          alike: 1
"""


def test_fields_of_a_fingerprint_are_changed_and_taken_out_one_by_one() -> None:
    done = patched(
        FINGERPRINTED,
        SetChange(
            at=AT, fingerprint={"name": "0001", "near": ("1111", "2222", "abcd"), "alike": 2, "role": None}
        ),
    )
    assert done.refused == ()
    assert done.text == FINGERPRINTED.replace("          role: button\n", "").replace("419d", "0001").replace(
        '- "6656"\n            - a763', '- "1111"\n            - "2222"\n            - "abcd"'
    ).replace("alike: 1", "alike: 2")


def test_a_fingerprint_pasted_as_json_stays_json() -> None:
    line = '        fingerprint: {"role": "button", "near": ["6656", "a763"], "alike": 1}'
    text = (
        f"steps:\n  - click: x\n  - click:\n      selector:\n        any: [{{css: a}}, {{text: b}}]\n{line}"
    )
    done = patched(text, SetChange(at=AT, fingerprint={"near": ("1111",), "alike": 3}))
    assert (
        done.text.splitlines()[-1] == '        fingerprint: {"role": "button", "near": ["1111"], "alike": 3}'
    )


def test_a_set_right_behind_its_verb_is_patched() -> None:
    text = "steps:\n  - click: [{ css: '#a' }, { text: A }]\n"
    done = patched(text, SetChange(at=("steps", 0, "click"), alternatives={0: alternative("css", "#b")}))
    assert done.text == text.replace("#a", "#b")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("name: &n Create\nsteps:\n  - x\n  - click:\n      selector: [{ css: *n }, { text: A }]\n", 0),
        ("one: &one { css: '#a' }\nsteps:\n  - x\n  - click:\n      selector: [*one, { text: A }]\n", 0),
        ("steps:\n  - x\n  - &s\n    click:\n      selector: [{ css: '#a' }, { text: A }]\n  - *s\n", 1),
        (
            "steps:\n  - x\n  - click:\n      selector: &s [{ css: '#a' }, { text: A }]\n  - click: { selector: *s }\n",
            0,
        ),
        (
            "steps:\n  - x\n  - click:\n      selector:\n        - css: |\n            #a\n        - text: A\n",
            0,
        ),
    ],
)
def test_what_an_alias_leads_to_and_a_block_of_text_are_refused_and_said(text: str, number: int) -> None:
    for fresh in (alternative("css", "#b"), alternative("test_id", "b"), None):
        done = patched(text, SetChange(at=AT, alternatives={number: fresh}))
        assert [each.what for each in done.refused] == [number]
        assert done.text == text
        assert done.refused[0].why


def test_an_anchor_that_nothing_leads_to_stays_beside_what_is_changed() -> None:
    text = "steps:\n  - x\n  - click:\n      selector: &s [{ css: '#a' }, { text: A }]\n"
    done = patched(text, SetChange(at=AT, alternatives={0: alternative("css", "#b")}))
    assert done.text == text.replace("#a", "#b")


def test_the_last_alternative_and_what_is_not_there_are_left() -> None:
    text = "steps:\n  - x\n  - click:\n      selector: [{ css: '#a' }]\n"
    for change in ({0: None}, {3: alternative("css", "#b")}):
        done = patched(text, SetChange(at=AT, alternatives=change))
        assert (len(done.refused), done.text) == (1, text)


def test_a_comment_inside_of_what_is_taken_out_stays_or_the_change_is_refused() -> None:
    text = "steps:\n  - x\n  - click:\n      selector:\n        - css: # why\n            '#a'\n        - text: A\n"
    done = patched(text, SetChange(at=AT, alternatives={0: None}))
    assert comments(done.text) == ["# why"]
    assert done.refused
