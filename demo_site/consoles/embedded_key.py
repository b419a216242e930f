"""Payments: the key is made and shown in a frame of another origin (:mod:`demo_site.keys_origin`)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.handles import Purpose
from demo_site.pages import CSRF_HEADER, check_csrf, json_answer, page, signed_in
from demo_site.site import site_of


async def show_developers(request: Request) -> Response:
    session, account = signed_in(request)
    site = site_of(request)
    keys = site.keys.listing(account.id)
    response = page(
        request, "payments/developers.html", session=session, keys=keys, keys_origin=site.keys_origin
    )
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
        f"frame-src {site.keys_origin}"
    )
    return response


async def open_frame(request: Request) -> Response:
    """The address of a frame for this person: good for one opening, within a minute."""
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    site = site_of(request)
    handle = site.handles.issue(account.id, Purpose.OPEN_FRAME)
    return json_answer({"address": f"{site.keys_origin}/issue?handle={handle}"})


ROUTES = [
    Route("/payments", show_developers),
    Route("/payments/api/frame", open_frame, methods=["POST"]),
]
