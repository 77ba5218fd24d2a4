"""A line between browser and server that can be cut, as a lost network does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Line:
    """Hands on what comes at `port` to the server, until it is cut.

    Nobody gets through until it is mended.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._ends: list[socket.socket] = []
        self._left: int | None = None  # bytes towards the server until it cuts itself
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.cuts = 0
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection there is, without a word."""
        self.cuts += 1
        self._is_cut = True
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Serve new connections again."""
        self._is_cut = False

    def cut_after(self, n_bytes: int) -> None:
        """Cut once, as soon as so many more bytes went to the server."""
        self._left = n_bytes

    def close(self) -> None:
        self._door.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._door.accept()
                if self._is_cut:
                    browser.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._ends += [browser, server]
                threading.Thread(
                    target=self._hand_on, args=(browser, server, True), daemon=True
                ).start()
                threading.Thread(
                    target=self._hand_on, args=(server, browser, False), daemon=True
                ).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if to_server and self._left is not None:
                    self._left -= len(data)
                    if self._left < 0:
                        self._left = None
                        self.cut()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line to the server at an address."""
    line = Line(int(url.rsplit(":", 1)[1]))
    try:
        yield line
    finally:
        line.close()
