"""``verify_token``: ask the site whether it accepts the token that was captured."""

from tokenbroker.flow.model import Step
from tokenbroker.flow.schema import ADDRESS
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.site_status import NoStatus, Question, ask_site
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import StepKind, options
from tokenbroker.settings import is_loopback, origin_of

_BUSY = 429


def _perform(step: Step, stage: Stage) -> str:
    address = stage.plan.address(str(step.options["url"]))
    origin = origin_of(address)
    if origin not in stage.plan.reachable:
        raise StepFailed(
            f"the token would go to {origin}, which this flow does not name", code="origin.not_declared"
        )
    if not address.startswith("https:") and not is_loopback(origin):
        raise StepFailed("the token would go over the network in the clear", code="verify.in_the_clear")
    question = Question.of(step, address)
    wanted = question.wanted
    status = ask_site(question, stage.captured_token(step), timeout_s=stage.remaining_s())
    if isinstance(status, NoStatus):
        raise StepFailed(status.why, code=status.code, is_transient=status.code == "verify.no_answer")
    if status != wanted:
        raise StepFailed(
            f"the site answered {status}, and {wanted} is expected",
            code="verify.refused",
            next_step="the token is stored; see whether it has the scopes that this address asks for",
            is_transient=status >= 500 or status == _BUSY,
        )
    return f"the site answered {status}"


VERIFY_TOKEN = StepKind(
    verb="verify_token",
    summary="Ask the site's API whether it accepts the token that was captured: one GET, whose status counts.",
    options=options(
        {
            "url": {**ADDRESS, "description": "What to ask, of a declared origin; it must only read."},
            "secret_ref": {
                "type": "string",
                "minLength": 1,
                "description": "Which token, by the reference that its capture gave it; else the last one.",
            },
            "status": {
                "type": "integer",
                "minimum": 100,
                "maximum": 599,
                "description": "The status that says yes; 200 is the default.",
                "examples": [204],
            },
            "header": {
                "type": "string",
                "pattern": "^[A-Za-z0-9-]{1,100}$",
                "$comment": "the name of a header",
                "description": "The header that carries it; Authorization is the default.",
                "examples": ["X-API-Key"],
            },
            "scheme": {
                "type": "string",
                "pattern": "^[A-Za-z0-9-]{0,50}$",
                "$comment": "one word, or nothing",
                "description": "What stands before it in the header; Bearer in Authorization (RFC 6750), else nothing.",
                "examples": ["token"],
            },
        },
        required=("url",),
    ),
    shorthand="url",
    requires=frozenset({"token"}),
    idempotent=True,
    looks=True,
    perform=_perform,
)
