"""Files that were made to hurt: each ends in one clear error with a position, quickly and in little memory."""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.texts import REFERENCE, flow_from, flow_text
from tokenbroker.errors import FlowError
from tokenbroker.flow.load import MAX_MISTAKES
from tokenbroker.flow.model import Flow

MAX_CPU_S = 1.0
MAX_MEMORY_KIB = 200_000


def _alias_bomb() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    return "\n".join(lines)


HOSTILE: dict[str, str | bytes] = {
    "aliases that explode": _alias_bomb(),
    "a list that holds itself": "a: &a [*a]\n",
    "a mapping that holds itself": "&a { b: *a }\n",
    "an alias of nothing": "a: *b\n",
    "20,000 lists": "[" * 20_000,
    "20,000 lists in blocks": "- " * 20_000 + "x",
    "20,000 mappings": "{a: " * 20_000,
    "20,000 keys of keys": "? " * 20_000,
    "500,000 words in one list": f"[{'a,' * 490_000}a]",
    "500,000 keys in one line": f"{{{'a,' * 490_000}a}}",
    "490,000 entries between rare line breaks": "-\x85" * 300_000,
    "two megabytes": "# " + "x" * 2_000_000,
    "one endless word": "x" * 990_000,
    "one endless text": "|\n" + " x\n" * 300_000,
    "100,000 keys": "".join(f"k{index}: 1\n" for index in range(100_000)),
    "60,000 anchors": "".join(f"- &a{index} x\n" for index in range(60_000)),
    "a merge that explodes": "b0: &b0 { x: 1 }\n"
    + "".join(f"b{index + 1}: &b{index + 1} {{ <<: [*b{index}, *b{index}] }}\n" for index in range(20)),
    "a key twice": REFERENCE + "site: other\n",
    "a tag of Python": "version: !!python/object/apply:os.system [id]\n",
    "a tag of its own": "!flow { version: 1 }\n",
    "binary": "version: !!binary aGk=\n",
    "a set": "!!set { a, b }\n",
    "a number without end": flow_text("- click: a", f"  timeout: {'9' * 5000}"),
    "a hexadecimal number without end": flow_text("- click: a", f"  timeout: 0x{'f' * 5000}"),
    "invalid UTF-8": b"version: 1\nsite: \xff\xfe\n",
    "UTF-16": REFERENCE.encode("utf-16"),
    "UTF-16 without a mark": REFERENCE.encode("utf-16-le"),
    "Latin-1": "site: caf\xe9\n".encode("latin-1"),
    "a NUL": REFERENCE + "\0",
    "an escape sequence": REFERENCE + "# \x1b[2J\n",
    "half a surrogate": 'site: "\\ud800"\n',
    "nothing": "",
    "comments only": "# a\n# b\n",
    "a list": "- a\n",
    "one word": "hello\n",
    "null": "~\n",
    "two documents": REFERENCE + "---\n" + REFERENCE,
    "a version of YAML that isn't": "%YAML 9.9\n---\na: 1\n",
    "a key that is a list": "? [a, b]\n: c\n",
}


THOUSANDS_OF_MISTAKES: dict[str, str] = {
    "keys": "".join(f"key{index}: {'x' * 80}\n" for index in range(9_000)),
    "tags, two of them wrong": flow_text(
        head=f"tags: [{', '.join(f't{index}' for index in range(18_000))}, 1, 1]"
    ),
    "wrong tags": flow_text(head=f"tags: [{', '.join(str(index) for index in range(18_000))}]"),
    "steps": flow_text(*["- clik: a"] * 6_000),
    "a long key": flow_text(f"- click: {{ {'k' * 500_000}: 1 }}"),
}


@pytest.mark.req("LINT-3")
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_ends_in_one_positioned_error(text: str | bytes) -> None:
    with pytest.raises(FlowError) as refused:
        flow_from(text)
    error = refused.value
    assert error.code.startswith("flow.")
    assert len(re.findall(r"^flow\.yaml:[1-9]\d*:[1-9]\d*: ", error.sentence, re.MULTILINE)) == 1
    assert len(error.sentence) < 1000
    assert error.__cause__ is None


@pytest.mark.req("LINT-3")
@pytest.mark.parametrize("text", THOUSANDS_OF_MISTAKES.values(), ids=THOUSANDS_OF_MISTAKES.keys())
def test_a_text_of_thousands_of_mistakes_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(FlowError) as refused:
        flow_from(text)
    assert len(refused.value.sentence) < 15_000
    assert len(refused.value.sentence.splitlines()) <= 3 * MAX_MISTAKES + 1


@pytest.mark.req("LINT-3")
def test_no_text_takes_long_and_all_together_stay_below_the_memory_limit() -> None:
    # A process of its own: the peak of this one belongs to every test that ran in it, and what measures
    # coverage takes more time than what is measured.
    told = subprocess.run(
        [sys.executable, "-m", "tests.flow.test_hostile_text"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    *times, peak_kib = (line.rsplit("\t", 1) for line in told.stdout.splitlines())
    assert len(times) == len(HOSTILE) + len(THOUSANDS_OF_MISTAKES)
    assert [name for name, seconds in times if float(seconds) > MAX_CPU_S] == []
    assert int(peak_kib[1]) < MAX_MEMORY_KIB


@pytest.mark.req("LINT-3")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1"),
        ("a:\n\tb: 1\n", "2:1"),
        (b"a: 1\nb: \xff\n", "2:1"),
        ("a: 1\nb: \0\n", "2:1"),
        ("a: 1\nb: !x y\n", "2:4"),
        ("a: 1\n  b: 2\n", "2:4"),
    ],
)
def test_the_place_of_what_is_no_plain_yaml_is_told(text: str | bytes, place: str) -> None:
    with pytest.raises(FlowError) as refused:
        flow_from(text)
    assert refused.value.sentence.startswith(f"flow.yaml:{place}: ")


@pytest.mark.req("LINT-3")
@settings(max_examples=300, deadline=None, database=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_are_a_flow_or_an_error_of_ours(raw: bytes) -> None:
    _flow_or_error(raw)


@pytest.mark.req("LINT-3")
@settings(max_examples=300, deadline=None, database=None)
@given(
    place=st.integers(0, len(REFERENCE)),
    length=st.integers(0, 30),
    text=st.text(
        st.sampled_from("{}[]:,-&*!|>'\"%@`# \n\t01x.~?_") | st.characters(exclude_categories=("Cs",)),
        max_size=20,
    ),
)
def test_any_edit_of_a_flow_is_a_flow_or_an_error_of_ours(place: int, length: int, text: str) -> None:
    _flow_or_error((REFERENCE[:place] + text + REFERENCE[place + length :]).encode())


def _flow_or_error(raw: bytes) -> None:
    refused: FlowError | None = None
    found: Flow | None = None
    try:
        found = flow_from(raw)
    except FlowError as error:
        refused = error
    assert found is not None or str(refused and refused.sentence).startswith("flow.yaml:")


if __name__ == "__main__":
    for name, hostile in [*HOSTILE.items(), *THOUSANDS_OF_MISTAKES.items()]:
        started = time.process_time()
        with contextlib.suppress(FlowError):
            flow_from(hostile)
        print(name, time.process_time() - started, sep="\t")
    # Not ru_maxrss: that counts what the test session's own process had in use when it forked.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print("peak KiB", re.findall(r"VmHWM:\s+(\d+) kB", status)[0], sep="\t")
