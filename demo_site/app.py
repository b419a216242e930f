"""The web application: routes, errors, and the headers that every answer carries."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo_site import api, phone, products, sign_in, usage
from demo_site.consoles import (
    captcha_key,
    classic,
    clipboard_key,
    deep_link,
    device_key,
    embedded_key,
    input_key,
    modal,
    one_key,
    popup_key,
    sentence_key,
    shadow_key,
    slow_key,
    strict_key,
    wrapped_key,
)
from demo_site.keys_origin import create_keys_app, security_headers
from demo_site.pages import SignInNeeded, go_to, json_answer, page, session_of
from demo_site.site import Site
from demo_site.sso.pages import SECURITY_HEADERS as SSO_HEADERS
from demo_site.sso.provider import create_provider_app
from demo_site.sso.service_app import create_service_app
from demo_site.sso.services import SERVICES

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
    """The application over the parts of a site, with all its origins."""
    console = Starlette(
        routes=[
            Route("/", _landing),
            Route("/healthz", _healthz),
            *sign_in.ROUTES,
            *products.ROUTES,
            *classic.ROUTES,
            *modal.ROUTES,
            *input_key.ROUTES,
            *clipboard_key.ROUTES,
            *embedded_key.ROUTES,
            *shadow_key.ROUTES,
            *popup_key.ROUTES,
            *sentence_key.ROUTES,
            *wrapped_key.ROUTES,
            *device_key.ROUTES,
            *one_key.ROUTES,
            *strict_key.ROUTES,
            *captcha_key.ROUTES,
            *deep_link.ROUTES,
            *slow_key.ROUTES,
            *phone.ROUTES,
            *api.ROUTES,
            *usage.ROUTES,
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={SignInNeeded: _ask_to_sign_in, HTTPException: _error_page, 500: _failure},
    )
    console.state.site = site
    sign_on = site.sign_on
    others = {
        site.keys_origin: _guarded(create_keys_app(site), site, security_headers(site)),
        sign_on.provider.origin: _guarded(create_provider_app(site), site, SSO_HEADERS, area="example-id"),
    }
    for service in SERVICES:
        app = _guarded(create_service_app(site, service), site, SSO_HEADERS, area=service.slug)
        others[sign_on.services[service.slug].origin] = app
    return _ByOrigin(_guarded(console, site, SECURITY_HEADERS), others)


def _guarded(app: ASGIApp, site: Site, headers: Mapping[str, str], *, area: str = "") -> ASGIApp:
    # Outside Starlette's own error handling, so that the page of a failure carries the headers too.
    counted = usage.CountedActs(app, site.presses, area)
    return _SecurityHeaders(RequestBodyLimitMiddleware(counted, max_body_size=BODY_LIMIT_BYTES), headers)


class _ByOrigin:
    """Hands a request to the origin that it came in at: the socket's address, never the Host header."""

    def __init__(self, console: ASGIApp, others: Mapping[str, ASGIApp]) -> None:
        self._console = console
        self._others = {
            (parts.hostname, parts.port or 80): app
            for parts, app in ((urlsplit(origin), app) for origin, app in others.items())
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._others.get(tuple(scope["server"]), self._console)
        await app(scope, receive, send)


class _SecurityHeaders:
    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)  # a page that needs another policy has set its own
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
    return "/api/" in request.url.path
