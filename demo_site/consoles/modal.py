"""The console that the browser renders: a shell, a script, and the JSON that the script asks for."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.clock import iso
from demo_site.keys import SCOPES, ApiKey, KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, json_answer, page, signed_in
from demo_site.site import site_of


async def show_console(request: Request) -> Response:
    session, _ = signed_in(request)
    return page(request, "console.html", session=session, delay_ms=site_of(request).delay_ms, scopes=SCOPES)


async def list_keys(request: Request) -> Response:
    _, account = signed_in(request)
    return json_answer({"keys": [_as_json(key) for key in site_of(request).keys.listing(account.id)]})


async def create_key(request: Request) -> Response:
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    name, scopes = await _read(request)
    try:
        kept, key = site_of(request).keys.create(account.id, name=name, scopes=scopes)
    except KeyRefused as refusal:
        raise HTTPException(422, str(refusal)) from refusal
    return json_answer(_as_json(kept) | {"key": key}, 201)


async def _read(request: Request) -> tuple[str, list[str]]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        raise HTTPException(422, "The body must be a JSON object with a name.")
    scopes = body.get("scopes", ["read"])
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise HTTPException(422, "The scopes must be a list of texts.")
    return body["name"], scopes


def _as_json(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "masked": key.masked,
        "scopes": list(key.scopes),
        "created_at": iso(key.created_at),
    }


ROUTES = [
    Route("/console", show_console),
    Route("/console/api/keys", list_keys),
    Route("/console/api/keys", create_key, methods=["POST"]),
]
