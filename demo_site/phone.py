"""The phone page: text messages, and the questions of Example Cloud's app.

Whoever knows a device id holds that phone; nobody signs in on it, and no other secret protects its buttons.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.approvals import Standing
from demo_site.pages import go_to, page
from demo_site.phones import Phone
from demo_site.site import site_of

ANSWERS = {"approve": Standing.APPROVED, "deny": Standing.DENIED}
FIELD_LIMIT = 2


async def show_phone(request: Request) -> Response:
    return _screen(request, "phone.html")


async def show_messages(request: Request) -> Response:
    """What is on the screen alone; the page asks for it again and again."""
    return _screen(request, "phone_messages.html")


async def answer_approval(request: Request) -> Response:
    """Take Approve or Deny. A second answer, or one that comes too late, changes nothing."""
    phone, approval_id = _phone(request), request.path_params["approval_id"]
    async with request.form(max_files=0, max_fields=FIELD_LIMIT) as form:
        answer = ANSWERS.get(str(form.get("answer", "")))
    approval = next((known for known in phone.approvals if known.id == approval_id), None)
    if approval is None or answer is None:
        raise HTTPException(404)
    approval.decide(answer, site_of(request).clock())
    return go_to(f"/phone/{request.path_params['device_id']}")


def _screen(request: Request, template: str) -> Response:
    phone, now = _phone(request), site_of(request).clock()
    waiting = [approval for approval in phone.approvals if approval.standing(now) is Standing.WAITING]
    return page(
        request,
        template,
        phone=phone,
        # One question at a time, the newest first: it belongs to the page that the person looks at.
        question=waiting[-1] if waiting else None,
        answered=[approval for approval in phone.approvals if approval.answer is not Standing.WAITING],
        device_id=request.path_params["device_id"],
        now=now,
    )


def _phone(request: Request) -> Phone:
    phone = site_of(request).phones.find(request.path_params["device_id"])
    if phone is None:
        raise HTTPException(404)
    return phone


ROUTES = [
    Route("/phone/{device_id}", show_phone),
    Route("/phone/{device_id}/messages", show_messages),
    Route("/phone/{device_id}/approvals/{approval_id}", answer_approval, methods=["POST"]),
]
