"""Deploy: a token is made and shown once the person has approved it on the phone."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.approvals import Approval, Standing
from demo_site.keys import KeyRefused
from demo_site.pages import first, go_to, json_answer, page, read_form, signed_in
from demo_site.sessions import Session
from demo_site.site import site_of

CONFIRM = "/deploy/tokens/confirm"
_SYSTEMS = (("Android", "Android"), ("iPhone", "iOS"), ("Mac OS X", "macOS"), ("Windows", "Windows"))
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


async def show_tokens(request: Request) -> Response:
    session, account = signed_in(request)
    keys = site_of(request).keys.listing(account.id)
    return page(request, "deploy/tokens.html", session=session, keys=keys, message=session.take_notice())


async def ask_for_token(request: Request) -> Response:
    """Ask the phone first: nothing is made yet."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    site = site_of(request)
    name = first(fields, "token_name").strip()
    if not name:
        session.notice = "Give the token a name."
        return go_to("/deploy")
    approval = Approval.ask(
        subject=f"Deploy token “{name}”", key_name=name, place=_place(request), now=site.clock()
    )
    session.approval = approval
    site.phones.ask(account.device_id, approval)
    return go_to(CONFIRM)


async def show_waiting(request: Request) -> Response:
    """The page that waits for the phone, and says what came of it."""
    session, _ = signed_in(request)
    standing = _standing(request, session)
    if session.approval is None or standing is None:
        return go_to("/deploy")
    template = "deploy/waiting.html" if standing in _STILL_OPEN else "deploy/not_approved.html"
    return page(request, template, session=session, approval=session.approval, standing=standing)


async def tell_standing(request: Request) -> Response:
    """What the waiting page asks for again and again."""
    session, _ = signed_in(request)
    standing = _standing(request, session)
    return json_answer({"standing": standing.value if standing else "none"})


async def make_token(request: Request) -> Response:
    """Make the approved token, once, and show it in this very answer."""
    session, account = signed_in(request)
    await read_form(request, session)
    approval = session.approval
    if approval is None or _standing(request, session) is not Standing.APPROVED:
        return go_to(CONFIRM)
    session.approval = None
    try:
        kept, key = site_of(request).keys.create(account.id, name=approval.key_name, scopes=["write"])
    except KeyRefused as refusal:
        session.notice = str(refusal)
        return go_to("/deploy")
    return page(request, "deploy/token.html", session=session, kept=kept, key=key)


_STILL_OPEN = (Standing.WAITING, Standing.APPROVED)


def _standing(request: Request, session: Session) -> Standing | None:
    return session.approval.standing(site_of(request).clock()) if session.approval else None


def _place(request: Request) -> str:
    """The browser that asks, as its owner would call it."""
    agent = request.headers.get("User-Agent", "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "Linux")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    return f"{browser} on {system} · {request.client.host if request.client else 'unknown address'}"


ROUTES = [
    Route("/deploy", show_tokens),
    Route("/deploy/tokens", ask_for_token, methods=["POST"]),
    Route("/deploy/tokens/made", make_token, methods=["POST"]),
    Route(CONFIRM, show_waiting),
    Route(f"{CONFIRM}/standing", tell_standing),
]
