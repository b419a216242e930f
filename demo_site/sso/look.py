"""How Example ID and each service look: one style sheet for all, with a hue and a mark of their own."""

from html import escape

from starlette.requests import Request
from starlette.responses import Response

HUE = "#31326f"
"""Example ID's own."""


async def theme(request: Request) -> Response:
    """The colours, as the variables of the shared style sheet."""
    hue = request.app.state.hue
    style = (
        f":root {{ --accent: {hue}; --accent-deep: color-mix(in srgb, {hue} 78%, #000);"
        f" --tint: color-mix(in srgb, {hue} 9%, #fff); --wash: color-mix(in srgb, {hue} 4%, #fff); }}\n"
    )
    return Response(style, media_type="text/css")


async def mark(request: Request) -> Response:
    """The initial on a tile."""
    state = request.app.state
    initial = escape(state.brand.split()[-1][0] if state.service is None else state.brand[0])
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{state.hue}"/>'
        '<text x="16" y="22.5" font-family="system-ui, DejaVu Sans, sans-serif" font-size="18" font-weight="700"'
        f' text-anchor="middle" fill="#fff">{initial}</text></svg>\n'
    )
    return Response(drawing, media_type="image/svg+xml")
