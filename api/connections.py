"""Connections below the app: a limit for the time to the first request, and room for each new connection."""

import asyncio
import resource
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10.0
"""The head of a request has to arrive within this time from its first byte, or from the start of the connection."""
MAX_CONNECTIONS: Final = 4_096
_SPARE_FILES: Final = 256
"""Open files for everything other than callers' connections: the storage, Temporal, logs, pages."""


class Connection(H11Protocol):
    """One caller's connection. Where there are too many, the connection that has been idle longest is closed."""

    _since = 0.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._start_deadline()
        if len(self.connections) > max_connections():
            self._close_longest_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_idle and self.conn.their_state is h11.IDLE:
            self._start_deadline()
        else:
            self._cancel_deadline()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._close_if_idle)

    def _cancel_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _close_if_idle(self) -> None:
        self._deadline = None
        if self._is_idle and not self.transport.is_closing():
            self.transport.close()

    def _close_longest_idle(self) -> None:
        idle = (c for c in self.connections if isinstance(c, Connection) and c._is_idle)
        oldest = min(idle, key=lambda c: c._since, default=self)
        oldest.transport.abort()
        self.connections.discard(oldest)


def max_connections() -> int:
    """The number of files that this process may open, less those that it needs itself; at most MAX_CONNECTIONS."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(min(MAX_CONNECTIONS, files - _SPARE_FILES), 16)


def allow_many_files() -> None:
    """Raise this process's limit of open files to what MAX_CONNECTIONS needs, as far as the system allows it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _SPARE_FILES
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), most))
