"""Queries that a worker loses are sent again."""

import asyncio
import random
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Interceptor, OutboundInterceptor, QueryWorkflowInput

RESEND_AFTER: Final = timedelta(seconds=1)
"""A worker that has the run answers within 20 ms, and replays one of 1,000 assets in 0.85 s."""


class ResendQueries(Interceptor):
    """Sends a query again while it has no response: after about RESEND_AFTER, then after twice the time, and so on. The
    first response counts.

    A worker that evicts a run drops the queries that wait for that run (the SDK's core logs "leftover buffered tasks"
    then), and the server tells the caller only after 30 s.
    """

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _Resending(next)


class _Resending(OutboundInterceptor):
    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        # Queries that were dropped together would otherwise come together again.
        pause = RESEND_AFTER.total_seconds() * random.uniform(0.75, 1.25)  # noqa: S311 - spreads them, no secret
        sent, done = list[asyncio.Task[Any]](), set[asyncio.Task[Any]]()
        try:
            while not done:
                sent.append(asyncio.create_task(self.next.query_workflow(input)))
                done, _ = await asyncio.wait(sent, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                pause *= 2
            return done.pop().result()
        finally:
            for each in sent:
                each.cancel()
            await asyncio.gather(*sent, return_exceptions=True)
