"""Registry: a popup window in which the key is made and shown; the page that opened it stays."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.keys import KeyRefused
from demo_site.pages import first, page, read_form, signed_in
from demo_site.sessions import Session
from demo_site.site import site_of

ACCESS = {"pull": ("read",), "push": ("read", "write")}


async def show_registry(request: Request) -> Response:
    session, account = signed_in(request)
    keys = site_of(request).keys.listing(account.id)
    return page(request, "registry/tokens.html", session=session, keys=keys)


async def show_window(request: Request) -> Response:
    session, _ = signed_in(request)
    return _form(request, session)


async def generate(request: Request) -> Response:
    """Make a key and show it in this very answer, in the popup."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    if not session.use_form(first(fields, "form")):
        return _form(request, session, status=409, message="That form was sent before. Fill it in again.")
    note, access = first(fields, "note"), ACCESS.get(first(fields, "access"), ())
    try:
        kept, key = site_of(request).keys.create(account.id, name=note, scopes=access)
    except KeyRefused as refusal:
        return _form(request, session, status=422, note=note, message=str(refusal))
    return page(request, "registry/token.html", session=session, kept=kept, key=key)


def _form(
    request: Request, session: Session, *, status: int = 200, note: str = "", message: str = ""
) -> Response:
    return page(
        request,
        "registry/generate.html",
        session=session,
        status=status,
        form=session.new_form(),
        note=note,
        message=message,
    )


ROUTES = [
    Route("/registry", show_registry),
    Route("/registry/tokens/new", show_window),
    Route("/registry/tokens/new", generate, methods=["POST"]),
]
