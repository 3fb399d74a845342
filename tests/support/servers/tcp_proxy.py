"""A proxy between a client and a server, whose connections fail when a test wants it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """A TCP connection to a server that can be cut, refused or kept without a response."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._silent = False
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        """Break the connections; new ones are accepted."""
        cut, self._open = self._open, []
        for end in cut:
            end.shutdown(socket.SHUT_RDWR)
            end.close()

    def refuse(self) -> None:
        """Break the connections, and refuse new ones."""
        with suppress(OSError):  # it is closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def silence(self) -> None:
        """Pass nothing on any more."""
        self._silent = True

    def close(self) -> None:
        self.refuse()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                pump = threading.Thread(target=self._pump, args=(source, sink))
                self._threads.append(pump)
                pump.start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                if not self._silent:
                    sink.sendall(data)
        except OSError:
            return


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    line = Proxy(target)
    try:
        yield line
    finally:
        line.close()
