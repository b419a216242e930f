"""Mail: the key is in a read-only field, which a script fills a moment after the page has come."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.keys import KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, first, go_to, json_answer, page, read_form, signed_in
from demo_site.site import site_of

DOMAINS = ("mail.acme-robotics.example", "notify.acme-robotics.example")
PERMISSIONS = {"sending": ("write",), "full": ("read", "write")}


async def list_credentials(request: Request) -> Response:
    session, account = signed_in(request)
    keys = site_of(request).keys.listing(account.id)
    return page(request, "mail/credentials.html", session=session, keys=keys, domains=DOMAINS)


async def show_form(request: Request) -> Response:
    session, _ = signed_in(request)
    return page(
        request,
        "mail/new_credential.html",
        session=session,
        domains=DOMAINS,
        form=session.new_form(),
        label="",
        message="",
    )


async def create_credential(request: Request) -> Response:
    """Make a key and go to its page, which asks for it once."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    if not session.use_form(first(fields, "form")):
        return go_to("/mail")
    site, label = site_of(request), first(fields, "label")
    scopes = PERMISSIONS.get(first(fields, "permission"), ())
    try:
        kept, key = site.keys.create(account.id, name=label, scopes=scopes)
    except KeyRefused as refusal:
        return page(
            request,
            "mail/new_credential.html",
            session=session,
            status=422,
            domains=DOMAINS,
            form=session.new_form(),
            label=label,
            message=str(refusal),
        )
    site.unseen_keys.hold(account.id, kept.id, key)
    return go_to(f"/mail/credentials/{kept.id}")


async def show_credential(request: Request) -> Response:
    session, account = signed_in(request)
    site = site_of(request)
    key = site.keys.find(account.id, request.path_params["key_id"])
    if key is None:
        raise HTTPException(404)
    return page(request, "mail/credential.html", session=session, key=key, delay_ms=site.delay_ms)


async def reveal_secret(request: Request) -> Response:
    """The key as JSON, to the first who asks; 410 from then on."""
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    key = site_of(request).unseen_keys.take(account.id, request.path_params["key_id"])
    if key is None:
        return json_answer({"error": "This key was shown before, or was never here."}, 410)
    return json_answer({"api_key": key})


ROUTES = [
    Route("/mail", list_credentials),
    Route("/mail/credentials/new", show_form),
    Route("/mail/credentials", create_credential, methods=["POST"]),
    Route("/mail/credentials/{key_id}", show_credential),
    Route("/mail/api/credentials/{key_id}/secret", reveal_secret, methods=["POST"]),
]
