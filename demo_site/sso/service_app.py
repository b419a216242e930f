"""A service: it sends its visitors to Example ID, gets them back with a code, and has an API that its keys open."""

from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from demo_site.clock import iso
from demo_site.pages import SignInNeeded, account_of, json_answer, read_form
from demo_site.sessions import Stage
from demo_site.site import Site, site_of
from demo_site.sso import console
from demo_site.sso.codes import CodeRefused
from demo_site.sso.console import service_of
from demo_site.sso.log import SignInEvent
from demo_site.sso.look import mark, theme
from demo_site.sso.pages import entrance_of, error_page, forget, go_to, page, session_of, sign_on_of
from demo_site.sso.service import Service

STATIC = Path(__file__).parents[1] / "static"


def create_service_app(site: Site, service: Service) -> Starlette:
    """The application of the service's origin."""
    app = Starlette(
        routes=[
            Route("/", show_front),
            Route("/callback", callback),
            Route("/sign-out", sign_out, methods=["POST"]),
            Route("/signed-out", show_signed_out),
            Route("/v1/me", whoami),
            *console.routes(service),
            Route("/theme.css", theme),
            Route("/mark.svg", mark),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={SignInNeeded: _send_to_provider, HTTPException: error_page, 500: error_page},
    )
    app.state.site, app.state.entrance = site, site.sign_on.services[service.slug]
    app.state.service, app.state.brand, app.state.hue = service, service.name, service.hue
    return app


async def show_front(request: Request) -> Response:
    return go_to(request, service_of(request).path)


async def _send_to_provider(request: Request, _error: Exception) -> Response:
    """Ask Example ID who this is. What comes back must bring the state of this very browser (RFC 6749, 10.12)."""
    if request.method not in ("GET", "HEAD"):
        return await error_page(request, HTTPException(403))
    entrance = entrance_of(request)
    session = session_of(request) or entrance.sessions.open()
    session.landing = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    asked = {
        "response_type": "code",
        "client_id": service_of(request).slug,
        "redirect_uri": entrance.callback,
        "scope": "openid email",
        "state": session.new_form(),  # good for one answer, as a form is good for one submission
    }
    return go_to(request, f"{sign_on_of(request).provider.origin}/authorize?{urlencode(asked)}", session)


async def callback(request: Request) -> Response:
    """Exchange the code for an account, and sign the browser in under a new session."""
    sign_on, service, entrance = sign_on_of(request), service_of(request), entrance_of(request)
    session = session_of(request)
    if session is None or not session.use_form(request.query_params.get("state", "")):
        raise HTTPException(403)
    try:
        account_id = sign_on.codes.redeem(
            request.query_params.get("code", ""), client_id=service.slug, redirect_uri=entrance.callback
        )
    except CodeRefused as refusal:
        raise HTTPException(403) from refusal
    account = site_of(request).accounts.find(account_id)
    assert account is not None  # accounts are never deleted
    sign_on.log.sign_in(SignInEvent.SERVICE_ENTERED, account_id=account.id, service=service.slug)
    fresh = entrance.sessions.replace(session, account=account, stage=Stage.SIGNED_IN)
    return go_to(request, session.landing or service.path, fresh)


async def sign_out(request: Request) -> Response:
    """End the session here; the one at Example ID goes on."""
    session = session_of(request)
    if session is not None:
        await read_form(request, session)
        entrance_of(request).sessions.close(session)
    return forget(go_to(request, "/signed-out"), request)


async def show_signed_out(request: Request) -> Response:
    session = session_of(request)
    return (
        page(request, "signed_out.html", session=session)
        if account_of(session) is None
        else go_to(request, "/")
    )


async def whoami(request: Request) -> Response:
    """Whom the bearer's key speaks for; 401 for a key that is missing, unknown, expired or revoked (RFC 6750).

    Each call is in the log, however it was answered.
    """
    sign_on, service = sign_on_of(request), service_of(request)
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    key, is_live = (
        sign_on.keys.of_secret(service, secret.strip()) if scheme.lower() == "bearer" else (None, False)
    )
    status = 200 if is_live else 401
    sign_on.log.call(service=service.slug, status=status, key_id=key.id if key else None)
    if key is None or not is_live:
        response = json_answer({"error": "invalid_token"}, status)
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    return json_answer(
        {
            "service": service.name,
            "account": key.account_email,
            "key_name": key.name,
            "scope": key.scope,
            "expires_at": iso(key.expires_at) if key.expires_at else None,
        }
    )
