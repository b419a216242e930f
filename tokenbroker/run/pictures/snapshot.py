"""A page's layout as Chromium's ``DOMSnapshot.captureSnapshot`` tells it.

The snapshot sees closed shadow roots, generated content and the frames of the same process. It holds
the page's texts: objects of this module stay inside the room and have no `repr` of their contents.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

STYLES: Final = (
    "visibility",
    "background-image",
    "border-image-source",
    "list-style-image",
    "mask-image",
    "-webkit-mask-box-image-source",
    "-webkit-box-reflect",
    "filter",
    "backdrop-filter",
    "clip-path",
    "text-emphasis-style",
    "content",
)
"""The computed styles that a verdict needs, in this order."""
LOOKS: Final = (
    *STYLES, "color", "background-color", "opacity", "border-top-color", "outline-color", "box-shadow", "transform",
    "text-decoration-line", "accent-color",
)  # fmt: skip
"""What is asked for: besides, what else makes two pages of one layout look different."""
_START_VALUES: Final = frozenset({"none", "normal", "visible"})

Bounds = tuple[float, float, float, float]
"""Left, top, width and height in CSS pixels."""


class Box:
    """One box of the layout: the element, generated content or text that made it, and where it is."""

    __slots__ = (
        "bounds",
        "content_document",
        "in_svg",
        "is_text",
        "name",
        "role",
        "styles",
        "type",
    )

    def __init__(self, *, document: "Document", layout_index: int) -> None:
        node = document.node_of(layout_index)
        attributes = document.attributes(node)
        self.name = document.name(node)
        self.is_text = self.name == "#text"
        self.type = attributes.get("type", "").lower()
        self.role = attributes.get("role", "").lower()
        left, top, width, height = document.raw["layout"]["bounds"][layout_index]
        self.bounds: Bounds = (left, top, width, height)
        self.styles = document.styles(layout_index)
        self.in_svg = document.in_svg(node)
        self.content_document = document.content_documents.get(node)

    @property
    def visible(self) -> bool:
        """Whether its computed `visibility` lets it be painted."""
        return self.styles.get("visibility") != "hidden"


class Document:
    """One document of the snapshot, with its boxes in the order of layout."""

    def __init__(self, raw: Mapping[str, Any], strings: Sequence[str]) -> None:
        self.raw = raw
        self._strings = strings
        nodes = raw["nodes"]
        contents = nodes["contentDocumentIndex"]
        self.content_documents: dict[int, int] = dict(zip(contents["index"], contents["value"], strict=True))
        self._names: list[str] = [self._text(index) for index in nodes["nodeName"]]
        self._styles: dict[tuple[int, ...], dict[str, str]] = {}
        self._in_svg: list[bool] = []
        for parent, name in zip(nodes["parentIndex"], self._names, strict=True):
            inherited = parent >= 0 and self._in_svg[parent]  # a parent stands before its children
            self._in_svg.append(inherited or name.lower() == "svg")
        self.boxes = [
            Box(document=self, layout_index=index) for index in range(len(raw["layout"]["nodeIndex"]))
        ]

    @property
    def frame_id(self) -> str:
        """The frame that the document stands in."""
        return self._text(self.raw["frameId"])

    @property
    def scroll(self) -> tuple[float, float]:
        """How far it is scrolled, in CSS pixels."""
        return self.raw.get("scrollOffsetX", 0.0), self.raw.get("scrollOffsetY", 0.0)

    def text_lines(self) -> Iterator[tuple[Box, Bounds]]:
        """Each painted line of text: the box that it belongs to, and where it is."""
        lines = self.raw["textBoxes"]
        for layout_index, (left, top, width, height) in zip(
            lines["layoutIndex"], lines["bounds"], strict=True
        ):
            yield self.boxes[layout_index], (left, top, width, height)

    def node_of(self, layout_index: int) -> int:
        node: int = self.raw["layout"]["nodeIndex"][layout_index]
        return node

    def name(self, node: int) -> str:
        return self._names[node]

    def in_svg(self, node: int) -> bool:
        return self._in_svg[node]

    def attributes(self, node: int) -> dict[str, str]:
        flat = self.raw["nodes"]["attributes"][node]
        return {
            self._text(name): self._text(value) for name, value in zip(flat[::2], flat[1::2], strict=True)
        }

    def styles(self, layout_index: int) -> dict[str, str]:
        """The computed styles that aren't at their start value; boxes of one look share them."""
        key = tuple(self.raw["layout"]["styles"][layout_index])
        if key not in self._styles:
            values = zip(STYLES, map(self._text, key), strict=False)  # a text's box has none
            self._styles[key] = {name: value for name, value in values if value not in _START_VALUES}
        return self._styles[key]

    def _text(self, index: int) -> str:
        return self._strings[index] if index >= 0 else ""


def digest_of(answer: Mapping[str, Any]) -> bytes:
    """Of one answer of ``DOMSnapshot.captureSnapshot``: that of a page which looks the same is the same."""
    # The ids of nodes don't show; generated content gets new ones each time that a style sheet comes or goes.
    documents = [
        {**each, "nodes": {k: v for k, v in each["nodes"].items() if k != "backendNodeId"}}
        for each in answer["documents"]
    ]
    return hashlib.sha256(json.dumps([answer["strings"], documents]).encode()).digest()


def documents_of(answer: Mapping[str, Any]) -> list[Document]:
    """The documents of one answer of ``DOMSnapshot.captureSnapshot``, the outermost first."""
    return [Document(raw, answer["strings"]) for raw in answer["documents"]]
