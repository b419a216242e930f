"""Functions: the key stands in the middle of a sentence, in the notice above the page that made it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.accounts import AccountRecord
from demo_site.keys import KeyRefused
from demo_site.pages import first, go_to, page, read_form, signed_in
from demo_site.sessions import Session
from demo_site.site import site_of

FUNCTIONS = (
    ("resize-upload", "on new object", "1,204", "38 ms"),
    ("invoice-mailer", "every day, 06:00", "1", "412 ms"),
    ("webhook-fanout", "HTTP", "20,871", "9 ms"),
)


async def show_functions(request: Request) -> Response:
    session, account = signed_in(request)
    return _page(request, session, account, flash=session.take_notice())


async def create_key(request: Request) -> Response:
    """Make a key and say it in this answer's notice; no later page says it again."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    if not session.use_form(first(fields, "form")):
        session.notice = "That form was sent before, so nothing was made."
        return go_to("/functions")
    try:
        _, key = site_of(request).keys.create(account.id, name=first(fields, "caller"), scopes=["write"])
    except KeyRefused as refusal:
        return _page(request, session, account, status=422, error=str(refusal))
    return _page(request, session, account, flash=f"Your new key is {key}. Keep it safe.")


def _page(
    request: Request,
    session: Session,
    account: AccountRecord,
    *,
    status: int = 200,
    flash: str = "",
    error: str = "",
) -> Response:
    return page(
        request,
        "functions/functions.html",
        session=session,
        status=status,
        functions=FUNCTIONS,
        keys=site_of(request).keys.listing(account.id),
        form=session.new_form(),
        flash=flash,
        error=error,
    )


ROUTES = [
    Route("/functions", show_functions),
    Route("/functions/keys", create_key, methods=["POST"]),
]
