"""Limits on what one tenant may have open or under way at a time. Each API process counts for itself."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from api.auth.caller import Caller
from api.problems import RETRY_SECONDS, Problem

WAIT_SECONDS: Final = 5.0
"""A page loads many files at once: the request above the limit waits for this time before it is refused."""


class TooMany(Problem):
    """429: the tenant is at its limit."""

    def __init__(self, detail: str) -> None:
        super().__init__(429, "too-many", detail, headers={"Retry-After": str(RETRY_SECONDS)})


class TenantLimit:
    """A limit per tenant. An open API has none, because it has one user."""

    def __init__(self, most: int, plural: str, variable: str) -> None:
        self._most, self._plural, self._variable = most, plural, variable
        self._open: Counter[str] = Counter()
        self._freed = asyncio.Event()

    @contextmanager
    def hold(self, caller: Caller) -> Iterator[None]:
        """Count one more for the caller's tenant while the block runs.

        Raises:
            TooMany: 429.
        """
        tenant = caller.tenant
        if tenant is None:
            yield
            return
        if self._open[tenant] >= self._most:
            raise TooMany(
                f"Tenant {tenant!r} has {self._most} {self._plural} at once, which is the most; wait until one ends, "
                f"or raise {self._variable} in the API's environment."
            )
        self._open[tenant] += 1
        try:
            yield
        finally:
            self._open[tenant] -= 1
            self._freed.set()
            if not self._open[tenant]:
                del self._open[tenant]

    @asynccontextmanager
    async def wait_and_hold(self, caller: Caller) -> AsyncIterator[None]:
        """Like `hold`, but wait up to WAIT_SECONDS while the tenant is at its limit.

        Raises:
            TooMany: 429.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                while self._open[caller.tenant or ""] >= self._most:
                    self._freed.clear()
                    await self._freed.wait()
        with self.hold(caller):
            yield


class TenantTurns:
    """Turns for short work, such as the small pictures of a list: a tenant's requests wait in their order.

    It is no part of a TenantLimit, so that neither a list nor a download refuses the other. The callers of an open API
    take turns together.
    """

    def __init__(self, at_once: int, most: int, plural: str) -> None:
        """
        Args:
            at_once: The turns of one tenant at a time.
            most: The requests of one tenant, waiting ones included.
        """
        self._at_once, self._most, self._plural = at_once, most, plural
        self._requests: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Wait for a turn, and keep it while the block runs.

        Raises:
            TooMany: 429.
        """
        tenant = caller.tenant or ""
        if self._requests[tenant] >= self._most:
            raise TooMany(f"{self._most} requests for {self._plural} are under way, which is the most; wait a little.")
        self._requests[tenant] += 1
        turns = self._turns.setdefault(tenant, asyncio.Semaphore(self._at_once))
        try:
            async with turns:
                yield
        finally:
            self._requests[tenant] -= 1
            if not self._requests[tenant]:
                del self._requests[tenant], self._turns[tenant]
