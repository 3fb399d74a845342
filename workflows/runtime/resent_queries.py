"""Queries that a worker loses are sent a second time."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Interceptor, OutboundInterceptor, QueryWorkflowInput

RESEND_AFTER: Final = timedelta(seconds=1)
"""A worker that has the run answers within 20 ms, and replays one of 1,000 assets in 0.85 s."""


class ResendQueries(Interceptor):
    """Sends a query a second time if it has no response after RESEND_AFTER; the first response counts.

    A worker that evicts a run drops the queries that wait for that run (the SDK's core logs "leftover buffered tasks"
    then), and the server tells the caller only at the deadline of the query.
    """

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _Resending(next)


class _Resending(OutboundInterceptor):
    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        sent = [asyncio.create_task(self.next.query_workflow(input))]
        try:
            done, _ = await asyncio.wait(sent, timeout=RESEND_AFTER.total_seconds())
            if not done:
                sent.append(asyncio.create_task(self.next.query_workflow(input)))
                done, _ = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
            return next(each for each in sent if each in done).result()
        finally:
            for each in sent:
                each.cancel()
            await asyncio.gather(*sent, return_exceptions=True)
