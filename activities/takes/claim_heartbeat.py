"""The heartbeat of a claim: a counter in the ledger that grows while an attempt awaits or stores its response."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from activities.errors import StorageUnavailable, StoreUnsupported
from activities.storage.errors import StorageConflict
from activities.takes.ledger import Ledger, LedgerUnreadable


class ClaimHeartbeat:
    """Writes three beats in the time after which a claim without a beat counts as lost.

    Args:
        call: Translates errors of the storage into those of the error tree (`Attempt.call`).
        settles_seconds: `ActivitySettings.claim_settles_seconds`.
    """

    def __init__(
        self, ledger: Ledger, call: Callable[[Awaitable[None]], Awaitable[None]], settles_seconds: float
    ) -> None:
        self._ledger = ledger
        self._call = call
        self._settles_seconds = settles_seconds
        self._last = monotonic()
        self._suspended = False

    @property
    def suspended(self) -> bool:
        """Whether this process was suspended so long that Temporal timed out its attempt and other attempts went on."""
        # A gap since the last beat counts too.
        self._suspended |= monotonic() - self._last > 1.5 * self._settles_seconds
        return self._suspended

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Beat while the block runs."""
        stop = asyncio.Event()
        self._last = monotonic()
        beating = asyncio.create_task(self._beat(stop))
        try:
            yield
        finally:
            stop.set()  # a write is never cancelled: its outcome has to be known
            await beating

    async def _beat(self, stop: asyncio.Event) -> None:
        beats = 0
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settles_seconds / 3)
            if stop.is_set():
                return
            self._suspended = self.suspended
            self._last = monotonic()
            beats += 1
            try:
                await self._call(self._ledger.update(beats=beats, only_while="claimed"))
            except (StorageConflict, LedgerUnreadable):
                return  # another attempt took over; writing the response will show whether it still counts
            except (StorageUnavailable, StoreUnsupported):
                continue
