"""The process that Bitwarden's SDK runs in; a script of its own, which imports nothing of tokenbroker.

The SDK is native: it holds Python's lock while it waits, writes to standard error, and keeps the access token. So it
gets a process, whose only way in and out is one socket, number ``argv[1]``, with a line of JSON each way. The first
line says who signs in where; the answer to each further one is ``{"answer": …}`` or ``{"failure": "…"}``, where the
failure is a value of :class:`tokenbroker.sinks.secrets_manager_failure.Failure` and never a text of the SDK's.

It ends with the socket: at once where it waits for a line, and by a signal of the kernel's where the SDK is at work.
"""

import fcntl
import json
import os
import re
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

_TOKEN = re.compile(r"0\.[0-9A-Fa-f-]{36}\.[^.:]+:[A-Za-z0-9+/]{22}(==)?")
"""``crates/bitwarden-core/src/auth/access_token.rs`` of bitwarden/sdk-internal."""
_STATUS = re.compile(r"Received error message from server: \[([0-9]{3}) ")
_BY_STATUS = {
    400: "malformed",
    401: "token_refused",
    403: "denied",
    404: "not_found",
    429: "too_many_requests",
}
_LOGIN_REFUSED = frozenset({"malformed", "denied", "not_found"})
_GRACE_S = 1.0


class Refused(Exception):
    """The SDK was not asked, or did not do it."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


class Sdk:
    """The SDK, signed in when it is first asked; `said` is its standard error."""

    def __init__(self, start: dict[str, Any], said: int) -> None:
        self._start = start
        self._said = said
        self._client: Any = None

    def done(self, do: str, fields: dict[str, Any]) -> Any:
        """What `do` answers; signs in anew, once, where the session has ended: nothing was done then."""
        for last in (False, True):
            signed_in = self._client is not None
            try:
                return self._act(do, fields)
            except Refused as refused:
                if refused.failure != "token_refused" or last or not signed_in:
                    raise
                self._client = None
        raise AssertionError

    def _act(self, do: str, fields: dict[str, Any]) -> Any:
        secrets = self._signed_in().secrets()
        organization, projects = self._start["organization"], [self._start["project"]]
        match do:
            case "list":
                found = self._called(secrets.list, organization).data.data
                return [_named(each) for each in found if projects[0] in map(str, each.project_ids or ())]
            case "read":
                found = self._called(secrets.get_by_ids, fields["handles"]).data.data
                return [_told(each) for each in found if str(each.project_id) == projects[0]]
            case "create":
                texts = (fields[name] for name in ("key", "value", "note"))
                return _told(self._called(secrets.create, organization, *texts, projects).data)
            case "update":
                texts = (fields[name] for name in ("handle", "key", "value", "note"))
                return _told(self._called(secrets.update, organization, *texts, projects).data)
            case "delete":
                done = self._called(secrets.delete, [fields["handle"]]).data.data
                if any(each.error for each in done):
                    raise Refused("denied")
                return None
        raise Refused("not_understood")

    def _signed_in(self) -> Any:
        if self._client is None:
            if not _TOKEN.fullmatch(self._start["token"]):
                raise Refused("token_refused")
            client = _client(self._start)
            try:
                # Without a state file: it would hold the session, sealed with a part of the token.
                self._called(client.auth().login_access_token, self._start["token"])
            except Refused as refused:
                raise Refused(
                    "token_refused" if refused.failure in _LOGIN_REFUSED else refused.failure
                ) from None
            self._client = client
        return self._client

    def _called(self, call: Callable[..., Any], *given: Any) -> Any:
        with suppress(OSError):
            os.ftruncate(self._said, 0)
        try:
            return call(*given)
        except BaseException as error:  # noqa: BLE001 - the SDK raises Exception, and panics beside it
            failure = self._failure(str(error))
        raise Refused(failure)

    def _failure(self, text: str) -> str:
        if status := _STATUS.match(text):
            number = int(status[1])
            return _BY_STATUS.get(number, "server_error" if number >= 500 else "not_understood")
        if "must not exceed" in text:
            return "too_long"
        if text.startswith("error sending request"):
            return self._without_an_answer()
        if text.startswith("error decoding response body"):
            return "cut_off"
        if text.startswith("The decryption operation failed") and self._client is None:
            return "token_refused"  # its last part, which is the key to the organization's
        return "not_understood"

    def _without_an_answer(self) -> str:
        """Why there was none, which the SDK doesn't say: it is looked for once more, without a request."""
        if b"failed to verify TLS certificate" in os.pread(self._said, 65536, 0):
            return "tls_refused"
        url = urlsplit(self._start["api_url"])
        host = url.hostname or ""
        try:
            with (
                socket.create_connection((host, url.port or 443), timeout=self._start["timeout_s"]) as wire,
                ssl.create_default_context().wrap_socket(wire, server_hostname=host),
            ):
                return "cut_off"
        except socket.gaierror:
            return "name_unknown"
        except ConnectionRefusedError:
            return "connection_refused"
        except ssl.SSLError:
            return "tls_refused"
        except TimeoutError:
            return "timeout"
        except ConnectionResetError:
            return "cut_off"
        except OSError:
            return "unreachable"


def main(number: int) -> None:
    """Answer each line until there are no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold the token
    said = _keep_standard_error()
    with socket.socket(fileno=number) as channel, channel.makefile("rb") as lines:
        start = json.loads(lines.readline() or b"null")
        if start is None:
            return
        sdk = Sdk(start, said)
        channel.sendall(b"{}\n")
        for line in lines:
            asked = json.loads(line)
            with _ended_with(channel, after_s=start["timeout_s"] + _GRACE_S):
                told = _answered(sdk, asked)
            channel.sendall(json.dumps(told).encode() + b"\n")


def _answered(sdk: Sdk, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"answer": sdk.done(asked["do"], asked)}
    except Refused as refused:
        return {"failure": refused.failure}
    except Exception:  # noqa: BLE001 - an answer of another shape
        return {"failure": "not_understood"}


@contextmanager
def _ended_with(channel: socket.socket, *, after_s: float) -> Iterator[None]:
    """While this lasts the kernel ends the process if the other side is gone, and in any case `after_s` seconds later.

    Python can't: the SDK holds its lock. SIGIO and SIGALRM end a process that doesn't handle them.
    """
    fcntl.fcntl(channel, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(channel, fcntl.F_GETFL)
    fcntl.fcntl(channel, fcntl.F_SETFL, flags | os.O_ASYNC)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        fcntl.fcntl(channel, fcntl.F_SETFL, flags)


def _keep_standard_error() -> int:
    """What the SDK writes there, in memory only: of a certificate that it refuses it says so nowhere else."""
    if not hasattr(os, "memfd_create"):  # Linux alone has it; elsewhere the look of our own has to do
        return os.open(os.devnull, os.O_RDWR)
    said = os.memfd_create("said")
    os.dup2(said, sys.stderr.fileno() if sys.stderr else 2)
    return said


def _client(start: dict[str, Any]) -> Any:
    from bitwarden_sdk import BitwardenClient, DeviceType, client_settings_from_dict

    return BitwardenClient(
        client_settings_from_dict(
            {
                "apiUrl": start["api_url"],
                "identityUrl": start["identity_url"],
                "deviceType": DeviceType.SDK,
                "userAgent": "tokenbroker",
            }
        )
    )


def _named(each: Any) -> dict[str, str]:
    return {"handle": str(each.id), "key": each.key}


def _told(each: Any) -> dict[str, str]:
    return {
        **_named(each),
        "value": each.value,
        "note": each.note,
        "created": _moment(each.creation_date),
        "revised": _moment(each.revision_date),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


if __name__ == "__main__":
    main(int(sys.argv[1]))
