"""The program `bw` of Bitwarden: signed in and unlocked in a process of its own, which only we can speak to.

`bw serve` asks nobody who he is, so it is never let listen: it gets one end of a pair of sockets, by ``fd+connected://``.
When our end is gone, whether we closed it or were killed, it ends by itself.

Nothing secret is in an argument. The API key is in the environment of the login alone; the master password goes
through the sockets, and the session key stays where it is made. What `bw` keeps (the access token, the API key, and
items and keys as ciphertext) lies in a folder of ours, in memory where that can be, which is removed when we
are gone.
"""

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks.bitwarden_failure import Failure, failure_in
from tokenbroker.sinks.bitwarden_folder import BwFolder
from tokenbroker.sinks.failure import MISREAD

VENDORS_ADDRESS: Final = "https://vault.bitwarden.com"
_START_S: Final = 30.0
"""How long `bw` may take for what it does before it asks the server, on a slow machine."""
_LOST: Final = frozenset(
    {Failure.TIMEOUT, Failure.ENDED, Failure.CUT_OFF, Failure.DENIED, Failure.LOGIN_REFUSED}
)
"""After these `bw` hangs, is no more, or has locked itself: it would tell of that, not of what is asked next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BitwardenServer:
    """Where a server is, and what speaks to it.

    Attributes:
        address: its URL.
        command: the program `bw`.
        ca_file: a certificate that is trusted beside the public ones.
        timeout_s: how long an answer may take.
    """

    address: str
    command: Path
    ca_file: Path | None
    timeout_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BitwardenAccount:
    """What signs in: an API key if there is one, else the e-mail address; and what unlocks."""

    password: Secret
    client_id: Secret | None = None
    client_secret: Secret | None = None
    email: Secret | None = None


class BwProcess:
    """`bw serve`, unlocked. Made by :func:`start`; of one thread at a time."""

    def __init__(self, folder: BwFolder, child: "subprocess.Popen[bytes]", near: socket.socket) -> None:
        self.pid = child.pid
        self.folder = folder.path
        self._child = child
        self._socket = near
        self._http = http.client.HTTPConnection("localhost", 8087)  # the Host that `bw serve` takes
        self._http.sock = near
        self._http.auto_open = 0
        self._end = weakref.finalize(self, _end, folder, child, near)

    @property
    def is_up(self) -> bool:
        return self._end.alive and self._child.poll() is None

    def ask(self, method: str, path: str, body: object = None, *, timeout_s: float) -> Any | Failure:
        """What `bw` answers in ``data``, or why there is none; it may not be up any more then."""
        failure: Failure | None = None
        try:
            self._socket.settimeout(timeout_s)
            raw, kind = json.dumps({} if body is None else body), {"Content-Type": "application/json"}
            self._http.request(method, path, body=raw, headers=kind)
            told = json.loads(self._http.getresponse().read())
            if told["success"] is True:
                return told.get("data")
            failure = failure_in(str(told.get("message")))
        except TimeoutError:
            failure = Failure.TIMEOUT
        except (OSError, http.client.HTTPException, *MISREAD):
            failure = Failure.ENDED
        if failure in _LOST:
            self.close()
        return failure

    def held(self) -> dict[str, str] | None:
        """The revision of each item that `bw` has in its file, by its id; None while it is being written.

        What it lists comes from memory, and lags behind the file for a moment after each change.
        """
        try:
            data = json.loads((self.folder / "data.json").read_bytes())
            items = next(value for key, value in data.items() if key.endswith("_ciphers_ciphers"))
            return {
                id_: str(each["revisionDate"])
                for id_, each in (items or {}).items()
                if not each.get("deletedDate") and not each.get("archivedDate")
            }
        except StopIteration:
            return {}
        except (OSError, *MISREAD):
            return None

    def close(self) -> None:
        """End the process and remove its folder; both are gone when this returns."""
        self._end()


def start(server: BitwardenServer, account: BitwardenAccount) -> BwProcess | Failure:
    """Sign in, and unlock; of what fails nothing is left."""
    try:
        folder = BwFolder.make(server.command, server.ca_file)
    except OSError as error:
        return Failure.DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else Failure.ENDED
    try:
        answer = _signed_in(server, account, folder) or _serving(server, folder)
    except BaseException:
        folder.leave()
        raise
    if isinstance(answer, Failure):
        folder.leave()
        return answer
    unlocking = {"password": account.password.reveal()}
    unlocked = answer.ask("POST", "/unlock", unlocking, timeout_s=server.timeout_s + _START_S)
    if isinstance(unlocked, Failure):
        answer.close()
        return unlocked
    return answer


def _serving(server: BitwardenServer, folder: BwFolder) -> BwProcess | Failure:
    near, far = socket.socketpair()
    with far:
        words: list[str | Path] = [server.command, "serve", "--hostname", f"fd+connected://{far.fileno()}"]
        try:
            child = folder.start(words, {}, fds=(far.fileno(),))
        except OSError:
            near.close()
            return Failure.ENDED
    return BwProcess(folder, child, near)


def _signed_in(server: BitwardenServer, account: BitwardenAccount, folder: BwFolder) -> Failure | None:
    if server.address != VENDORS_ADDRESS:
        failure = _run(server, folder, ["config", "server", server.address], {})
        if failure is not None:
            return failure
    if account.client_id is not None and account.client_secret is not None:
        key = {"BW_CLIENTID": account.client_id.reveal(), "BW_CLIENTSECRET": account.client_secret.reveal()}
        return _run(server, folder, ["login", "--apikey"], key)
    assert account.email is not None
    word = {"BW_PASSWORD": account.password.reveal()}
    return _run(server, folder, ["login", account.email.reveal(), "--passwordenv", "BW_PASSWORD"], word)


def _run(
    server: BitwardenServer, folder: BwFolder, arguments: list[str], credentials: Mapping[str, str]
) -> Failure | None:
    try:
        child = folder.start([server.command, *arguments], credentials, stderr=subprocess.PIPE)
    except OSError:
        return Failure.ENDED
    with child:
        try:
            said = child.communicate(timeout=server.timeout_s + _START_S)[1]
        except subprocess.TimeoutExpired:
            return Failure.TIMEOUT
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            folder.ended()
    return None if child.returncode == 0 else failure_in(said.decode(errors="replace"))


def _end(folder: BwFolder, child: "subprocess.Popen[bytes]", near: socket.socket) -> None:
    near.close()
    child.kill()
    child.wait()
    folder.ended()
    folder.leave()
