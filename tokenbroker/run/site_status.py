"""Ask a site whether it accepts a token: one GET, whose status counts."""

import http.client
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from tokenbroker.flow.model import Step
from tokenbroker.secret import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked, and which answer says yes.

    Attributes:
        address: as it is dialled, after the origin map.
        header: the name of the header that carries the token.
        scheme: what stands before it there, or "".
        wanted: the status that says yes.
    """

    address: str
    header: str
    scheme: str
    wanted: int

    @classmethod
    def of(cls, step: Step, address: str) -> Self:
        """What the step `verify_token` asks, at `address`."""
        header = str(step.options.get("header", "Authorization"))
        scheme = str(step.options.get("scheme", "Bearer" if header.lower() == "authorization" else ""))
        wanted = int(step.options.get("status", 200))
        return cls(address=address, header=header, scheme=scheme, wanted=wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoStatus:
    """Why there is none."""

    code: str
    why: str


def ask_site(question: Question, token: Secret, *, timeout_s: float) -> int | NoStatus:
    """The status of one GET that carries `token` in its header; nothing else of the answer is read, and no redirect
    is followed: it would carry the token on. Raises nothing: the clear value is in this function's frame."""
    parts = urlsplit(question.address)
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=timeout_s, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
    )
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        value = f"{question.scheme} {token.reveal()}".strip()
        headers = {question.header: value, "Accept": "*/*", "Connection": "close"}
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    # The text of these errors may hold the header.
    except ValueError:
        return NoStatus(code="verify.not_sendable", why="the token has characters that no header can carry")
    except (OSError, http.client.HTTPException) as error:
        return NoStatus(code="verify.no_answer", why=f"the site gave no answer ({type(error).__name__})")
    finally:
        connection.close()
