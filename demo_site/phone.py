"""The phone page: what an SMS app would show. Whoever knows a device id holds that phone."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.pages import page
from demo_site.phones import Message
from demo_site.site import site_of


async def show_phone(request: Request) -> Response:
    return page(request, "phone.html", messages=_messages(request), now=site_of(request).clock())


async def show_messages(request: Request) -> Response:
    """The messages alone; the page asks for them again and again."""
    return page(request, "phone_messages.html", messages=_messages(request))


def _messages(request: Request) -> tuple[Message, ...]:
    messages = site_of(request).phones.messages(request.path_params["device_id"])
    if messages is None:
        raise HTTPException(404)
    return messages


ROUTES = [Route("/phone/{device_id}", show_phone), Route("/phone/{device_id}/messages", show_messages)]
