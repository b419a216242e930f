"""The page that says which test proves which requirement."""

import json
import re

import pytest

_KNOWN = {"FLOW-1": "loads", "RUN-2": "a | b"}


@pytest.fixture
def traceability(script):
    return script("docs/make_traceability.py")


def test_the_page_is_up_to_date(traceability, root):
    assert (root / "docs/traceability.md").read_text(encoding="utf-8") == traceability.trace(), "make docs"


def test_every_requirement_has_an_id_and_a_text(root):
    requirements = json.loads((root / "docs/requirements.json").read_text(encoding="utf-8"))
    assert requirements
    assert all(re.fullmatch(r"[A-Z]+-\d+", name) and text for name, text in requirements.items())


def test_marks_of_tests_classes_files_and_parameters_are_found(traceability):
    text = """
import pytest
pytestmark = [pytest.mark.req("FLOW-1")]
@pytest.mark.req("FLOW-1", "RUN-2")
def test_one(): ...
@pytest.mark.req("RUN-2")
class TestTwo:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("FLOW-1"))])
    async def test_three(self, x): ...
"""
    found = {(mention.requirement, mention.place) for mention in traceability.marks(text, "t.py")}
    assert found == {
        ("FLOW-1", "t.py"),
        ("FLOW-1", "t.py::test_one"),
        ("RUN-2", "t.py::test_one"),
        ("RUN-2", "t.py::TestTwo"),
        ("FLOW-1", "t.py::TestTwo::test_three"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.req(NAME)\ndef test_one(): ...",
        "@pytest.mark.req('FLOW-1')\ndef some_fixture(): ...",
    ],
)
def test_a_mark_that_proves_nothing_is_an_error_with_its_place(traceability, text):
    with pytest.raises(traceability.TraceError, match=r"^t\.py:"):
        traceability.marks(text, "t.py")


def test_an_unknown_id_is_an_error_in_tests_and_in_pages(traceability):
    for found in (
        traceability.marks("@pytest.mark.req('FLOW-99')\ndef test_one(): ...", "t.py"),
        traceability.mentions("see FLOW-99", "docs/p.md", {"FLOW"}),
    ):
        with pytest.raises(traceability.TraceError, match="FLOW-99"):
            traceability.page(_KNOWN, found, [])


def test_the_page_lists_tests_and_pages_of_each_requirement(traceability):
    proofs = [traceability.Mention(requirement="FLOW-1", place="tests/test_a.py::test_b")]
    pages = traceability.mentions("RUN-2 and RUN-2, not XRUN-2 or UTF-8", "docs/running.md", {"FLOW", "RUN"})
    text = traceability.page(_KNOWN, proofs, pages)
    assert "| FLOW-1 | loads | [test_a::test_b](../tests/test_a.py) | none |" in text
    assert r"| RUN-2 | a \| b | none | [running](running.md) |" in text
    assert "1 of 2 requirements have a test" in text
