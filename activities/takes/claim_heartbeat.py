"""The sign of life of a claim: it grows in the ledger while an attempt has or awaits the answer to its request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from activities.errors import StorageUnavailable, StoreUnsupported
from activities.storage.errors import StorageConflict
from activities.takes.ledger import Ledger, LedgerUnreadable


class ClaimBeats:
    """Beats three times in the seconds after which a claim without a beat is taken for lost.

    Args:
        ask: Puts what goes wrong with the storage into the error tree.
        settles_seconds: `ActivitySettings.claim_settles_seconds`.
    """

    def __init__(
        self, ledger: Ledger, ask: Callable[[Awaitable[None]], Awaitable[None]], settles_seconds: float
    ) -> None:
        self._ledger = ledger
        self._ask = ask
        self._settles = settles_seconds
        self._last = monotonic()
        self._suspended = False

    @property
    def suspended(self) -> bool:
        """Whether this process stood still for so long that Temporal gave its attempt up, and others went on."""
        # A gap that no beat has noticed yet counts too.
        self._suspended |= monotonic() - self._last > 1.5 * self._settles
        return self._suspended

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """Beat while the block runs."""
        stop = asyncio.Event()
        self._last = monotonic()
        beating = asyncio.create_task(self._beat(stop))
        try:
            yield
        finally:
            stop.set()  # never cancelled in the middle of a write: its outcome has to be known
            await beating

    async def _beat(self, stop: asyncio.Event) -> None:
        beats = 0
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settles / 3)
            if stop.is_set():
                return
            self._suspended = self.suspended
            self._last = monotonic()
            beats += 1
            try:
                await self._ask(self._ledger.note(beats=beats, only_while="claimed"))
            except (StorageConflict, LedgerUnreadable):
                return  # another attempt took over; what our answer is worth shows when it is written
            except (StorageUnavailable, StoreUnsupported):
                continue
