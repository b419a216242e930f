"""Maps: the key is never on the page; a button copies it, once, and the page shows a mask."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from demo_site.keys import KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, first, json_answer, page, read_form, signed_in
from demo_site.site import site_of


async def show_keys(request: Request) -> Response:
    session, account = signed_in(request)
    site = site_of(request)
    keys = site.keys.listing(account.id)
    return page(request, "maps/keys.html", session=session, keys=keys, delay_ms=site.delay_ms)


async def create_key(request: Request) -> Response:
    """Make a key; answers the piece of the page that stands for it, with a button but without the key."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    site = site_of(request)
    try:
        kept, key = site.keys.create(account.id, name=first(fields, "name"), scopes=["read"])
    except KeyRefused as refusal:
        return PlainTextResponse(str(refusal), 422)
    site.unseen_keys.hold(account.id, kept.id, key)
    return page(request, "maps/key_tile.html", session=session, key=kept, is_new=True)


async def copy_key(request: Request) -> Response:
    """The key, for the clipboard, to the first who asks; 410 from then on."""
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    key = site_of(request).unseen_keys.take(account.id, request.path_params["key_id"])
    if key is None:
        return json_answer({"error": "This key was copied before."}, 410)
    return json_answer({"key": key})


ROUTES = [
    Route("/maps", show_keys),
    Route("/maps/api/keys", create_key, methods=["POST"]),
    Route("/maps/api/keys/{key_id}/copy", copy_key, methods=["POST"]),
]
