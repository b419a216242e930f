"""A relay on loopback, that a network's faults are played with: it holds answers back, cuts them off, and goes away."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Forwards each connection to `to`, as long as it is told to. Made by :func:`relay_to`.

    Attributes:
        port: where it listens.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open = threading.Event()
        self._open.set()
        self._answers = threading.Event()
        self._answers.set()
        self._takes = threading.Event()
        self._takes.set()
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def hold(self) -> None:
        """From now on, nothing comes through, in either direction."""
        self._open.clear()

    def resume(self) -> None:
        """What was held back comes through."""
        self._open.set()

    def cut(self) -> None:
        """End every connection; new ones are forwarded."""
        with self._lock:
            ended, self._sockets = self._sockets, []
        for each in ended:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mute(self) -> None:
        """From now on, what is sent comes through, and what is answered is lost."""
        self._answers.clear()

    def speak(self) -> None:
        """Answers come through again."""
        self._answers.set()

    def refuse(self) -> None:
        """End every connection, and each new one at once."""
        self._takes.clear()
        self.cut()

    def accept(self) -> None:
        """Forward new connections again."""
        self._takes.set()

    def stop(self) -> None:
        """End every connection, and take no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.resume()
        self._threads[0].join()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._takes.is_set():
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                with self._lock:
                    self._sockets += [near, far]
                for source, target, is_answer in ((near, far, False), (far, near, True)):
                    self._threads.append(
                        threading.Thread(target=self._forward, args=(source, target, is_answer), daemon=True)
                    )
                    self._threads[-1].start()

    def _forward(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._open.wait()
                if self._answers.is_set() or not is_answer:
                    target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        source.close()


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    """A relay to what listens at `port` of loopback."""
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.stop()
