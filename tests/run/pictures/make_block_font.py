"""Make ``tokenbroker/run/pictures/block.ttf``: the font that draws every character as one block.

Run ``python -m tests.run.pictures.make_block_font`` after a change; fontTools is a dependency of
development only, which is why this stands with the tests. The bytes are the same on each run.
"""

from io import BytesIO
from pathlib import Path

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.tables.ttProgram import Program

TARGET = Path(__file__).parents[3] / "tokenbroker" / "run" / "pictures" / "block.ttf"
EM = 1000
ADVANCE = 600  # as wide as a monospaced letter, so that pages keep their layout
BEARING = 40  # a thin gap, so that a person can count the characters of a word
BOTTOM, TOP = 0, 700
NAME = "Block-00000000"  # each browser gets a copy whose digits are drawn by lot, so that no page can name it
LAST_CODE_POINT = 0x10FFFF
EPOCH_OF_TRUETYPE = 0
# A browser draws small capitals as smaller capitals when the font has none of its own: that would tell
# lower case from upper case and digits. So the font has them, and they are the same block.
CAPITALS = "".join(
    f"feature {tag} {{ sub block by block; }} {tag};\n"
    for tag in ("smcp", "c2sc", "pcap", "c2pc", "unic", "titl")
)

# FreeType hints a font without instructions by itself, and walks through all of its 1.1 million characters for
# that, in each new renderer, whenever a text is painted. So the font has instructions: push a number, drop it.
NO_OPERATION = bytes([0xB0, 0, 0x21]) * 4


def rectangle(left: int, bottom: int, right: int, top: int) -> object:
    """A glyph with one filled rectangle."""
    pen = TTGlyphPen(None)
    pen.moveTo((left, bottom))
    for point in ((left, top), (right, top), (right, bottom)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def save(builder: FontBuilder) -> bytes:
    """The font file, with no moment of its making in it."""
    builder.font.recalcTimestamp = False
    builder.font["head"].created = builder.font["head"].modified = EPOCH_OF_TRUETYPE
    stream = BytesIO()
    builder.font.save(stream)
    return stream.getvalue()


def every_character_is(glyph: str, font: TTFont) -> object:
    """A `cmap` of format 13 alone (many to one): the whole of Unicode is `glyph`."""
    table = newTable("cmap")
    table.tableVersion = 0
    subtable = CmapSubtable.newSubtable(13)
    subtable.platformID, subtable.platEncID = 3, 10
    subtable.format, subtable.reserved, subtable.length, subtable.language = 13, 0, 0, 0
    subtable.nGroups = 0
    subtable.cmap = {}
    # fontTools would walk 1.1 million code points: the one group is written by hand instead.
    group = (0).to_bytes(4, "big") + LAST_CODE_POINT.to_bytes(4, "big")
    header = (13).to_bytes(2, "big") + bytes(2) + (28).to_bytes(4, "big") + bytes(4) + (1).to_bytes(4, "big")
    subtable.data = header + group + font.getGlyphID(glyph).to_bytes(4, "big")
    subtable.compile = lambda _font: subtable.data
    table.tables = [subtable]
    return table


def block_font() -> bytes:
    """The bytes of ``block.ttf``."""
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "block"])
    block = rectangle(BEARING, BOTTOM, ADVANCE - BEARING, TOP)
    builder.setupGlyf({".notdef": block, "block": block})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, BEARING), "block": (ADVANCE, BEARING)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.font["cmap"] = every_character_is("block", builder.font)
    builder.setupOS2(
        fsType=0,
        sTypoAscender=800,
        sTypoDescender=-200,
        usWinAscent=800,
        usWinDescent=200,
        sxHeight=TOP,
        sCapHeight=TOP,
    )
    builder.setupNameTable(
        {"familyName": NAME, "styleName": "Regular", "fullName": NAME, "psName": NAME}, mac=False
    )
    builder.setupPost(keepGlyphNames=False, isFixedPitch=1)
    addOpenTypeFeaturesFromString(builder.font, CAPITALS, tables=["GSUB"])
    for tag in ("fpgm", "prep"):
        builder.font[tag] = newTable(tag)
        builder.font[tag].program = Program()
        builder.font[tag].program.fromBytecode(NO_OPERATION)
    builder.font["maxp"].maxStackElements = 1
    builder.font["maxp"].maxSizeOfInstructions = len(NO_OPERATION)
    return save(builder)


if __name__ == "__main__":
    TARGET.write_bytes(block_font())
