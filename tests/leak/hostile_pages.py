"""Pages that try to bring a secret into a picture, each in its own way.

Each entry makes the page's body from a secret; everything else of it is the same for all secrets.
"""

import base64
import hashlib
import struct
import zlib
from collections.abc import Callable

from tests.run.pictures.browsers import Site
from tests.run.pictures.telling_font import telling_font

PageMaker = Callable[[Site, str], str]
"""Puts what the page needs on the site and answers the page's text."""

FONT = base64.b64encode(telling_font()).decode()
WAIT_FOR_FONT = "document.fonts.ready.then(() => document.documentElement.dataset.ready = 1)"


def raster(secret: str) -> bytes:
    """A PNG whose grey stripes are made from the secret: what a site draws on its server."""
    levels = hashlib.sha256(secret.encode()).digest()
    rows = b"".join(b"\0" + bytes([level]) * 64 for level in levels)
    header = struct.pack(">IIBBBBB", 64, len(levels), 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def svg_uri(secret: str) -> str:
    drawing = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='400' height='40'>"
        f"<text y='30' font-family='monospace'>{secret}</text></svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


def text(template: str) -> PageMaker:
    """A page whose text is `template` with the secret in place of ``SECRET``."""
    return lambda _site, secret: template.replace("SECRET", secret).replace("FONT", FONT)


def with_image(template: str) -> PageMaker:
    """A page that shows the secret as a PNG of its server."""

    def make(site: Site, secret: str) -> str:
        site.serve("/secret.png", raster(secret), "image/png", Cache_Control="no-store")
        return template.replace("IMAGE", f"{site.origin}/secret.png")

    return make


def gradient_stripes(_site: Site, secret: str) -> str:
    """What a site could draw a QR code of: hard stops of a gradient, dark and light as the secret's bits are."""
    bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(secret.encode()).digest())
    stops = ",".join(f"{'#000' if bit == '1' else '#fff'} 0 {2 * i + 2}px" for i, bit in enumerate(bits))
    return f"<p style='height:40px;background:linear-gradient(90deg,{stops})'>"


def with_svg_image(site: Site, secret: str) -> str:
    return f'<img src="{svg_uri(secret)}"><p style="background:url({svg_uri(secret)});height:40px">'


def nested_frames(site: Site, secret: str) -> str:
    """Two frames deep, over another site and back, text and image."""
    site.serve("/secret.png", raster(secret), "image/png", Cache_Control="no-store")
    image = f"<img src={site.origin}/secret.png>"
    site.serve("/innermost", f"<!doctype html><b>{secret}</b>{image}")
    site.serve(
        "/middle", f"<!doctype html>{secret}{image}<iframe height=90 src={site.origin}/innermost></iframe>"
    )
    return f"<iframe height=200 src={site.other_origin}/middle></iframe><iframe srcdoc='{secret}'></iframe>"


def strict_policy(site: Site, secret: str) -> str:
    """See :data:`HEADERS`."""
    site.serve("/secret.png", raster(secret), "image/png", Cache_Control="no-store")
    return f"<code>{secret}</code><img src=/secret.png>"


HEADERS = {
    "strict_policy": {
        "Content_Security_Policy": "default-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    }
}

SCRIPT_FONT = """<p style="font:30px mine,serif">SECRET</p><script>
const bytes = Uint8Array.from(atob("FONT"), (c) => c.charCodeAt(0));
const Face = CONSTRUCTOR;
const face = new Face("mine", SOURCE);
document.fonts.add(face);
face.load().catch(() => 0).then(() => document.documentElement.dataset.ready = 1);
</script>"""


def script_font(*, source: str = "bytes.buffer", constructor: str = "FontFace") -> PageMaker:
    return text(SCRIPT_FONT.replace("SOURCE", source).replace("CONSTRUCTOR", constructor))


def font_face(source: str, more: str = "") -> PageMaker:
    return text(
        f"<style>@font-face{{font-family:mine;{more}src:{source}}}</style>"
        '<p style="font:30px mine,serif">SECRET</p>'
        f"<script>document.fonts.load('30px mine').catch(() => 0).then(() => {WAIT_FOR_FONT})</script>"
    )


PAGES: dict[str, PageMaker] = {
    "text": text("<h1>SECRET</h1><p>SECRET</p><pre>SECRET</pre><code>SECRET</code>"),
    "inline_important": text(
        "<p style='color:red!important;font:900 30px Arial!important;opacity:1!important'>SECRET"
    ),
    "text_shadow": text("<p style='color:transparent;text-shadow:0 0 1px #000'>SECRET"),
    "text_stroke": text("<p style='font-size:40px;color:transparent;-webkit-text-stroke:1px red'>SECRET"),
    "clipped_background": text(
        "<p style='font-size:40px;color:transparent;background:linear-gradient(red,blue);"
        "-webkit-background-clip:text'>SECRET"
    ),
    "small_capitals": text(
        "<style>p::first-line{font-variant:small-caps}</style><p>SECRET<br>"
        "<b style='font-variant:all-small-caps!important'>SECRET</b><i style='font-variant:unicase'>SECRET"
    ),
    "vertical": text("<p style='writing-mode:vertical-rl;text-orientation:mixed'>SECRET"),
    "generated": text("<style>p::before{content:'SECRET'}</style><p title=SECRET>x"),
    "inputs": text(
        "<input value=SECRET><input type=password value=SECRET><textarea>SECRET</textarea>"
        "<input placeholder=SECRET><input type=submit value=SECRET>"
    ),
    "select": text("<select><option>SECRET</select><select multiple><option>SECRET</select>"),
    "broken_image": text("<img alt=SECRET src=/missing width=400 height=30>"),
    "svg_text": text("<svg width=500 height=60><text y=40 font-size=30>SECRET</text></svg>"),
    "svg_foreign_object": text(
        "<svg width=500 height=60><foreignObject width=500 height=60>SECRET</foreignObject></svg>"
    ),
    "svg_image": with_svg_image,
    "canvas": text(
        "<canvas id=c width=500 height=60></canvas><script>const x = c.getContext('2d');"
        "x.font = '30px monospace'; x.fillText('SECRET', 5, 40)</script>"
    ),
    "open_shadow_root": text("<p id=h><script>h.attachShadow({mode:'open'}).innerHTML='<b>SECRET'</script>"),
    "closed_shadow_root": text(
        "<p id=h><script>h.attachShadow({mode:'closed'}).innerHTML='<b>SECRET'</script>"
    ),
    "nested_frames": nested_frames,
    "strict_policy": strict_policy,
    "local_font": font_face("local('DejaVu Sans Mono'),local('Liberation Mono'),local('Block-00000000')"),
    "data_font": font_face("url(data:font/ttf;base64,FONT)"),
    "data_font_for_some": font_face(
        "url(data:font/ttf;base64,FONT)", "unicode-range:U+61-66;size-adjust:300%;"
    ),
    "script_font": script_font(),
    "script_font_from_view": script_font(source="bytes"),
    "script_font_from_data": script_font(source="'url(data:font/ttf;base64,FONT)'"),
    "script_font_from_blob": script_font(source="`url(${URL.createObjectURL(new Blob([bytes]))})`"),
    "script_font_by_prototype": script_font(constructor="FontFace.prototype.constructor"),
    "script_font_by_frame": script_font(
        constructor="document.body.appendChild(document.createElement('iframe')).contentWindow.FontFace"
    ),
    "image": with_image("<img src=IMAGE>"),
    "image_in_closed_shadow_root": with_image(
        "<p id=h><script>h.attachShadow({mode:'closed'}).innerHTML='<img src=IMAGE>'</script>"
    ),
    "image_that_insists": with_image("<img src=IMAGE style='visibility:visible!important'>"),
    "background": with_image("<p style='background-image:url(IMAGE)'>x<br>x"),
    "gradient_stripes": gradient_stripes,
    "background_that_insists": with_image("<p style='background-image:url(IMAGE)!important'>x<br>x"),
    "border_image": with_image("<p style='border:20px solid;border-image:url(IMAGE) 9'>x"),
    "mask_image": with_image(
        "<p style='background:red;height:64px;mask-image:url(IMAGE);mask-mode:luminance'>x"
    ),
    "generated_image": with_image("<style>p::after{content:url(IMAGE)}</style><p>x"),
    "bullet": with_image("<style>li{list-style:inside url(IMAGE)}</style><li>x"),
    "first_letter": with_image("<style>p::first-letter{font-size:60px;background:url(IMAGE)}</style><p>x"),
    "svg_filter": with_image(
        "<svg width=0 height=0><filter id=f><feImage href=IMAGE /></filter></svg>"
        "<p style='filter:url(#f);height:64px'>x"
    ),
    "object": with_image("<object data=IMAGE></object>"),
    "poster": with_image("<video poster=IMAGE></video>"),
    "image_input": with_image("<input type=image src=IMAGE>"),
}

NOT_PIXELS = frozenset({"image_in_closed_shadow_root", "image_that_insists", "background_that_insists"})
"""Pages on which nothing can be hidden, so that the picture has to be a wireframe."""
