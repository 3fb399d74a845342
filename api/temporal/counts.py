"""The number of productions by status and by pending decision, from the server's visibility store, without a worker."""

import asyncio
from time import monotonic
from typing import Final, get_args

from temporalio.client import Client

from api.metrics import ProductionCounts
from api.problems import Problem
from api.temporal.outcomes import RPC_TIMEOUT, translating_errors
from workflows import keys
from workflows.events import AttentionReason, ProductionStatus

KEPT_SECONDS: Final = 10.0
"""Scrapers come every 15 s or more; one reading takes 23 counts of about a millisecond."""
_RUNNING: Final = "ExecutionStatus = 'Running'"


class CachedCounts:
    """Counts productions at most once in KEPT_SECONDS, for all scrapers together."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = asyncio.Lock()
        self._known: ProductionCounts | None = None
        self._until = 0.0

    async def read(self) -> ProductionCounts | None:
        """None where the server does not answer: unknown counts are left out."""
        async with self._lock:
            if monotonic() >= self._until:
                try:
                    self._known = await self._count_all()
                except Problem:
                    self._known = None
                self._until = monotonic() + KEPT_SECONDS
            return self._known

    async def _count_all(self) -> ProductionCounts:
        """One request for each status and reason: the store can group only by its own status."""
        reasons: tuple[str, ...] = get_args(AttentionReason)
        waiting = (f"{_RUNNING} AND {keys.ATTENTION_ATTRIBUTE} = '{reason}'" for reason in reasons)
        with translating_errors():
            counts = await asyncio.gather(*map(self._count, (*map(_condition, ProductionStatus), *waiting)))
        statuses = len(ProductionStatus)
        return ProductionCounts(
            dict(zip((s.value for s in ProductionStatus), counts[:statuses], strict=True)),
            dict(zip(reasons, counts[statuses:], strict=True)),
        )

    async def _count(self, condition: str) -> int:
        query = f"WorkflowType = '{keys.WORKFLOW_TYPE}' AND {condition}"
        return (await self._client.count_workflows(query, rpc_timeout=RPC_TIMEOUT)).count


def _condition(status: ProductionStatus) -> str:
    """Selects by the newest run, as `status_of` does: a run that failed or was cancelled kept its last status."""
    has_status = f"{keys.STATUS_ATTRIBUTE} = '{status}'"
    if not status.closed:
        return f"{_RUNNING} AND {has_status}"
    broken = {ProductionStatus.FAILED: "'Failed', 'TimedOut', 'Terminated'", ProductionStatus.CANCELLED: "'Canceled'"}
    ended = f"(ExecutionStatus = 'Completed' AND {has_status})"
    return f"({ended} OR ExecutionStatus IN ({broken[status]}))" if status in broken else ended
