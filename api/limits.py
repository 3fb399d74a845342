"""How much of a kind one tenant may have open at a time, counted in this process: each of several has its own count."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from api.callers import Caller
from api.problems import RETRY_SECONDS, Problem


class TooMany(Problem):
    """Another one is too many now."""

    def __init__(self, detail: str) -> None:
        super().__init__(429, "too-many", detail, headers={"Retry-After": str(RETRY_SECONDS)})


class Limit:
    """Who is on this machine while it is open has no limit: there is one person."""

    def __init__(self, most: int, what: str, variable: str) -> None:
        self._most, self._what, self._variable = most, what, variable
        self._open: Counter[str] = Counter()

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
            if not self._open[tenant]:
                del self._open[tenant]
