"""How much of a kind one tenant may have open at a time, counted in this process: each of several has its own count."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from api.auth.caller import Caller
from api.problems import RETRY_SECONDS, Problem

WAIT_SECONDS: Final = 5.0
"""What a page loads many of at once waits for its turn, before one too many is refused."""


class TooMany(Problem):
    """Another one is too many now."""

    def __init__(self, detail: str) -> None:
        super().__init__(429, "too-many", detail, headers={"Retry-After": str(RETRY_SECONDS)})


class Limit:
    """Who is on this machine while it is open has no limit: there is one person."""

    def __init__(self, most: int, what: str, variable: str) -> None:
        self._most, self._what, self._variable = most, what, variable
        self._open: Counter[str] = Counter()
        self._freed = asyncio.Event()

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """Count one more of the caller's tenant while the block lasts.

        Raises:
            TooMany: 429.
        """
        tenant = caller.tenant
        if tenant is None:
            yield
            return
        if self._open[tenant] >= self._most:
            raise TooMany(
                f"Tenant {tenant!r} has {self._most} {self._what} at once, which is the most; let one end, or raise "
                f"{self._variable} in the API's environment."
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
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """`one`, where it comes free within WAIT_SECONDS.

        Raises:
            TooMany: 429.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                while self._open[caller.tenant or ""] >= self._most:
                    self._freed.clear()
                    await self._freed.wait()
        with self.one(caller):
            yield
