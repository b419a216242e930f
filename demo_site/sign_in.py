"""Signing in: a password, then a code from the phone; and signing out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.accounts import AccountLocked, WrongPassword
from demo_site.challenge import Challenge, Verdict
from demo_site.pages import account_of, first, go_to, page, read_form, session_of
from demo_site.sessions import COOKIE, Session, Stage
from demo_site.site import Site, site_of

WRONG = "The e-mail address or the password is wrong."
LOCKED = "This account is locked after too many wrong passwords. Contact support to unlock it."


async def show_login(request: Request) -> Response:
    session = session_of(request) or site_of(request).sessions.open()
    if account_of(session):
        return go_to("/api-keys")
    return page(request, "login.html", session=session, email="", message=session.take_notice())


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
        landing = session.landing
        session = site.sessions.replace(session, account=account, stage=Stage.PASSWORD_GIVEN)
        session.landing = landing
        session.challenge = Challenge.begin(site.new_code(), site.clock())
        _send_code(site, session)
        return go_to("/login/verify", session)
    return page(request, "login.html", session=session, status=status, email=email, message=message)


async def show_challenge(request: Request) -> Response:
    session = _challenged(request)
    if session is None:
        return go_to("/login")
    return page(request, "verify.html", session=session, message="", notice=session.take_notice())


async def submit_code(request: Request) -> Response:
    site, session = site_of(request), _challenged(request)
    if session is None:
        return go_to("/login")
    fields = await read_form(request, session)
    assert session.challenge is not None
    assert session.account is not None
    verdict = session.challenge.answer(first(fields, "code").strip(), site.clock())
    if verdict is Verdict.RIGHT:
        # Only pages of ours set the landing, never a field of an address: nobody can be sent elsewhere.
        return go_to(
            session.landing or "/api-keys",
            site.sessions.replace(session, account=session.account, stage=Stage.SIGNED_IN),
        )
    if verdict is Verdict.REFUSED:
        site.sessions.close(session)
        fresh = site.sessions.open()
        fresh.notice = verdict.value
        return go_to("/login", fresh)
    return page(request, "verify.html", session=session, status=401, message=verdict.value, notice="")


async def send_new_code(request: Request) -> Response:
    site, session = site_of(request), _challenged(request)
    if session is None:
        return go_to("/login")
    await read_form(request, session)
    assert session.challenge is not None
    session.challenge.renew(site.new_code(), site.clock())
    _send_code(site, session)
    session.notice = "A new code is on its way."
    return go_to("/login/verify")


async def sign_out(request: Request) -> Response:
    session = session_of(request)
    if session is None:
        return go_to("/")
    await read_form(request, session)
    site_of(request).sessions.close(session)
    response = go_to("/")
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _challenged(request: Request) -> Session | None:
    session = session_of(request)
    return session if session and session.stage is Stage.PASSWORD_GIVEN else None


def _send_code(site: Site, session: Session) -> None:
    assert session.account is not None
    assert session.challenge is not None
    code = session.challenge.code
    site.phones.send_code(session.account.device_id, code, sender="Example Cloud", at=site.clock())


ROUTES = [
    Route("/login", show_login),
    Route("/login", submit_login, methods=["POST"]),
    Route("/login/verify", show_challenge),
    Route("/login/verify", submit_code, methods=["POST"]),
    Route("/login/new-code", send_new_code, methods=["POST"]),
    Route("/logout", sign_out, methods=["POST"]),
]
