"""How many productions stand where, as the server's visibility store counts them: it needs no worker."""

import asyncio
from time import monotonic
from typing import Final, get_args

from temporalio.client import Client

from api.metrics import Standing
from api.problems import Problem
from api.temporal.outcomes import RPC_TIMEOUT, server
from workflows import keys
from workflows.events import AttentionReason, ProductionStatus

KEPT_SECONDS: Final = 10.0
"""Scrapers ask every 15 s or more; one look takes 23 counts of about a millisecond."""
_RUNNING: Final = "ExecutionStatus = 'Running'"


class Counted:
    """How many productions stand where, asked of the server at most once in KEPT_SECONDS, whoever scrapes."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asking = asyncio.Lock()
        self._known: Standing | None = None
        self._until = 0.0

    async def standing(self) -> Standing | None:
        """None where the server does not answer: what nobody knows is not told."""
        async with self._asking:
            if monotonic() >= self._until:
                try:
                    self._known = await self._ask()
                except Problem:
                    self._known = None
                self._until = monotonic() + KEPT_SECONDS
            return self._known

    async def _ask(self) -> Standing:
        """One question for each status and reason: the store groups by its own status alone."""
        reasons: tuple[str, ...] = get_args(AttentionReason)
        waiting = (f"{_RUNNING} AND {keys.ATTENTION_ATTRIBUTE} = '{reason}'" for reason in reasons)
        with server():
            counts = await asyncio.gather(*map(self._count, (*map(_having, ProductionStatus), *waiting)))
        statuses = len(ProductionStatus)
        return Standing(
            dict(zip((s.value for s in ProductionStatus), counts[:statuses], strict=True)),
            dict(zip(reasons, counts[statuses:], strict=True)),
        )

    async def _count(self, condition: str) -> int:
        query = f"WorkflowType = '{keys.WORKFLOW_TYPE}' AND {condition}"
        return (await self._client.count_workflows(query, rpc_timeout=RPC_TIMEOUT)).count


def _having(status: ProductionStatus) -> str:
    """Of the newest run, as `status_of` tells it: one that was broken off kept the status that it had."""
    stands = f"{keys.STATUS_ATTRIBUTE} = '{status}'"
    if not status.closed:
        return f"{_RUNNING} AND {stands}"
    broken = {ProductionStatus.FAILED: "'Failed', 'TimedOut', 'Terminated'", ProductionStatus.CANCELLED: "'Canceled'"}
    ended = f"(ExecutionStatus = 'Completed' AND {stands})"
    return f"({ended} OR ExecutionStatus IN ({broken[status]}))" if status in broken else ended
