"""How presses are counted: acts as they are answered, and what pages report."""

from collections.abc import Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo_site.pages import json_answer
from demo_site.presses import Presses, PressRefused, Source
from demo_site.site import site_of

PATH = "/usage"


async def report_press(request: Request) -> Response:
    """Count what a page says was pressed: `{"console": "maps", "control": "copy-key"}`, as a beacon sends it.

    Nobody has to be signed in, so nothing is believed of it but that somebody said so.
    """
    try:
        told = await request.json()
        console, control = str(told["console"]), str(told["control"])
    except (ValueError, KeyError, TypeError):
        return json_answer({"error": "A console and a control are needed."}, 422)
    try:
        site_of(request).presses.log(console=console, control=control, source=Source.REPORT)
    except PressRefused:
        return json_answer({"error": "Names are words of small letters."}, 422)
    return Response(status_code=204)


class CountedActs:
    """Counts each request that changes something under its area and its handler: "maps", "create-key".

    The area is the first part of its path, or `area` for an origin that is one whole area.
    """

    def __init__(self, app: ASGIApp, presses: Presses, area: str = "") -> None:
        self._app = app
        self._presses = presses
        self._area = area

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"])
            await send(message)

        counts = scope["type"] == "http" and scope["method"] == "POST"
        await self._app(scope, receive, send_counted if counts else send)

    def _count(self, scope: Scope, status: int) -> None:
        # The router has put it there; without one no handler was reached.
        handler: Callable[..., object] | None = scope.get("endpoint")
        if handler is None or handler is report_press:
            return
        name = getattr(handler, "__name__", "other").strip("_").replace("_", "-")
        area = self._area or scope["path"].split("/")[1]
        with suppress(PressRefused):  # a handler without a name that could be told
            self._presses.log(console=area, control=name, source=Source.ACT, status=status)


ROUTES = [Route(PATH, report_press, methods=["POST"])]
