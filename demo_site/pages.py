"""What every page does: answer with a template, know its session, refuse a form from elsewhere."""

import hmac
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from demo_site.accounts import AccountRecord
from demo_site.sessions import COOKIE, Session, Stage
from demo_site.site import site_of

FORM_LIMIT = 20
CSRF_HEADER = "X-CSRF-Token"


class SignInNeeded(Exception):
    """The page is for signed-in people only."""


def page(
    request: Request, template: str, *, session: Session | None = None, status: int = 200, **context: Any
) -> Response:
    """A page from a template. No page is ever stored: some of them show a key."""
    context |= {"session": session, "account": account_of(session)}
    response = site_of(request).templates.TemplateResponse(
        request, template, context, status_code=status, headers={"Cache-Control": "no-store"}
    )
    if session is not None:
        keep(response, session)
    return response


def go_to(path: str, session: Session | None = None) -> Response:
    """Send the browser on to a page of ours."""
    response = RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})
    if session is not None:
        keep(response, session)
    return response


def keep(response: Response, session: Session) -> None:
    """Give the browser its session. Not `Secure`: the site speaks plain HTTP on loopback."""
    response.set_cookie(COOKIE, session.id, httponly=True, samesite="lax")


def session_of(request: Request) -> Session | None:
    return site_of(request).sessions.find(request.cookies.get(COOKIE))


def account_of(session: Session | None) -> AccountRecord | None:
    """The account of a browser that has come all the way in."""
    return session.account if session and session.stage is Stage.SIGNED_IN else None


def signed_in(request: Request) -> tuple[Session, AccountRecord]:
    """The session and the account of a person who has given password and code.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    session = session_of(request)
    account = account_of(session)
    if session is None or account is None:
        raise SignInNeeded
    return session, account


async def read_form(request: Request, session: Session | None) -> dict[str, list[str]]:
    """The fields of a form that a page of ours was left with; each name with all its values.

    Raises:
        HTTPException: 403 if the form's CSRF token is not the session's.
    """
    fields = await read_fields(request)
    check_csrf(session, first(fields, "csrf"))
    return fields


async def read_fields(request: Request) -> dict[str, list[str]]:
    """The fields of a form that nobody has vouched for yet; see :func:`read_form`."""
    fields: dict[str, list[str]] = {}
    async with request.form(max_files=0, max_fields=FORM_LIMIT) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                fields.setdefault(name, []).append(value)
    return fields


def first(fields: dict[str, list[str]], name: str) -> str:
    """A field's first value, or ""."""
    return fields.get(name, [""])[0]


def check_csrf(session: Session | None, token: str) -> None:
    """Refuse, with 403, a request that no page of this session has made."""
    if session is None or not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise HTTPException(403, "This form is out of date or came from another site.")


def json_answer(content: object, status: int = 200) -> Response:
    return JSONResponse(content, status_code=status, headers={"Cache-Control": "no-store"})
