"""The console that the server renders: one page a step."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.accounts import AccountRecord
from demo_site.keys import SCOPES, ApiKey, KeyRefused
from demo_site.pages import first, go_to, page, read_form, signed_in
from demo_site.sessions import Session
from demo_site.site import site_of


async def list_keys(request: Request) -> Response:
    session, account = signed_in(request)
    keys = site_of(request).keys.listing(account.id)
    return page(request, "api_keys.html", session=session, keys=keys, notice=session.take_notice())


async def show_new_key_form(request: Request) -> Response:
    session, _ = signed_in(request)
    return _form(request, session)


async def create_key(request: Request) -> Response:
    """Make a key and show it in this very answer; no address leads to it, so no reload shows it again."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    if not session.use_form(first(fields, "form")):
        session.notice = "That form was sent before; no second key was made."
        return go_to("/api-keys")
    name, scopes = first(fields, "name"), fields.get("scope", [])
    try:
        kept, key = site_of(request).keys.create(account.id, name=name, scopes=scopes)
    except KeyRefused as refusal:
        return _form(request, session, status=422, name=name, chosen=scopes, message=str(refusal))
    return page(request, "key_created.html", session=session, kept=kept, key=key)


async def confirm_revocation(request: Request) -> Response:
    session, account = signed_in(request)
    return page(request, "revoke.html", session=session, key=_key(request, account))


async def revoke_key(request: Request) -> Response:
    session, account = signed_in(request)
    await read_form(request, session)
    key = _key(request, account)
    site_of(request).keys.revoke(account.id, key.id)
    session.notice = f"{key.name} was revoked"
    return go_to("/api-keys")


def _form(
    request: Request,
    session: Session,
    *,
    status: int = 200,
    name: str = "",
    chosen: list[str] | None = None,
    message: str = "",
) -> Response:
    return page(
        request,
        "new_key.html",
        session=session,
        status=status,
        scopes=SCOPES,
        form=session.new_form(),
        name=name,
        chosen=["read"] if chosen is None else chosen,
        message=message,
    )


def _key(request: Request, account: AccountRecord) -> ApiKey:
    key = site_of(request).keys.find(account.id, request.path_params["key_id"])
    if key is None:
        raise HTTPException(404)
    return key


ROUTES = [
    Route("/api-keys", list_keys),
    Route("/api-keys", create_key, methods=["POST"]),
    Route("/api-keys/new", show_new_key_form),
    Route("/api-keys/{key_id}/revoke", confirm_revocation),
    Route("/api-keys/{key_id}/revoke", revoke_key, methods=["POST"]),
]
