"""Speech: before a key is made, a widget wants to see a person: a tick, then a puzzle drawn on canvases.

The page gets strokes to draw, never the answer; the answer is on the account's phone, where support helps.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.accounts import AccountRecord
from demo_site.keys import KeyRefused
from demo_site.pages import CSRF_HEADER, check_csrf, first, json_answer, page, read_form, signed_in
from demo_site.puzzle import Puzzle
from demo_site.sessions import Session
from demo_site.site import site_of

SITE_KEY = "demo-only-site-key-speech"
UNSOLVED = "Please show that you are human first."


async def show_keys(request: Request) -> Response:
    session, account = signed_in(request)
    return _page(request, session, account)


async def draw_puzzle(request: Request) -> Response:
    """The strokes of the puzzle that came with the page, or of a new one if that is of no use any more."""
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    puzzle = session.puzzle
    if puzzle is None or puzzle.solved or site_of(request).clock() >= puzzle.expires_at:
        puzzle = _new_puzzle(request, session, account)
    return json_answer(_strokes(puzzle))


async def answer_puzzle(request: Request) -> Response:
    """Judge the pressed tile: the solution for the form, or another puzzle."""
    session, account = signed_in(request)
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    site, puzzle = site_of(request), session.puzzle
    if puzzle is None or puzzle.solved:
        raise HTTPException(409, "There is no puzzle to answer.")
    try:
        tile = int((await request.body()).decode())
    except ValueError as error:
        raise HTTPException(422, "The answer is the number of a tile.") from error
    if puzzle.press(tile, site.clock()):
        site.phones.show_hint(account.device_id, None)
        return json_answer({"solution": puzzle.solution})
    return json_answer(_strokes(_new_puzzle(request, session, account)), 409)


async def create_key(request: Request) -> Response:
    """Make a key for one who solved the puzzle; the solution is used up with it."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    site, puzzle = site_of(request), session.puzzle
    if puzzle is None or not puzzle.admits(first(fields, "g-captcha-like-response"), site.clock()):
        return _page(request, session, account, status=403, problem=UNSOLVED)
    try:
        kept, key = site.keys.create(account.id, name=first(fields, "app"), scopes=["read"])
    except KeyRefused as refusal:
        return _page(request, session, account, status=422, problem=str(refusal))
    session.puzzle = None
    return page(request, "speech/key.html", session=session, kept=kept, key=key)


def _page(
    request: Request, session: Session, account: AccountRecord, *, status: int = 200, problem: str = ""
) -> Response:
    _new_puzzle(request, session, account)
    return page(
        request,
        "speech/keys.html",
        session=session,
        status=status,
        keys=site_of(request).keys.listing(account.id),
        site_key=SITE_KEY,
        problem=problem,
    )


def _new_puzzle(request: Request, session: Session, account: AccountRecord) -> Puzzle:
    """Another puzzle for this session; help with it goes to the phone."""
    site = site_of(request)
    session.puzzle = Puzzle.draw(site.clock())
    site.phones.show_hint(account.device_id, session.puzzle.odd)
    return session.puzzle


def _strokes(puzzle: Puzzle) -> dict[str, object]:
    return {"tiles": [{"strokes": tile.strokes, "noise": tile.noise} for tile in puzzle.tiles]}


ROUTES = [
    Route("/speech", show_keys),
    Route("/speech/keys", create_key, methods=["POST"]),
    Route("/speech/api/puzzle", draw_puzzle, methods=["POST"]),
    Route("/speech/api/puzzle/answer", answer_puzzle, methods=["POST"]),
]
