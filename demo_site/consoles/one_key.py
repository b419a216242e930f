"""Notebooks: a person has one token, at most. The old one has to be revoked before there can be a new one."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.accounts import AccountRecord
from demo_site.keys import ApiKey
from demo_site.pages import go_to, page, read_form, signed_in
from demo_site.site import site_of

NAME = "Personal notebook token"


async def show_settings(request: Request) -> Response:
    session, account = signed_in(request)
    return page(
        request,
        "notebooks/settings.html",
        session=session,
        token=_living(request, account),
        fresh="",
        toast=session.take_notice(),
    )


async def make_token(request: Request) -> Response:
    """Make the person's token and show it in this answer; 409 while one lives."""
    session, account = signed_in(request)
    await read_form(request, session)
    living = _living(request, account)
    if living is not None:
        toast = "You have a token already. Revoke it first."
        return page(
            request,
            "notebooks/settings.html",
            session=session,
            status=409,
            token=living,
            fresh="",
            toast=toast,
        )
    token, fresh = site_of(request).keys.create(account.id, name=NAME, scopes=["read", "write"])
    return page(request, "notebooks/settings.html", session=session, token=token, fresh=fresh, toast="")


async def revoke_token(request: Request) -> Response:
    session, account = signed_in(request)
    await read_form(request, session)
    living = _living(request, account)
    if living is not None:
        site_of(request).keys.revoke(account.id, living.id)
        session.notice = "Your token was revoked."
    return go_to("/notebooks/settings")


def _living(request: Request, account: AccountRecord) -> ApiKey | None:
    return next((key for key in site_of(request).keys.listing(account.id) if key.name == NAME), None)


ROUTES = [
    Route("/notebooks", show_settings),
    Route("/notebooks/settings", show_settings),
    Route("/notebooks/settings/token", make_token, methods=["POST"]),
    Route("/notebooks/settings/token/revoke", revoke_token, methods=["POST"]),
]
