"""``verify_token``: ask the site whether it accepts the token that was captured."""

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from tokenbroker.flow.model import Step
from tokenbroker.flow.schema import ADDRESS
from tokenbroker.run.failure import StepFailed
from tokenbroker.run.stage import Stage
from tokenbroker.run.steps.step import StepKind, options
from tokenbroker.secret import Secret
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
    wanted = int(step.options.get("status", 200))
    status = _ask(address, step, stage.captured_token(step), timeout_s=stage.remaining_s())
    if isinstance(status, _NoStatus):
        raise StepFailed(status.why, code=status.code, is_transient=status.code == "verify.no_answer")
    if status != wanted:
        raise StepFailed(
            f"the site answered {status}, and {wanted} is expected",
            code="verify.refused",
            next_step="the token is stored; see whether it has the scopes that this address asks for",
            is_transient=status >= 500 or status == _BUSY,
        )
    return f"the site answered {status}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _NoStatus:
    """Why there is none."""

    code: str
    why: str


def _ask(address: str, step: Step, token: Secret, *, timeout_s: float) -> int | _NoStatus:
    """The status of one GET that carries `token` in its header; nothing else of the answer is read, and no redirect
    is followed: it would carry the token on. Raises nothing: the clear value is in this function's frame."""
    parts = urlsplit(address)
    name = str(step.options.get("header", "Authorization"))
    scheme = str(step.options.get("scheme", "Bearer" if name.lower() == "authorization" else ""))
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=timeout_s, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
    )
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        value = f"{scheme} {token.reveal()}".strip()
        connection.request("GET", path, headers={name: value, "Accept": "*/*", "Connection": "close"})
        return connection.getresponse().status
    # The text of these errors may hold the header.
    except ValueError:
        return _NoStatus(code="verify.not_sendable", why="the token has characters that no header can carry")
    except (OSError, http.client.HTTPException) as error:
        return _NoStatus(code="verify.no_answer", why=f"the site gave no answer ({type(error).__name__})")
    finally:
        connection.close()


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
