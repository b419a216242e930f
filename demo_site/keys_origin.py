"""The second origin: frames in which keys are made and shown, so that no script of the console can read them.

Two ports of one host share their cookies (RFC 6265 section 8.5), so nothing here looks at a cookie: a handle,
signed by the console for one account, says for whom a frame is, and it can be used once.
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from demo_site import usage
from demo_site.handles import HandleRefused, Purpose
from demo_site.keys import SCOPES, KeyRefused
from demo_site.pages import first, page, read_fields
from demo_site.site import Site, site_of

STATIC = Path(__file__).parent / "static"


def security_headers(site: Site) -> dict[str, str]:
    """The headers of every answer: nobody but the console may frame it, and no address is passed on."""
    return {
        "Content-Security-Policy": (
            "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
            f"frame-ancestors {site.origin}"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def create_keys_app(site: Site) -> Starlette:
    """The application of the keys origin."""
    app = Starlette(
        routes=[
            Route("/issue", show_form),
            Route("/issue", issue_key, methods=["POST"]),
            *usage.ROUTES,
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={HandleRefused: _expired, HTTPException: _expired},
    )
    app.state.site = site
    return app


async def show_form(request: Request) -> Response:
    """What the console frames; the handle in its address is used up by it."""
    account_id = site_of(request).handles.redeem(request.query_params.get("handle", ""), Purpose.OPEN_FRAME)
    return _form(request, account_id)


async def issue_key(request: Request) -> Response:
    """Make a key and show it in this very answer. The form's own proof takes the place of a CSRF token."""
    site = site_of(request)
    fields = await read_fields(request)
    account_id = site.handles.redeem(first(fields, "proof"), Purpose.SEND_FORM)
    name, scopes = first(fields, "name"), fields.get("scope", [])
    try:
        kept, key = site.keys.create(account_id, name=name, scopes=scopes)
    except KeyRefused as refusal:
        return _form(request, account_id, status=422, name=name, message=str(refusal))
    return page(request, "payments/issued.html", site_origin=site.origin, kept=kept, key=key)


def _form(
    request: Request, account_id: int, *, status: int = 200, name: str = "", message: str = ""
) -> Response:
    site = site_of(request)
    return page(
        request,
        "payments/issue.html",
        status=status,
        site_origin=site.origin,
        proof=site.handles.issue(account_id, Purpose.SEND_FORM),
        scopes=SCOPES,
        name=name,
        message=message,
    )


async def _expired(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 403
    return page(request, "payments/expired.html", status=status, site_origin=site_of(request).origin)
