"""`python -m demo_site`: run the site until its starter, or the person at the terminal, ends it."""

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import uvicorn

from demo_site.app import create_app
from demo_site.database import DatabaseUnusable, open_database
from demo_site.keys import KeyRefused
from demo_site.seed import Account, SeedUnreadable, from_line, generate_account
from demo_site.site import Site, build_site
from demo_site.sso.services import SERVICES

HOST = "127.0.0.1"
COULD_NOT_RUN = 2
CONTROL_LINE_LIMIT = 1024 * 1024


class CouldNotRun(Exception):
    """The site can't start; the message is one plain line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the site; answers the exit code: 0 ended as asked, 2 could not run."""
    options = _parser().parse_args(arguments)
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.default_int_handler)  # end as a Ctrl-C does: in good order
    try:
        return _controlled(options) if options.control else _at_terminal(options)
    except (CouldNotRun, DatabaseUnusable, SeedUnreadable, KeyRefused) as error:
        sys.stderr.write(f"demo_site: {error}\n")
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo_site", description="Run Example Cloud on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--keys-port", type=int, default=0, help="the port of the keys origin; 0 takes a free one"
    )
    parser.add_argument("--database", type=Path, help="the site's SQLite file; made if it isn't there")
    parser.add_argument("--delay-ms", type=int, default=300, help="how slow the client-rendered console is")
    parser.add_argument(
        "--control",
        action="store_true",
        help="read accounts as a line of JSON on stdin, write a line of JSON when ready, end when stdin ends",
    )
    return parser


def _controlled(options: argparse.Namespace) -> int:
    if options.database is None:
        raise CouldNotRun("--control needs --database PATH")
    accounts = from_line(sys.stdin.readline(CONTROL_LINE_LIMIT))

    def announce(site: Site, phones: dict[str, str]) -> None:
        database = str(options.database.absolute())
        ready = {
            "url": site.origin,
            "keys_url": site.keys_origin,
            "sign_on_origins": site.sign_on.origins,
            "database": database,
            "phones": phones,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()

    return _serve(options, options.database, accounts, announce, end_with_stdin=True)


def _at_terminal(options: argparse.Namespace) -> int:
    if not sys.stdout.isatty():
        # A generated password is shown to a person; it must not end up in a log file.
        raise CouldNotRun("this is not a terminal; a program that starts the site uses --control")
    account = generate_account()

    def announce(site: Site, phones: dict[str, str]) -> None:
        sys.stdout.write(
            f"Example Cloud is running at {site.origin}\n\n"
            f"  e-mail    {account.email}\n"
            f"  password  {account.password}\n"
            f"  phone     {phones[account.email]}\n\n"
            f"Example ID, which opens twelve more services, is at {site.sign_on.provider.origin}\n"
            "Press Ctrl-C to stop it.\n"
        )

    with tempfile.TemporaryDirectory(prefix="demo-site-") as folder:
        database = options.database or Path(folder) / "example-cloud.sqlite"
        return _serve(options, database, [account], announce, end_with_stdin=False)


def _serve(
    options: argparse.Namespace,
    database: Path,
    accounts: Sequence[Account],
    announce: Callable[[Site, dict[str, str]], None],
    *,
    end_with_stdin: bool,
) -> int:
    with ExitStack() as opened:
        listener = opened.enter_context(_listen(options.port))
        keys_listener = opened.enter_context(_listen(options.keys_port))
        names = ("id", *(service.slug for service in SERVICES))
        sign_on_listeners = {name: opened.enter_context(_listen(0)) for name in names}
        connection = opened.enter_context(closing(open_database(database)))
        site = build_site(
            connection,
            origin=_origin(listener),
            keys_origin=_origin(keys_listener),
            sign_on_origin_of=lambda name: _origin(sign_on_listeners[name]),
            delay_ms=options.delay_ms,
        )
        phones = {account.email: f"{site.origin}/phone/{site.add(account)}" for account in accounts}
        server = _server(site, ready=lambda: announce(site, phones))
        if end_with_stdin:
            threading.Thread(target=_end_with_stdin, args=[server], daemon=True).start()
        server.run(sockets=[listener, keys_listener, *sign_on_listeners.values()])
    return 0


def _origin(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # asyncio does this for sockets that it makes: without it, a body waits 40 ms for its head's receipt.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((HOST, port))
        # Now, not when the server starts: another program on this port must show before anything is made.
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise CouldNotRun(f"can't listen on {HOST}:{port}: {reason}") from error
    return listener


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _server(site: Site, ready: Callable[[], None]) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(site),
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        # Longer than any flow pauses: a connection that closes under a browser's request would fail a step.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return _AnnouncingServer(config, ready)


def _end_with_stdin(server: uvicorn.Server) -> None:
    # The starter holds the other end; it closes even when the starter is killed: the site can't outlive it.
    # Read below Python's buffer, whose lock a thread that waits here would hold while the process ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
