"""The words of the flow on a picture: where they belong, and never anything but them and the picture."""

import base64
import xml.etree.ElementTree as ET

import pytest

from tests.evidence.results import PNG
from tests.flow.texts import flow_from
from tokenbroker.evidence.report.labelled import labelled
from tokenbroker.run.pictures.label import Label, words_of
from tokenbroker.run.pictures.picture import Picture, nothing, pixels, wireframe
from tokenbroker.run.pictures.snapshot import Document
from tokenbroker.run.pictures.wireframe import draw

pytestmark = pytest.mark.req("AUDIT-2")

DOCUMENT = {
    "nodes": {"contentDocumentIndex": {"index": [], "value": []}, "nodeName": [], "parentIndex": []},
    "layout": {"nodeIndex": []},
    "textBoxes": {"layoutIndex": [], "bounds": []},
}
"""A page without a box, as DevTools would tell of it."""
SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: Picture, *labels: Label) -> ET.Element:
    return ET.fromstring(labelled(picture, labels))


def test_the_plain_picture_is_inside_byte_for_byte():
    image = parsed(pixels(PNG), Label(text="x", box=(1, 2, 30, 40))).find(f"{SVG}image")
    assert image is not None
    assert base64.b64decode(image.attrib["href"].removeprefix("data:image/png;base64,")) == PNG
    assert (image.attrib["width"], image.attrib["height"]) == ("640", "480")


def test_a_wireframe_takes_labels_too():
    empty = Document(DOCUMENT, [])
    plain = wireframe(draw([empty], {"width": 300, "height": 200}), note="a headed browser")
    drawn = parsed(plain, Label(text="x", box=(1, 2, 30, 40)))
    assert drawn.attrib["width"] == "300"
    assert "data:image/svg+xml;base64," in drawn.find(f"{SVG}image").attrib["href"]


def test_a_label_stands_in_the_frame_of_its_element():
    drawn = parsed(pixels(PNG), Label(text="Create API Key", box=(100.4, 50, 200, 40)))
    frame, plate = drawn.findall(f"{SVG}rect")
    box = {"x": "100", "y": "50", "width": "200", "height": "40"}
    assert box.items() <= frame.attrib.items()
    assert box.items() <= plate.attrib.items()
    assert drawn.findtext(f"{SVG}text") == "Create API Key"


@pytest.mark.parametrize("box", [(600, 470, 12, 8), (-20, -20, 60, 60), (300, 100, 5, 300)])
def test_a_label_longer_than_its_element_stays_whole_in_the_picture(box):
    drawn = parsed(pixels(PNG), Label(text="bitwarden:example/opendiscourse", box=box))
    plate = {
        name: float(value) for name, value in drawn.findall(f"{SVG}rect")[1].attrib.items() if name in "xy"
    }
    wide = float(drawn.findall(f"{SVG}rect")[1].attrib["width"])
    assert plate["x"] >= 0
    assert plate["y"] >= 0
    assert plate["x"] + wide <= 640
    assert plate["y"] + 22 <= 480


@pytest.mark.parametrize("box", [(640, 0, 10, 10), (0, 480, 10, 10), (-10, 0, 10, 10), (0, -900, 10, 10)])
def test_an_element_outside_of_the_picture_has_no_label(box):
    assert parsed(pixels(PNG), Label(text="x", box=box)).find(f"{SVG}text") is None


@pytest.mark.parametrize("text", ["<script>&\"'", "\x00\x1b[31m\ud800", "]]>", "ü 中 🔑"])
def test_no_text_breaks_out_of_its_label(text):
    drawn = parsed(pixels(PNG), Label(text=text, box=(0, 0, 300, 30)))
    assert {each.tag.removeprefix(SVG) for each in drawn} == {"title", "image", "rect", "text"}
    assert len(drawn.findall(f"{SVG}text")) == 1


def test_what_is_no_picture_of_ours_is_refused():
    with pytest.raises(ValueError, match="neither"):
        labelled(nothing("no proof"), ())


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ('type: { selector: "#email", value_ref: "secrets:example.email" }', "secrets:example.email"),
        ('type: { selector: "#name", value: "Agent" }', "Agent"),
        ('capture_token: { selector: ".token", secret_ref: "vault:example/key" }', "vault:example/key"),
        ('click: "text=Create API Key"', "Create API Key"),
        ("click: 'text=\"Create\"'", "Create"),
        ("click: 'role=button[name=\"Create\"]'", "Create"),
        ('click: "button[type=submit]"', "button[type=submit]"),
        ('expect: { selector: "h1", text: "Welcome" }', "Welcome"),
        ('navigate: "https://console.example.com/"', ""),
    ],
)
def test_the_words_stand_in_the_flow(yaml, words):
    head = "version: 1\nsite: s\nflow: f\nallowed_automation: semi_auto\nsteps:\n"
    start = '  - navigate: "https://console.example.com/"\n'
    assert words_of(flow_from(f"{head}{start}  - {yaml}\n", "flows/f.yaml").steps[1]) == words
