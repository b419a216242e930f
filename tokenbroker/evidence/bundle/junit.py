"""A run as JUnit XML: one test suite with one test case, for tools that collect results."""

import re
from typing import Any
from xml.etree import ElementTree

# XML 1.0 section 2.2, the characters that no escape can bring into a document.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of(record: dict[str, Any]) -> bytes:
    """The run of `record` (what ``run.json`` holds); its status is the run's own, whatever the flow expected."""
    site, _, flow = str(record["flow"]).partition("/")
    failure = record["failure"]
    counts = {
        "tests": "1",
        "failures": str(int(record["status"] == "failed")),
        "errors": str(int(record["status"] == "interrupted")),
        "skipped": str(int(record["status"] == "skipped")),
        "time": str(record["duration_s"]),
        "timestamp": str(record["started_at"]),
    }
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "tokenbroker", **counts})
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {"classname": site, "name": flow, "file": _text(record["flow_file"]), "time": counts["time"]},
    )
    if record["status"] == "skipped":
        ElementTree.SubElement(case, "skipped")
    elif record["status"] != "passed":
        kind = "failure" if record["status"] == "failed" else "error"
        code = str(failure["code"]) if failure else "run.interrupted"
        element = ElementTree.SubElement(case, kind, {"type": code, "message": code})
        element.text = _text(failure["report"]) if failure else ""
    steps = "\n".join(f"{step['status']:<11} {step['number']:>2} {step['title']}" for step in record["steps"])
    ElementTree.SubElement(case, "system-out").text = _text(steps)
    ElementTree.indent(suites)
    written: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written


def _text(text: object) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", str(text))
