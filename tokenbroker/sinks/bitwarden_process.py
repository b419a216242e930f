"""The program `bw` of Bitwarden: signed in and unlocked in a process of its own, which only we can speak to.

`bw serve` asks nobody who he is, so it is never let listen: it gets one end of a pair of sockets, by ``fd+connected://``.
When our end is gone, whether we closed it or were killed, it ends by itself.

Nothing secret is in an argument. The API key is in the environment of the login alone; the master password goes
through the sockets, and the session key stays where it is made. What `bw` keeps (the access token, the API key, and
items and keys as ciphertext) lies in a folder of ours, in memory where that can be, which is removed when the last of
us is gone.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenbroker.secret import Secret
from tokenbroker.sinks import bitwarden_sweep
from tokenbroker.sinks.bitwarden_failure import Failure, failure_in

VENDORS_ADDRESS: Final = "https://vault.bitwarden.com"
_START_S: Final = 30.0
"""How long `bw` may take for what it does before it asks the server, on a slow machine."""
_END_S: Final = 10.0
_LOST: Final = frozenset(
    {Failure.TIMEOUT, Failure.ENDED, Failure.CUT_OFF, Failure.DENIED, Failure.LOGIN_REFUSED}
)
"""After these `bw` hangs, is no more, or has locked itself: it would tell of that, not of what is asked next."""
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it


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

    def __init__(self, folder: "_Folder", child: "subprocess.Popen[bytes]", near: socket.socket) -> None:
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
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
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
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def close(self) -> None:
        """End the process and remove its folder; both are gone when this returns."""
        self._end()


@dataclass(kw_only=True)
class _Folder:
    """What `bw` keeps lies here. Whoever holds `held` keeps it; the sweeper removes it after the last of them.

    In memory where the system has such a place: `bw` writes the API key and the access token in clear.
    """

    path: Path
    held: int
    sweeper: "subprocess.Popen[bytes]"
    inherited: Mapping[str, str]

    @classmethod
    def make(cls, server: BitwardenServer) -> "_Folder":
        memory = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK | os.X_OK) else None
        path = Path(tempfile.mkdtemp(prefix="tokenbroker-bw-", dir=memory))
        seen, held = os.pipe()
        script = str(Path(bitwarden_sweep.__file__))
        sweeper = subprocess.Popen(
            [sys.executable, "-I", "-S", script, str(path)], stdin=seen, env={}, start_new_session=True
        )
        os.close(seen)
        inherited = environment_of(server.command, path, server.ca_file)
        return cls(path=path, held=held, sweeper=sweeper, inherited=inherited)

    def leave(self) -> None:
        os.close(self.held)
        self.sweeper.wait(_END_S)


def environment_of(command: Path, folder: Path, ca_file: Path | None = None) -> dict[str, str]:
    """All that `command` is told by its environment; of ours it gets the PATH."""
    told = {
        # The Node that lies beside the program comes first.
        "PATH": os.pathsep.join((str(command.parent), os.environ.get("PATH", os.defpath))),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BITWARDENCLI_APPDATA_DIR": str(folder),
        "BW_NOINTERACTION": "true",
        # It lets a promise of a failed request go unheard, for which Node would end it.
        "NODE_OPTIONS": "--unhandled-rejections=warn",
    }
    return told if ca_file is None else {**told, "NODE_EXTRA_CA_CERTS": str(ca_file)}


def start(server: BitwardenServer, account: BitwardenAccount) -> BwProcess | Failure:
    """Sign in, and unlock; of what fails nothing is left."""
    folder = _Folder.make(server)
    refused = _signed_in(server, account, folder)
    if refused is not None:
        folder.leave()
        return refused
    near, far = socket.socketpair()
    with far:
        child = subprocess.Popen(
            [server.command, "serve", "--hostname", f"fd+connected://{far.fileno()}"],
            env=folder.inherited,
            cwd=folder.path,
            pass_fds=(far.fileno(), folder.held),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A Ctrl-C is for us: we end it, after what it is at.
            start_new_session=True,
        )
    process = BwProcess(folder, child, near)
    unlocking = {"password": account.password.reveal()}
    unlocked = process.ask("POST", "/unlock", unlocking, timeout_s=server.timeout_s + _START_S)
    if isinstance(unlocked, Failure):
        process.close()
        return unlocked
    return process


def _signed_in(server: BitwardenServer, account: BitwardenAccount, folder: _Folder) -> Failure | None:
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
    server: BitwardenServer, folder: _Folder, arguments: list[str], credentials: Mapping[str, str]
) -> Failure | None:
    failure: Failure
    try:
        done = subprocess.run(
            [server.command, *arguments],
            env={**folder.inherited, **credentials},
            cwd=folder.path,
            pass_fds=(folder.held,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a login prints the key of its session
            stderr=subprocess.PIPE,
            timeout=server.timeout_s + _START_S,
            check=False,
            start_new_session=True,
        )
        if done.returncode == 0:
            return None
        failure = failure_in(done.stderr.decode(errors="replace"))
    except subprocess.TimeoutExpired:
        failure = Failure.TIMEOUT
    except (OSError, ValueError):
        failure = Failure.ENDED
    return failure


def _end(folder: _Folder, child: "subprocess.Popen[bytes]", near: socket.socket) -> None:
    near.close()
    child.kill()
    child.wait()
    with suppress(subprocess.TimeoutExpired):
        folder.leave()
