"""The web application: routes, errors, and the headers that every answer carries."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo_site import api, phone, sign_in
from demo_site.consoles import classic, modal
from demo_site.pages import SignInNeeded, go_to, json_answer, page, session_of
from demo_site.site import Site

STATIC = Path(__file__).parent / "static"
BODY_LIMIT_BYTES = 64 * 1024

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

ERROR_PAGES = {
    403: ("That didn't work", "This form is out of date or came from another site. Go back and try again."),
    404: ("Page not found", "There is nothing at this address. It may have been moved or deleted."),
}
OTHER_ERROR = ("Something went wrong", "The request could not be handled. Go back and try again.")


def create_app(site: Site) -> ASGIApp:
    """The application over the parts of a site."""
    app = Starlette(
        routes=[
            Route("/", _landing),
            Route("/healthz", _healthz),
            *sign_in.ROUTES,
            *classic.ROUTES,
            *modal.ROUTES,
            *phone.ROUTES,
            *api.ROUTES,
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={SignInNeeded: _ask_to_sign_in, HTTPException: _error_page, 500: _failure},
    )
    app.state.site = site
    # Outside Starlette's own error handling, so that the page of a failure carries the headers too.
    return _SecurityHeaders(RequestBodyLimitMiddleware(app, max_body_size=BODY_LIMIT_BYTES))


class _SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _landing(request: Request) -> Response:
    return page(request, "landing.html", session=session_of(request))


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    return json_answer({"error": "sign_in_needed"}, 401) if _wants_json(request) else go_to("/login")


async def _error_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _wants_json(request):
        return json_answer({"error": error.detail}, error.status_code)
    return _page_for(request, error.status_code)


async def _failure(request: Request, _error: Exception) -> Response:
    return json_answer({"error": "internal"}, 500) if _wants_json(request) else _page_for(request, 500)


def _page_for(request: Request, status: int) -> Response:
    title, text = ERROR_PAGES.get(status, OTHER_ERROR)
    return page(request, "error.html", session=session_of(request), status=status, title=title, text=text)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/console/api/"))
