"""Batch: slow, and at first not there at all, on demand and never by chance.

`/console-slow/keys?failures=2&delay_ms=900`: the first two answers of this session's list are 503, and everything
takes 900 ms. Left out, one answer fails, and things take three times the site's own delay. Making a key never
fails halfway.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.keys import KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, json_answer, page, signed_in
from demo_site.site import site_of

USUAL_FAILURES = 1
FAILURE_LIMIT = 5
DELAY_LIMIT_MS = 10_000
USUAL_DELAYS = 3
NOT_READY = "The scheduler is waking up and can't be asked yet."


async def show_queue(request: Request) -> Response:
    session, _ = signed_in(request)
    delay_ms = _delay_ms(request)
    if "failures" in request.query_params or session.failures_left is None:
        session.failures_left = _number(request, "failures", USUAL_FAILURES, limit=FAILURE_LIMIT)
    await asyncio.sleep(delay_ms / 1000)
    return page(request, "batch/queue.html", session=session, delay_ms=delay_ms)


async def list_keys(request: Request) -> Response:
    session, account = signed_in(request)
    await asyncio.sleep(_delay_ms(request) / 1000)
    if session.failures_left:
        session.failures_left -= 1
        answer = json_answer({"error": NOT_READY}, 503)
        answer.headers["Retry-After"] = "1"
        return answer
    keys = site_of(request).keys.listing(account.id)
    return json_answer({"keys": [{"name": key.name, "masked": key.masked} for key in keys]})


async def create_key(request: Request) -> Response:
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    name = (await request.body()).decode(errors="replace")
    await asyncio.sleep(_delay_ms(request) / 1000)
    try:
        _, key = site_of(request).keys.create(account.id, name=name, scopes=["write"])
    except KeyRefused as refusal:
        raise HTTPException(422, str(refusal)) from refusal
    return json_answer({"token": key}, 201)


def _delay_ms(request: Request) -> int:
    usual_ms = USUAL_DELAYS * site_of(request).delay_ms
    return _number(request, "delay_ms", usual_ms, limit=DELAY_LIMIT_MS)


def _number(request: Request, name: str, usual: int, *, limit: int) -> int:
    text = request.query_params.get(name, "")
    return min(int(text), limit) if text.isascii() and text.isdigit() and len(text) < 9 else usual


ROUTES = [
    Route("/console-slow/keys", show_queue),
    Route("/console-slow/api/keys", list_keys),
    Route("/console-slow/api/keys", create_key, methods=["POST"]),
]
