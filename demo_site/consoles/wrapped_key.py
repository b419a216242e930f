"""Storage: the key is set in three lines, as on a card, in one block with the words "Click to copy"."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.accounts import AccountRecord
from demo_site.keys import KeyRefused
from demo_site.pages import first, go_to, page, read_form, signed_in
from demo_site.sessions import Session
from demo_site.site import site_of

LINE_LENGTH = 15
BUCKETS = (
    ("acme-press-photos", "eu-north", "14,802 objects", "61.4 GB"),
    ("acme-nightly-backups", "eu-west", "212 objects", "1.9 TB"),
)
RIGHTS = {"ro": ("read",), "rw": ("read", "write")}


async def show_storage(request: Request) -> Response:
    session, account = signed_in(request)
    return _page(request, session, account)


async def add_credential(request: Request) -> Response:
    """Make a key and show it in this answer, cut into lines."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    if not session.use_form(first(fields, "form")):
        return go_to("/storage")
    rights = RIGHTS.get(first(fields, "rights"), ())
    try:
        kept, key = site_of(request).keys.create(account.id, name=first(fields, "for"), scopes=rights)
    except KeyRefused as refusal:
        return _page(request, session, account, status=422, problem=str(refusal))
    lines = [key[start : start + LINE_LENGTH] for start in range(0, len(key), LINE_LENGTH)]
    return _page(request, session, account, card={"name": kept.name, "lines": lines})


def _page(
    request: Request,
    session: Session,
    account: AccountRecord,
    *,
    status: int = 200,
    card: dict[str, object] | None = None,
    problem: str = "",
) -> Response:
    return page(
        request,
        "storage/storage.html",
        session=session,
        status=status,
        buckets=BUCKETS,
        keys=site_of(request).keys.listing(account.id),
        form=session.new_form(),
        card=card,
        problem=problem,
    )


ROUTES = [
    Route("/storage", show_storage),
    Route("/storage/credentials", add_credential, methods=["POST"]),
]
