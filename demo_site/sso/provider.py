"""Example ID: a password, a code from the phone, and then a short session in which services get in unasked.

The authorisation endpoint follows RFC 6749 section 4.1 and OpenID Connect Core 1.0 section 3.1.2; the redirect URI is
compared whole with the one that is known of the service (RFC 9700 section 2.1).
"""

from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from demo_site.accounts import AccountLocked, AccountRecord, WrongPassword
from demo_site.challenge import Challenge, Verdict
from demo_site.pages import SignInNeeded, account_of, first, read_form
from demo_site.sessions import Session, Stage
from demo_site.sign_in import LOCKED, WRONG
from demo_site.site import Site, site_of
from demo_site.sso.log import SignInEvent
from demo_site.sso.look import HUE, mark, theme
from demo_site.sso.pages import (
    BACKGROUND,
    entrance_of,
    error_page,
    forget,
    go_to,
    page,
    session_of,
    sign_on_of,
    signed_in,
)
from demo_site.sso.service import Service
from demo_site.sso.services import BY_SLUG, SERVICES
from demo_site.sso.sign_on import PROVIDER_NAME

STATIC = Path(__file__).parents[1] / "static"


def create_provider_app(site: Site) -> Starlette:
    """The application of Example ID's origin."""
    app = Starlette(
        routes=[
            Route("/", show_account),
            Route("/authorize", authorize),
            Route("/login", show_login),
            Route("/login", submit_login, methods=["POST"]),
            Route("/login/verify", show_challenge),
            Route("/login/verify", submit_code, methods=["POST"]),
            Route("/login/new-code", send_new_code, methods=["POST"]),
            Route("/logout", sign_out, methods=["POST"]),
            Route("/theme.css", theme),
            Route("/mark.svg", mark),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={SignInNeeded: _ask_to_sign_in, HTTPException: error_page, 500: error_page},
    )
    app.state.site, app.state.entrance, app.state.service = site, site.sign_on.provider, None
    app.state.brand, app.state.hue = PROVIDER_NAME, HUE
    return app


async def authorize(request: Request) -> Response:
    """Send a code to the service that asks, at once where the session stands; else ask the person to sign in."""
    service = _asking(request, request.url.query)
    if service is None:
        raise HTTPException(400)  # RFC 6749 section 4.1.2.1: never sent on to an address that isn't known
    sign_on = sign_on_of(request)
    session = session_of(request) or entrance_of(request).sessions.open()
    account = account_of(session)
    if account is None:
        session.landing = f"/authorize?{request.url.query}"
        return go_to(request, "/login", session)
    callback = sign_on.services[service.slug].callback
    code = sign_on.codes.issue(account.id, client_id=service.slug, redirect_uri=callback)
    answer = urlencode({"code": code, "state": request.query_params["state"]})
    return go_to(request, f"{callback}?{answer}")


async def show_login(request: Request) -> Response:
    session = session_of(request) or entrance_of(request).sessions.open()
    if account_of(session):
        return go_to(request, "/")
    return _ask(request, session, "login.html", email="", message=session.take_notice())


async def submit_login(request: Request) -> Response:
    site, session = site_of(request), session_of(request)
    fields = await read_form(request, session)
    assert session is not None  # read_form has refused a form without one
    email = first(fields, "email")
    message, status = WRONG, 401
    try:
        account = site.accounts.sign_in(email, first(fields, "password"))
    except WrongPassword:
        pass
    except AccountLocked:
        message, status = LOCKED, 423
    else:
        _note(request, SignInEvent.PASSWORD_ACCEPTED, session, account)
        session = _advance(request, session, account, Stage.PASSWORD_GIVEN)
        session.challenge = Challenge.begin(site.new_code(), site.clock())
        _send_code(request, session)
        return go_to(request, "/login/verify", session)
    _note(request, SignInEvent.PASSWORD_REFUSED, session, None)
    return _ask(request, session, "login.html", status=status, email=email, message=message)


async def show_challenge(request: Request) -> Response:
    session = _challenged(request)
    if session is None:
        return go_to(request, "/login")
    return _ask(request, session, "verify.html", message="", notice=session.take_notice())


async def submit_code(request: Request) -> Response:
    session = _challenged(request)
    if session is None:
        return go_to(request, "/login")
    fields = await read_form(request, session)
    assert session.challenge is not None
    assert session.account is not None
    verdict = session.challenge.answer(first(fields, "code").strip(), site_of(request).clock())
    if verdict is Verdict.RIGHT:
        _note(request, SignInEvent.CODE_ACCEPTED, session, session.account)
        landing = session.landing or "/"  # ours: /authorize sets it, once it has looked at what was asked
        return go_to(request, landing, _advance(request, session, session.account, Stage.SIGNED_IN))
    _note(request, SignInEvent.CODE_REFUSED, session, session.account)
    if verdict is Verdict.REFUSED:
        fresh = entrance_of(request).sessions.open()
        fresh.notice, fresh.landing = verdict.value, session.landing
        entrance_of(request).sessions.close(session)
        return go_to(request, "/login", fresh)
    return _ask(request, session, "verify.html", status=401, message=verdict.value, notice="")


async def send_new_code(request: Request) -> Response:
    site, session = site_of(request), _challenged(request)
    if session is None:
        return go_to(request, "/login")
    await read_form(request, session)
    assert session.challenge is not None
    session.challenge.renew(site.new_code(), site.clock())
    _send_code(request, session)
    session.notice = "A new code is on its way."
    return go_to(request, "/login/verify")


async def show_account(request: Request) -> Response:
    session, _ = signed_in(request)
    here = sign_on_of(request).services
    return page(
        request,
        "account.html",
        session=session,
        services=[(service, f"{here[service.slug].origin}{service.path}") for service in SERVICES],
    )


async def sign_out(request: Request) -> Response:
    session = session_of(request)
    if session is not None:
        await read_form(request, session)
        entrance_of(request).sessions.close(session)
    return forget(go_to(request, "/login"), request)


async def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    return go_to(request, "/login")


def _asking(request: Request, query: str) -> Service | None:
    """The service that asks with this query, if all of it is as it must be; each parameter once (RFC 6749, 3.1)."""
    asked = parse_qs(query)
    service = BY_SLUG.get(asked.get("client_id", [""])[0])
    if service is None or any(len(values) > 1 for values in asked.values()):
        return None
    is_right = (
        asked.get("redirect_uri") == [sign_on_of(request).services[service.slug].callback]
        and asked.get("response_type") == ["code"]
        and "openid" in asked.get("scope", [""])[0].split()
        and "state" in asked
    )
    return service if is_right else None


def _ask(request: Request, session: Session, template: str, *, status: int = 200, **context: str) -> Response:
    """A page that asks for the sign-in, for the service that has sent the person if one has."""
    service = _asking(request, urlsplit(session.landing).query)
    response = page(
        request, template, session=session, status=status, asking=service.name if service else "", **context
    )
    if service is not None:
        # A form's redirects count, too: the answer to the last one leads on to the service.
        there = sign_on_of(request).services[service.slug].origin
        response.headers["Content-Security-Policy"] = (
            f"{BACKGROUND}; form-action 'self' {there}; frame-ancestors 'none'"
        )
    return response


def _advance(request: Request, session: Session, account: AccountRecord, stage: Stage) -> Session:
    fresh = entrance_of(request).sessions.replace(session, account=account, stage=stage)
    fresh.landing = session.landing if stage is Stage.PASSWORD_GIVEN else ""
    return fresh


def _challenged(request: Request) -> Session | None:
    session = session_of(request)
    return session if session and session.stage is Stage.PASSWORD_GIVEN else None


def _send_code(request: Request, session: Session) -> None:
    site = site_of(request)
    assert session.account is not None
    assert session.challenge is not None
    code = session.challenge.code
    site.phones.send_code(session.account.device_id, code, sender="Example ID", at=site.clock())
    _note(request, SignInEvent.CODE_SENT, session, session.account)


def _note(request: Request, event: SignInEvent, session: Session, account: AccountRecord | None) -> None:
    service = _asking(request, urlsplit(session.landing).query)
    sign_on_of(request).log.sign_in(
        event, account_id=account.id if account else None, service=service.slug if service else ""
    )
