"""Connections below the app: each has its time to ask something, and there is always room for one that does."""

import asyncio
import resource
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10.0
"""In which the head of a request has to be here whole, from the first byte, or from the connection's beginning."""
MAX_CONNECTIONS: Final = 4_096
_SPARE_FILES: Final = 256
"""Open files for everything that is no caller: the storage, Temporal, logs, pages."""


class Connection(H11Protocol):
    """One caller's connection. Where there are too many, the one that has asked nothing for longest makes room."""

    _since = 0.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._watch()
        if len(self.connections) > max_connections():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._asks_nothing and self.conn.their_state is h11.IDLE:
            self._watch()
        else:
            self._unwatch()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    @property
    def _asks_nothing(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _unwatch(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if self._asks_nothing and not self.transport.is_closing():
            self.transport.close()

    def _make_room(self) -> None:
        idle = (c for c in self.connections if isinstance(c, Connection) and c._asks_nothing)
        oldest = min(idle, key=lambda c: c._since, default=self)
        oldest.transport.abort()
        self.connections.discard(oldest)


def max_connections() -> int:
    """As many as there are files to open, less what the process itself needs."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(min(MAX_CONNECTIONS, files - _SPARE_FILES), 16)


def allow_many_files() -> None:
    """Take as many open files as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _SPARE_FILES
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), most))
