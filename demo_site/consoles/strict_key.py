"""Custody: script-driven under a policy that allows nothing but what it names.

`default-src 'none'`; one script by its nonce, one style sheet by its digest, the site's own JSON and mark; no text
becomes markup but through the one trusted-types policy. The page is a document of its own: nothing shared is in it.
"""

import base64
import hashlib
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.clock import iso
from demo_site.keys import KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, json_answer, page, signed_in
from demo_site.site import TEMPLATES, site_of

POLICY_NAME = "custody"
_STYLE = (TEMPLATES / "custody" / "custody.css").read_text(encoding="utf-8")
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}


async def show_custody(request: Request) -> Response:
    session, _ = signed_in(request)
    nonce = secrets.token_urlsafe(18)
    answer = page(
        request,
        "custody/custody.html",
        session=session,
        nonce=nonce,
        style=_STYLE,
        policy_name=POLICY_NAME,
        delay_ms=site_of(request).delay_ms,
    )
    answer.headers.update(HEADERS | {"Content-Security-Policy": _policy(nonce)})
    return answer


async def list_keys(request: Request) -> Response:
    _, account = signed_in(request)
    keys = site_of(request).keys.listing(account.id)
    return json_answer(
        [{"name": key.name, "masked": key.masked, "created_at": iso(key.created_at)} for key in keys]
    )


async def create_key(request: Request) -> Response:
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    try:
        body = await request.json()
    except ValueError:
        body = None
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str):
        raise HTTPException(422, "The body must be a JSON object with a name.")
    try:
        _, key = site_of(request).keys.create(account.id, name=name, scopes=["admin"])
    except KeyRefused as refusal:
        raise HTTPException(422, str(refusal)) from refusal
    return json_answer({"key": key}, 201)


def _policy(nonce: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            f"style-src 'sha256-{_STYLE_DIGEST}'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            f"trusted-types {POLICY_NAME}",
        )
    )


ROUTES = [
    Route("/custody", show_custody),
    Route("/custody/api/keys", list_keys),
    Route("/custody/api/keys", create_key, methods=["POST"]),
]
