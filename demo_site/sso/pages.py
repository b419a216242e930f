"""What every page of Example ID and of a service does: know its own session, and answer under its own policy."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from demo_site.accounts import AccountRecord
from demo_site.pages import SignInNeeded, account_of
from demo_site.sessions import Session
from demo_site.site import site_of
from demo_site.sso.sign_on import Entrance, SignOn

BACKGROUND = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'"
SECURITY_HEADERS = {
    "Content-Security-Policy": f"{BACKGROUND}; form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

ERROR_PAGES = {
    400: ("This sign-in can't go on", "The service that sent you has asked for something that isn't right."),
    403: ("That didn't work", "This form is out of date or came from another site. Go back and try again."),
    404: ("Page not found", "There is nothing at this address. It may have been moved or deleted."),
}
OTHER_ERROR = ("Something went wrong", "The request could not be handled. Go back and try again.")


def sign_on_of(request: Request) -> SignOn:
    return site_of(request).sign_on


def entrance_of(request: Request) -> Entrance:
    """The origin that the request came in at."""
    entrance: Entrance = request.app.state.entrance
    return entrance


def session_of(request: Request) -> Session | None:
    """The visitor's session at this origin; what the cookies of its neighbours say is theirs alone."""
    entrance = entrance_of(request)
    return entrance.sessions.find(request.cookies.get(entrance.cookie))


def signed_in(request: Request) -> tuple[Session, AccountRecord]:
    """The session and the account of a person who is signed in at this origin.

    Raises:
        SignInNeeded: nobody is.
    """
    session = session_of(request)
    account = account_of(session)
    if session is None or account is None:
        raise SignInNeeded
    return session, account


def page(
    request: Request, template: str, *, session: Session | None = None, status: int = 200, **context: Any
) -> Response:
    """A page from a template. No page is ever stored: some of them show a key."""
    context |= {
        "session": session,
        "account": account_of(session),
        "brand": request.app.state.brand,
        "service": request.app.state.service,
    }
    response = site_of(request).templates.TemplateResponse(
        request, f"sso/{template}", context, status_code=status, headers={"Cache-Control": "no-store"}
    )
    return _with(response, request, session)


def go_to(request: Request, address: str, session: Session | None = None) -> Response:
    """Send the browser on; to another origin only where our own table says so."""
    response = RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
    return _with(response, request, session)


def forget(response: Response, request: Request) -> Response:
    """Let the browser forget its session at this origin."""
    response.delete_cookie(entrance_of(request).cookie, httponly=True, samesite="lax")
    return response


async def error_page(request: Request, error: Exception) -> Response:
    """The page of a refusal or a failure; of the error itself nothing is told but its status."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    title, text = ERROR_PAGES.get(status, OTHER_ERROR)
    return page(request, "error.html", status=status, title=title, text=text)


def _with(response: Response, request: Request, session: Session | None) -> Response:
    if session is not None:
        # Not `Secure`, and not `__Host-`: the site speaks plain HTTP on loopback.
        response.set_cookie(entrance_of(request).cookie, session.id, httponly=True, samesite="lax")
    return response
