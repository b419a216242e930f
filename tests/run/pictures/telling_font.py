"""A tiny font that draws each hexadecimal digit differently: what a page would bring to show a secret."""

from io import BytesIO

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def telling_font() -> bytes:
    """A TrueType file in which the digit of value `n` is a bar that grows with `n`."""
    digits = "0123456789abcdef"
    names = {ord(digit): f"digit{digit}" for digit in digits}
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for height, name in enumerate(names.values(), start=1):
        pen = TTGlyphPen(None)
        pen.moveTo((50, 0))
        for point in ((50, height * 50), (450, height * 50), (450, 0)):
            pen.lineTo(point)
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(names)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 0)))
    builder.setupHorizontalHeader(ascent=850, descent=-150)
    builder.setupNameTable({"familyName": "Telling", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    stream = BytesIO()
    builder.font.save(stream)
    return stream.getvalue()
