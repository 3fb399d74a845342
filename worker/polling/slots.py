"""Whether all activity slots of a worker are in use: then it does not poll, and that is no fault."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class SlotUse(Interceptor):
    """Counts the running activities of one worker.

    Args:
        slots: How many it runs at once.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._running = 0
        self._was_full = False

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Counted(next, self)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One slot is in use while the block runs."""
        self._running += 1
        self._was_full |= self._full
        try:
            yield
        finally:
            self._running -= 1

    def was_full(self) -> bool:
        """Whether no slot was free at any moment since the previous call."""
        found, self._was_full = self._was_full, self._full
        return found

    @property
    def _full(self) -> bool:
        return self._running >= self._slots


class _Counted(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, use: SlotUse) -> None:  # noqa: A002
        super().__init__(next)
        self._use = use

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        with self._use.taken():
            return await super().execute_activity(input)
