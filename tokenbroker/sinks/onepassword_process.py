"""The process that 1Password's SDK runs in; a script of its own, which imports nothing of tokenbroker.

The SDK is native, and keeps the token and the keys of vaults. So it gets a process, whose only way in and out is one
socket, number ``argv[1]``, with a line of JSON each way. The first line says who signs in; the answer to each further
one is ``{"answer": …}`` or ``{"failure": "…"}``, where the failure is a value of
:class:`tokenbroker.sinks.onepassword_failure.Failure` and never a text of the SDK's. Items are told in the shape of
Connect's API. It ends with the socket.

https://github.com/1Password/onepassword-sdk-python/blob/main/src/onepassword/items.py
"""

import asyncio
import json
import resource
import socket
import sys
from datetime import UTC
from typing import Any

_GRACE_S = 1.0
_TYPES = {"CONCEALED": "Concealed", "STRING": "Text"}
_KINDS = {"Concealed": "CONCEALED", "Text": "STRING", "Totp": "OTP"}
_SAID = (
    # Words of the SDK's messages, which have no codes (src/onepassword/errors.py); the first that is there counts.
    ("service account", "token_refused"),
    ("service token", "token_refused"),
    ("unauthorized", "token_refused"),
    ("conflict", "conflict"),
    ("rate limit", "too_many_requests"),
    ("too many requests", "too_many_requests"),
    ("forbidden", "denied"),
    ("permission", "denied"),
    ("not authorized", "denied"),
    ("not found", "not_found"),
    ("no item matched", "not_found"),
    ("couldn't be found", "not_found"),
    ("cannot be found", "not_found"),
    ("too large", "too_long"),
    ("size exceeds", "too_long"),
    ("dns", "name_unknown"),
    ("timed out", "timeout"),
    ("timeout", "timeout"),
    ("certificate", "tls_refused"),
    ("connection refused", "connection_refused"),
    ("connect", "unreachable"),
    ("network", "unreachable"),
    ("internal server", "server_error"),
    ("invalid user input", "malformed"),
)


class Conflict(Exception):
    """The item has another version by now."""


async def signed_in(token: str) -> Any:
    """The SDK's client."""
    from onepassword.client import Client

    return await Client.authenticate(auth=token, integration_name="tokenbroker", integration_version="v1")


async def done(client: Any, asked: dict[str, Any]) -> Any:
    """What the SDK answers to one question."""
    match asked["do"]:
        case "vaults":
            return [{"id": each.id, "name": each.title} for each in await client.vaults.list()]
        case "items":
            return [{"id": each.id, "title": each.title} for each in await client.items.list(asked["vault"])]
        case "read":
            return document_of(await client.items.get(asked["vault"], asked["item"]))
        case "create":
            return document_of(await client.items.create(_new(asked["vault"], asked["document"])))
        case "replace":
            return document_of(await _replaced(client, asked["vault"], asked["document"]))
        case "delete":
            await client.items.delete(asked["vault"], asked["item"])
            return {}
    raise ValueError


def failure_of(error: BaseException) -> str:
    """Why it was not done; what the SDK says is read here, and goes no further."""
    if isinstance(error, Conflict):
        return "conflict"
    if isinstance(error, TimeoutError):
        return "timeout"
    if type(error).__name__ == "RateLimitExceededException":
        return "too_many_requests"
    if isinstance(error, ImportError):
        return "ended"
    said = str(error).lower()
    return next((failure for words, failure in _SAID if words in said), "not_understood")


def document_of(item: Any) -> dict[str, Any]:
    """An item of the SDK in the shape of Connect's API; the SDK tells UTC without saying so (its types.py)."""
    return {
        "id": item.id,
        "title": item.title,
        "category": item.category.value,
        "version": item.version,
        "createdAt": item.created_at.replace(tzinfo=UTC).isoformat(),
        "sections": [{"id": each.id, "label": each.title} for each in item.sections],
        "fields": [
            {
                "id": each.id,
                "label": each.title,
                "type": _KINDS.get(each.field_type.value, each.field_type.value),
                "value": each.value,
                **({"section": {"id": each.section_id}} if each.section_id else {}),
            }
            for each in item.fields
        ],
    }


def _new(vault: str, document: dict[str, Any]) -> Any:
    from onepassword.types import ItemCategory, ItemCreateParams

    return ItemCreateParams(
        category=ItemCategory.APICREDENTIALS,
        vault_id=vault,
        title=document["title"],
        fields=[_field(each) for each in document["fields"]],
        sections=_sections(document),
    )


async def _replaced(client: Any, vault: str, document: dict[str, Any]) -> Any:
    """The item, whose values and fields of ours are those of `document`; what the SDK alone knows of it stays."""
    item = await client.items.get(vault, document["id"])
    if item.version != document["version"]:
        raise Conflict
    before = {(each.section_id or "", each.id): each for each in item.fields}
    fields = []
    for told in document["fields"]:
        field = before.get(((told.get("section") or {}).get("id", ""), told["id"]))
        if field is None:
            fields.append(_field(told))
        elif field.value == told["value"]:
            fields.append(field)
        else:
            fields.append(field.model_copy(update={"value": told["value"]}))
    item.fields, item.sections = fields, _sections(document)
    return await client.items.put(item)


def _field(told: dict[str, Any]) -> Any:
    from onepassword.types import ItemField, ItemFieldType

    return ItemField(
        id=told["id"],
        title=told["label"],
        section_id=(told.get("section") or {}).get("id"),
        field_type=ItemFieldType(_TYPES[told["type"]]),
        value=told["value"],
    )


def _sections(document: dict[str, Any]) -> list[Any]:
    from onepassword.types import ItemSection

    return [ItemSection(id=each["id"], title=each["label"]) for each in document["sections"]]


class Answers:
    """The answers of one service account, signed in when it is first asked."""

    def __init__(self, token: str, timeout_s: float) -> None:
        self._token = token
        self._timeout_s = timeout_s
        self._client: Any = None

    async def to(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._client is None:
                    self._client = await signed_in(self._token)
                return {"answer": await done(self._client, asked)}
        except Exception as error:  # noqa: BLE001 - the SDK raises Exception
            failure = failure_of(error)
        if failure in ("token_refused", "timeout"):
            self._client = None
        return {"failure": failure}


def main(number: int) -> None:
    """Answer each line until there are no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold the token
    with socket.socket(fileno=number) as channel, channel.makefile("rb") as lines, asyncio.Runner() as runner:
        start = json.loads(lines.readline() or b"null")
        if start is None:
            return
        answers = Answers(start["token"], start["timeout_s"] + _GRACE_S)
        channel.sendall(b"{}\n")
        for line in lines:
            channel.sendall(json.dumps(runner.run(answers.to(json.loads(line)))).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
