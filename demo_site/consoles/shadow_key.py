"""Telemetry: web components with a shadow root each, three deep, and three dialogs in a row."""

from json import JSONDecodeError

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.clock import iso
from demo_site.keys import ApiKey, KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, json_answer, page, signed_in
from demo_site.site import site_of

PERMISSIONS = {"ingest": "write", "query": "read"}


async def show_app(request: Request) -> Response:
    session, _ = signed_in(request)
    return page(request, "telemetry/app.html", session=session, delay_ms=site_of(request).delay_ms)


async def list_sources(request: Request) -> Response:
    _, account = signed_in(request)
    return json_answer([_as_json(key) for key in site_of(request).keys.listing(account.id)])


async def create_key(request: Request) -> Response:
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    try:
        wish = await request.json()
        source, permissions = str(wish["source"]), [PERMISSIONS[item] for item in wish["permissions"]]
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise HTTPException(422, "A source and its permissions are needed.") from None
    try:
        kept, key = site_of(request).keys.create(account.id, name=source, scopes=permissions)
    except KeyRefused as refusal:
        raise HTTPException(422, str(refusal)) from refusal
    return json_answer(_as_json(kept) | {"ingest_key": key}, 201)


def _as_json(key: ApiKey) -> dict[str, str]:
    return {"source": key.name, "hint": key.last_four, "since": iso(key.created_at)}


ROUTES = [
    Route("/telemetry", show_app),
    Route("/telemetry/api/sources", list_sources),
    Route("/telemetry/api/sources", create_key, methods=["POST"]),
]
