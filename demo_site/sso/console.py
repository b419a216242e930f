"""The console of a service: its keys, a new one, and the end of one, each in the way that the table says."""

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.keys import KeyRefused
from demo_site.pages import first, read_form
from demo_site.sessions import Session
from demo_site.sso.pages import go_to, page, sign_on_of, signed_in
from demo_site.sso.service import Form, Revoking, Service
from demo_site.sso.service_keys import ServiceKey


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def list_keys(request: Request) -> Response:
    """The live keys, or those of exactly the name that is looked for."""
    session, _ = signed_in(request)
    return _listing(request, session)


async def show_new_key_form(request: Request) -> Response:
    session, _ = signed_in(request)
    return _form(request, session, {})


async def create_key(request: Request) -> Response:
    """Make a key and show it in this very answer; no address leads to it, so no reload shows it again."""
    session, account = signed_in(request)
    service = service_of(request)
    fields = await read_form(request, session)
    if not session.use_form(first(fields, "form")):
        session.notice = f"That form was sent before; no second {service.noun} was made."
        return go_to(request, service.path)
    message = "" if first(fields, "agree") or not service.agree else "Tick the box first."
    if not message:
        life = first(fields, "life_days")
        try:
            kept, key = sign_on_of(request).keys.create(
                service,
                account.id,
                name=first(fields, "name"),
                scope=first(fields, "scope"),
                life_days=int(life) if life.isascii() and life.isdigit() else 0,
            )
        except KeyRefused as refusal:
            message = str(refusal)
        else:
            return page(request, "made.html", session=session, kept=kept, key=key)
    return _form(request, session, fields, message=message)


async def confirm_revocation(request: Request) -> Response:
    session, account = signed_in(request)
    return page(request, "revoke.html", session=session, key=_key(request, account.id))


async def revoke_key(request: Request) -> Response:
    session, account = signed_in(request)
    await read_form(request, session)
    return _end(request, session, account.id, _key(request, account.id))


async def revoke_by_name(request: Request) -> Response:
    """End the key of the name that was typed; where there is none, nothing happens and the page says so."""
    session, account = signed_in(request)
    name = first(await read_form(request, session), "name")
    found = sign_on_of(request).keys.named(service_of(request), account.id, name)
    if not found:
        return _listing(
            request, session, status=422, refusal=f"There is no {service_of(request).noun} of that name."
        )
    return _end(request, session, account.id, found[0])  # its names are unique


def routes(service: Service) -> list[Route]:
    """The console's routes, at the service's own path."""
    own = [
        Route(service.path, list_keys),
        Route(service.path, create_key, methods=["POST"]),
    ]
    if service.form is Form.PAGE:
        own.append(Route(f"{service.path}/new", show_new_key_form))
    if service.revoking is Revoking.BY_NAME:
        own.append(Route(f"{service.path}/revoke", revoke_by_name, methods=["POST"]))
    else:
        own.append(Route(f"{service.path}/{{key_id}}/revoke", revoke_key, methods=["POST"]))
    if service.revoking is Revoking.PAGE:
        own.append(Route(f"{service.path}/{{key_id}}/revoke", confirm_revocation))
    return own


def _end(request: Request, session: Session, account_id: int, key: ServiceKey) -> Response:
    """Revoke `key`, and show what is left under its name."""
    service = service_of(request)
    sign_on_of(request).keys.revoke(service, account_id, key.id)
    session.notice = f"{key.name} was {service.revoked}."
    return go_to(request, f"{service.path}?{urlencode({'name': key.name})}")


def _form(request: Request, session: Session, fields: dict[str, list[str]], *, message: str = "") -> Response:
    """The form, anew where it was refused: on its own page, or open on the page of the list."""
    status = 422 if message else 200
    if service_of(request).form is not Form.PAGE:
        return _listing(request, session, status=status, given=fields, message=message)
    return page(request, "new.html", session=session, status=status, **_asked(session, fields, message))


def _listing(
    request: Request,
    session: Session,
    *,
    status: int = 200,
    refusal: str = "",
    given: dict[str, list[str]] | None = None,
    message: str = "",
) -> Response:
    account, service, keys = session.account, service_of(request), sign_on_of(request).keys
    assert account is not None
    name = request.query_params.get("name", "").strip() if request.method == "GET" else ""
    return page(
        request,
        "keys.html",
        session=session,
        status=status,
        keys=keys.named(service, account.id, name) if name else keys.listing(service, account.id),
        wanted=name,
        refusal=refusal,
        notice=session.take_notice(),
        **_asked(session, given or {}, message),
    )


def _asked(session: Session, fields: dict[str, list[str]], message: str) -> dict[str, object]:
    """What the form's template needs: a ticket for one submission, and what was given before."""
    return {
        "form": session.new_form(),
        "message": message,
        "given": {name: first(fields, name) for name in ("name", "scope", "life_days")},
    }


def _key(request: Request, account_id: int) -> ServiceKey:
    key = sign_on_of(request).keys.find(service_of(request), account_id, request.path_params["key_id"])
    if key is None:
        raise HTTPException(404)
    return key
