"""The API that a key opens."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.pages import json_answer
from demo_site.site import site_of


async def whoami(request: Request) -> Response:
    """Whom the bearer's key speaks for; 401 for a key that is missing, unknown or revoked (RFC 6750)."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    holder = site_of(request).keys.holder_of(key.strip()) if scheme.lower() == "bearer" else None
    if holder is None:
        response = json_answer({"error": "invalid_key"}, 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return json_answer(
        {"account": holder.account_email, "key_name": holder.key_name, "scopes": list(holder.scopes)}
    )


ROUTES = [Route("/api/whoami", whoami)]
