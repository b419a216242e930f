"""A run as JUnit XML: one test suite with one test case, for tools that collect results."""

from typing import Any
from xml.etree import ElementTree

from tokenbroker.evidence.xml_text import xml_text


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
        {"classname": site, "name": flow, "file": xml_text(str(record["flow_file"])), "time": counts["time"]},
    )
    if record["status"] == "skipped":
        ElementTree.SubElement(case, "skipped")
    elif record["status"] != "passed":
        kind = "failure" if record["status"] == "failed" else "error"
        code = str(failure["code"]) if failure else "run.interrupted"
        element = ElementTree.SubElement(case, kind, {"type": code, "message": code})
        element.text = xml_text(str(failure["report"])) if failure else ""
    steps = "\n".join(f"{step['status']:<11} {step['number']:>2} {step['title']}" for step in record["steps"])
    ElementTree.SubElement(case, "system-out").text = xml_text(steps)
    ElementTree.indent(suites)
    written: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written
